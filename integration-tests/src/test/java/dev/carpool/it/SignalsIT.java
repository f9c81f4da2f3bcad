package dev.carpool.it;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code carpool run} as a process: SIGTERM and what it leaves. */
class SignalsIT {
    private ProxyProcess proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyProcess.start(List.of("-Xmx64m"), "shutdown_grace=1h");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void endsWithZeroWhenIdle() throws Exception {
        try (ScriptedClient idle = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", idle.query("select 1"));
            proxy.terminate();
            assertEquals("57P01", idle.expectFatal().field('C'));
        }
        assertEquals(0, proxy.exitCode());
    }

    @Test
    void waitsForTransactionsAndEndsWithZero() throws Exception {
        try (ScriptedClient working = proxy.login();
                ScriptedClient idle = proxy.login()) {
            working.query("begin");
            proxy.terminate();
            assertEquals("57P01", idle.expectFatal().field('C'));
            assertEquals("T D:1 C:SELECT_1 Z:T", working.query("select 1"));
            assertTrue(proxy.isAlive());
            assertEquals("C:COMMIT Z:I", working.query("commit"));
            assertEquals("57P01", working.expectFatal().field('C'));
        }
        assertEquals(0, proxy.exitCode());
    }

    @Test
    void aSecondSignalEndsItAtOnce() throws Exception {
        try (ScriptedClient working = proxy.login();
                ScriptedClient idle = proxy.login()) {
            working.query("begin");
            proxy.terminate();
            assertEquals("57P01", idle.expectFatal().field('C'));
            proxy.terminate();
            proxy.exitCode();
            assertEquals("57P01", working.expectFatal().field('C'));
        }
    }
}

package dev.carpool.client;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Sessions that another one signals stay on their server connections no longer than the signal needs. */
final class SignalledSessionsTest {
    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.counting("default_pool_size=2");

    @AfterEach
    void stop() {
        proxy.close();
    }

    private int inUse() {
        return proxy.pool().snapshot().inUse();
    }

    private static String signal(TestClient meant) {
        return "select pg_terminate_backend(" + meant.processId + ")";
    }

    @Test
    void areLetGoAlthoughTheTransactionThatHasSignalledGoesOn() {
        TestClient meant = proxy.login();
        TestClient client = proxy.login();
        client.query("begin");
        assertTrue(client.query(signal(meant)).endsWith("Z(T)"));
        assertEquals(1, inUse());
        assertEquals("TD(a)C(SELECT 1)Z(T)", client.query("select a"));
    }

    @Test
    void areKeptWhileThePipelineThatSignalsThemGoesOn() {
        TestClient meant = proxy.login();
        TestClient client = proxy.login();
        client.send(Wire.empty().query("hang").query("hang " + signal(meant)));
        proxy.postgres.backends.forEach(backend -> backend.cancelled());
        proxy.run();
        assertEquals("E(57014)Z(I)", client.transcript());
        assertEquals(2, inUse());
        proxy.postgres.backends.forEach(backend -> backend.cancelled());
        proxy.run();
        assertEquals("E(57014)Z(I)", client.transcript());
        assertEquals(0, inUse());
    }

    @Test
    void areLetGoHoweverManySignalsAPipelineHas() {
        TestClient meant = proxy.login();
        TestClient client = proxy.login();
        Wire wire = Wire.empty();
        for (int i = 0; i < 20_000; i++) {
            wire.query(signal(meant));
        }
        client.send(wire);
        assertTrue(client.transcript().endsWith("Z(I)"));
        assertEquals(0, inUse());
    }

    @Test
    void aSessionWhoseProcessEndsIsToldThoughItIsIdle() {
        TestClient meant = proxy.login();
        TestClient client = proxy.login();
        client.query("begin");
        client.send(Wire.empty().query("hang " + signal(meant)));
        ModelPostgres.Backend its = proxy.postgres.last();
        its.deaf = true;
        proxy.postgres.backends.forEach(backend -> backend.cancelled());
        proxy.run();
        assertEquals("E(57014)Z(E)", client.transcript());
        assertEquals("", meant.transcript());
        its.ends();
        proxy.run();
        assertEquals("E(57P01)", meant.transcript());
        assertFalse(meant.isOpen());
    }

    @Test
    void aLargeUnnamedStatementIsStillThereBehindASignal() {
        TestClient meant = proxy.login();
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("", "select " + "x".repeat(2 << 20)).sync());
        client.send(Wire.empty().parse("s", signal(meant)).run("s").sync());
        assertTrue(client.transcript().endsWith("C(SELECT 1)Z(I)"));
        client.send(Wire.empty().run("").sync());
        assertEquals("2D(2097152)C(SELECT 1)Z(I)", client.transcript());
    }
}

package dev.carpool.client;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** server_fast_close: in session mode, a server connection that is to be replaced ends with its transaction. */
final class FastCloseTest {
    private static void tick(ProxyOnOneLoop proxy) {
        proxy.sessions().all().forEach(session -> session.tick(System.nanoTime()));
        proxy.run();
    }

    @Test
    void theSessionEndsWithItsTransaction() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("pool_mode=session", "server_fast_close=true")) {
            TestClient client = proxy.login();
            client.query("begin");
            tick(proxy);
            proxy.pools().reconnect(null);
            tick(proxy);
            assertEquals("TD(a)C(SELECT 1)Z(T)", client.query("select a"));
            assertEquals("C(COMMIT)Z(I)", client.query("commit"));
            tick(proxy);
            assertEquals("E(57P01)", client.transcript());
            assertFalse(client.isOpen());
            assertEquals("TD(a)C(SELECT 1)Z(I)", proxy.login().query("select a"));
            assertEquals(1, proxy.postgres.open);
        }
    }

    @Test
    void withoutItTheSessionGoesOn() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.with("pool_mode=session")) {
            TestClient client = proxy.login();
            client.query("select a");
            proxy.pools().reconnect(null);
            tick(proxy);
            assertTrue(client.isOpen());
            assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
        }
    }
}

package dev.carpool.client;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A session has left a server connection with a statement_timeout so short that it ends what the proxy asks. */
final class ShortTimeoutsTest {
    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.with();
    private final TestClient hasty = proxy.login("statement_timeout", "1ms");

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void leaveIt(int timeouts) {
        assertEquals("TD(1)C(SELECT 1)Z(I)", hasty.query("select 1"));
        proxy.postgres.timeouts = timeouts;
    }

    @Test
    void theNextSessionHasItsOwnSettings() {
        TestClient next = proxy.login("work_mem", "next");
        leaveIt(3);
        assertEquals("TD(next)C(SELECT 1)Z(I)", next.query("show work_mem"));
        assertEquals(0, proxy.postgres.timeouts);
        assertEquals("TD()C(SELECT 1)Z(I)", next.query("show statement_timeout"));
    }

    @Test
    void aSessionThatListensHasItsOwnSettings() {
        TestClient next = proxy.login("work_mem", "next");
        assertEquals("C(LISTEN)Z(I)", next.query("listen news"));
        leaveIt(3);
        assertEquals("TD(next)C(SELECT 1)Z(I)", next.query("show work_mem"));
        assertEquals(0, proxy.postgres.timeouts);
    }

    @Test
    void theNextClientIsWelcome() {
        leaveIt(3);
        TestClient next = proxy.login("work_mem", "next");
        assertEquals(0, proxy.postgres.timeouts);
        assertEquals("TD(next)C(SELECT 1)Z(I)", next.query("show work_mem"));
    }

    @Test
    void nobodyIsServedWithoutItsSettings() {
        TestClient next = proxy.login("work_mem", "next");
        leaveIt(1000);
        assertEquals("E(57014)", next.query("insert x"));
        assertFalse(next.isOpen());
        assertTrue(proxy.postgres.committed.isEmpty());
        assertTrue(proxy.postgres.timeouts > 900);
    }
}

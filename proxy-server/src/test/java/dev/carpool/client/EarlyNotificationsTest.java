package dev.carpool.client;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Where notifications of the server connection stand among those of the shared listener. */
class EarlyNotificationsTest {
    private final EarlyNotifications early = new EarlyNotifications();

    private boolean add(String message) {
        return early.add(message.getBytes(StandardCharsets.US_ASCII));
    }

    private String taken(int others) {
        StringBuilder all = new StringBuilder();
        early.take(
                others,
                (before, message) ->
                        all.append("s".repeat(before)).append(new String(message, StandardCharsets.US_ASCII)));
        return all.toString();
    }

    @Test
    void asTheServerConnectionHasHadThem() {
        early.passed();
        add("A");
        early.passed();
        add("B");
        add("C");
        early.passed();
        early.passed();
        assertEquals("ssAsBC", taken(5));
    }

    @Test
    void beforeEverythingIfTheListenerHasLess() {
        add("A");
        early.passed();
        early.passed();
        add("B");
        assertEquals("AsB", taken(1));
    }

    @Test
    void whatComesBehindTheHandoverDoesNotCount() {
        add("A");
        early.passed();
        early.takenOver();
        early.passed();
        add("B");
        assertEquals("sAsB", taken(2));
    }

    @Test
    void nothingIsLeft() {
        assertTrue(early.isEmpty());
        assertTrue(add("A"));
        early.passed();
        assertFalse(early.isEmpty());
        assertEquals("A", taken(1));
        assertTrue(early.isEmpty());
        assertEquals("", taken(1));
        add("B");
        assertEquals("sB", taken(1));
    }

    @Test
    void onlySoMuchIsKept() {
        assertTrue(early.add(new byte[64 * 1024]));
        assertFalse(add("A"));
        taken(0);
        assertTrue(add("A"));
    }
}

package dev.carpool.client;

import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import dev.carpool.relay.SessionStateStats;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

/** A session that keeps its server connection between transactions: who learns of it, and how long it may. */
final class SessionPinsTest {
    private static final String PINNING = "select pg_backend_pid()";

    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private @Nullable Pin pinOf(String application) {
        return proxy.sessions().all().stream()
                .filter(session -> session.applicationName().equals(application))
                .findFirst()
                .orElseThrow()
                .pin();
    }

    private Pin pinned(String application) {
        return Objects.requireNonNull(pinOf(application));
    }

    private int pinned() {
        return proxy.pool().snapshot().pinned();
    }

    @Test
    void aPinIsSeenAndCountedUntilTheClientLeaves() {
        TestClient client = proxy.login("application_name", "pinner");
        client.query("select 1");
        assertNull(pinOf("pinner"));
        assertEquals(0, pinned());
        client.query(PINNING);
        client.query("select 2");
        Pin pin = pinned("pinner");
        assertEquals(List.of(PinReason.BACKEND_PID), pin.reasons());
        assertEquals("backend_pid", pin.text());
        assertEquals(PINNING, pin.statement());
        assertEquals(1, pinned());
        client.close();
        assertEquals(0, pinned());
        SessionStateStats stats = proxy.pool().totals().sessionState();
        assertEquals(1, stats.pins(PinReason.BACKEND_PID));
        assertEquals(1, stats.pins());
    }

    @Test
    void aSecondReasonIsCountedBesideTheFirst() {
        TestClient client = proxy.login("application_name", "pinner");
        client.query(PINNING);
        client.query("select setseed(1)");
        assertEquals("hidden_state,backend_pid", pinned("pinner").text());
        assertEquals(1, pinned());
        assertEquals(2, proxy.pool().totals().sessionState().pins());
    }

    @Test
    void inSessionModeNobodyIsPinned() {
        stop();
        proxy = ProxyOnOneLoop.with("pool_mode=session");
        TestClient client = proxy.login("application_name", "pinner");
        client.query(PINNING);
        assertNull(pinOf("pinner"));
        assertEquals(0, pinned());
    }

    @Test
    void probesAndSyncsAreCounted() {
        TestClient client = proxy.login();
        client.query("select unknown_function()");
        assertEquals(1, proxy.pool().totals().sessionState().sweeps());
        client.query("select pg_advisory_lock(1)");
        assertEquals(1, proxy.pool().totals().sessionState().stateProbes());
        assertEquals(0, proxy.pool().totals().sessionState().probeFailures());
        long before = proxy.pool().totals().sessionState().syncs();
        proxy.login("application_name", "another").query("select 1");
        client.query("select 2");
        assertEquals(before + 1, proxy.pool().totals().sessionState().syncs());
    }
}

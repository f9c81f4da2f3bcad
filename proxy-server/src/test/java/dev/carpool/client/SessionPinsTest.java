package dev.carpool.client;

import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import dev.carpool.relay.SessionStateStats;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    void aQuestionThatFailsNowAndThenPinsNobody() {
        TestClient client = proxy.login("application_name", "asked");
        for (int i = 0; i < 5; i++) {
            proxy.postgres.failingQuestions = 1;
            assertEquals("TD(f())C(SELECT 1)Z(I)", client.query("select f()"));
            assertEquals(0, proxy.postgres.failingQuestions);
            assertNull(pinOf("asked"));
        }
    }

    @ParameterizedTest
    @CsvSource({"1599, HIDDEN_STATE", "2026, BACKEND_PID", "952,"})
    void aFunctionCalledByItsObjectIdPinsAsByItsName(int function, @Nullable PinReason reason) {
        TestClient client = proxy.login("application_name", "pinner");
        client.send(Wire.empty().functionCall(function));
        Pin pin = pinOf("pinner");
        assertEquals(reason == null ? List.of() : List.of(reason), pin == null ? List.of() : pin.reasons());
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
        restart("pool_mode=session");
        TestClient client = proxy.login("application_name", "pinner");
        client.query(PINNING);
        assertNull(pinOf("pinner"));
        assertEquals(0, pinned());
    }

    private void restart(String... settings) {
        stop();
        proxy = ProxyOnOneLoop.with(settings);
    }

    /** What clients find when so much time has passed. */
    private void tickAfter(Duration time) {
        long then = System.nanoTime() + time.toNanos();
        proxy.sessions().all().forEach(session -> session.tick(then));
        proxy.run();
    }

    @Test
    void aPinnedSessionThatIsIdleTooLongIsEnded() {
        restart("pin_timeout=5min", "default_pool_size=2");
        TestClient pinner = proxy.login();
        TestClient other = proxy.login();
        assertEquals("TD(pg_backend_pid())C(SELECT 1)Z(I)", pinner.query(PINNING));
        other.query("select 1");
        tickAfter(Duration.ofMinutes(4));
        assertTrue(pinner.isOpen());
        tickAfter(Duration.ofMinutes(6));
        assertEquals("E(57P05)", pinner.transcript());
        assertTrue(pinner.lastError().contains("CP407"), pinner.lastError());
        assertTrue(pinner.lastError().contains("(backend_pid)"), pinner.lastError());
        assertFalse(pinner.isOpen());
        assertEquals("TD(a)C(SELECT 1)Z(I)", other.query("select a"));
        assertEquals(0, pinned());
    }

    @Test
    void aPinnedSessionInATransactionIsNotIdle() {
        restart("pin_timeout=5min");
        TestClient client = proxy.login();
        client.query(PINNING);
        client.query("begin");
        tickAfter(Duration.ofMinutes(6));
        assertTrue(client.isOpen());
    }

    @Test
    void oneSessionTooManyIsEndedWithItsTransaction() {
        restart("default_pool_size=4", "max_pinned_share=50");
        TestClient first = proxy.login();
        TestClient second = proxy.login();
        first.query(PINNING);
        second.query(PINNING);
        TestClient third = proxy.login();
        third.query("begin");
        assertEquals("TD(pg_backend_pid())C(SELECT 1)Z(T)", third.query(PINNING));
        assertEquals("C(COMMIT)Z(I)E(53400)", third.query("commit"));
        assertTrue(third.lastError().contains("CP209"), third.lastError());
        assertFalse(third.isOpen());
        assertEquals(2, pinned());
        assertEquals("TD(a)C(SELECT 1)Z(I)", first.query("select a"));
        second.close();
        assertEquals(1, pinned());
        TestClient fourth = proxy.login();
        assertEquals("TD(pg_backend_pid())C(SELECT 1)Z(I)", fourth.query(PINNING));
        assertTrue(fourth.isOpen());
        assertEquals(2, pinned());
    }

    @Test
    void oneSessionMayAlwaysBePinned() {
        restart("default_pool_size=4", "max_pinned_share=1");
        TestClient first = proxy.login();
        first.query(PINNING);
        assertTrue(first.isOpen());
        assertEquals(
                "TD(pg_backend_pid())C(SELECT 1)Z(I)E(53400)", proxy.login().query(PINNING));
    }

    @Test
    void aPoolWithoutSizeIsAsLargeAsItsCaps() {
        restart("default_pool_size=0", "max_db_connections=4", "max_pinned_share=50");
        assertEquals(2, proxy.pool().mostPinned());
        restart("default_pool_size=0", "max_server_connections=0", "max_pinned_share=50");
        assertEquals(0, proxy.pool().mostPinned());
    }

    @Test
    void stateThatMayNotBeKeptEndsItsSession() {
        restart("session_state=error");
        TestClient client = proxy.login();
        client.query("begin");
        assertEquals("TD(pg_backend_pid())C(SELECT 1)Z(T)", client.query(PINNING));
        assertEquals("C(COMMIT)Z(I)E(0A000)", client.query("commit"));
        assertTrue(client.lastError().contains("CP604"), client.lastError());
        assertTrue(client.lastError().contains("(backend_pid)"), client.lastError());
        assertFalse(client.isOpen());
        assertEquals(0, pinned());
        assertEquals("TD(a)C(SELECT 1)Z(I)", proxy.login().query("select a"));
        assertEquals(1, proxy.postgres.open);
    }

    @Test
    void theClientIsWarnedOnceForEachReason() {
        restart("session_state=warn");
        TestClient client = proxy.login();
        assertEquals("TD(pg_backend_pid())C(SELECT 1)Z(I)N", client.query(PINNING));
        assertEquals("TD(pg_backend_pid())C(SELECT 1)Z(I)", client.query(PINNING));
        assertEquals("TD(setseed(1))C(SELECT 1)Z(I)N", client.query("select setseed(1)"));
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
        assertEquals(1, pinned());
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

    private List<String> reported() {
        return proxy.report().entries().stream()
                .map(entry -> entry.effect() + " " + entry.count() + " " + entry.pinned() + " " + entry.statement())
                .sorted()
                .toList();
    }

    @Test
    void theReportCountsInSessionMode() {
        restart("pool_mode=session", "report=on");
        TestClient client = proxy.login();
        client.query("select a");
        client.query("select b");
        client.query("select pg_advisory_lock(7)");
        client.send(Wire.empty().parse("", "select setseed(1)").run("").sync());
        assertEquals(
                List.of("PINNED 1 0 select pg_advisory_lock(?)", "PINNED 1 0 select setseed(?)", "SHARED 2 0 "),
                reported());
        assertEquals(0, proxy.pool().totals().sessionState().stateProbes());
    }

    @Test
    void theReportCountsPinsInTransactionMode() {
        restart("report=on");
        proxy.login().query(PINNING);
        assertEquals(List.of("PINNED 1 1 select pg_backend_pid()"), reported());
    }

    @Test
    void nothingIsReportedUnasked() {
        proxy.login().query(PINNING);
        assertEquals(List.of(), reported());
    }
}

package dev.carpool.relay;

import dev.carpool.relay.CompatibilityReport.Effect;
import dev.carpool.relay.CompatibilityReport.Entry;
import dev.carpool.relay.CompatibilityReport.Owner;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.Suspicion;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class CompatibilityReportTest {
    private static final Owner SHOP = new Owner("shop", "app", "worker");

    private final AtomicLong clock = new AtomicLong();
    private final CompatibilityReport report = new CompatibilityReport(clock::incrementAndGet);

    private void ran(String sql, int bits) {
        report.ran(SHOP, EffectsReader.read(sql, bits, true), sql, true);
    }

    @Test
    void whatOneStatementCostsIsCountedByItsShape() {
        ran("select pg_advisory_lock(1)", Suspicion.ADVISORY_LOCK);
        ran("select pg_advisory_lock(2)", Suspicion.ADVISORY_LOCK);
        Entry entry = report.entries().get(0);
        assertEquals("select pg_advisory_lock(?)", entry.statement());
        assertEquals(Effect.PINNED, entry.effect());
        assertEquals(List.of(PinReason.ADVISORY_LOCK), entry.reasons());
        assertEquals(2, entry.count());
        assertEquals(List.of(1L, 2L), List.of(entry.first(), entry.last()));
        assertEquals(SHOP, entry.owner());
        assertEquals(1, report.entries().size());
    }

    @Test
    void settingsAreSyncedAndUnknownFunctionsAreAskedFor() {
        ran("set statement_timeout to 5", Suspicion.SET);
        ran("select my_function()", Suspicion.UNKNOWN_CALL);
        assertEquals(
                List.of(Effect.ASKED, Effect.SYNCED),
                report.entries().stream().map(Entry::effect).toList());
    }

    @Test
    void allThatIsSharedIsOneEntry() {
        report.ran(SHOP, Effects.NONE, "", true);
        report.ran(SHOP, Effects.NONE, "", true);
        assertEquals(List.of(new Entry(SHOP, "", Effect.SHARED, List.of(), 2, 0, 1, 2)), report.entries());
    }

    @Test
    void pinsAreCountedWhereTheStatementIs() {
        ran("select my_function(1)", Suspicion.UNKNOWN_CALL);
        report.pinned(SHOP, new Pin(List.of(PinReason.TEMP), 0, "select my_function(2)"), true);
        report.pinned(SHOP, new Pin(List.of(PinReason.UNKNOWN), 0, null), true);
        assertEquals(
                List.of(
                        new Entry(SHOP, "", Effect.PINNED, List.of(PinReason.UNKNOWN), 0, 1, 3, 3),
                        new Entry(SHOP, "select my_function(?)", Effect.ASKED, List.of(PinReason.TEMP), 1, 1, 1, 2)),
                report.entries());
    }

    /** They move with the session; where that cannot be told, the server is asked. */
    @Test
    void statementsPreparedInSqlArePinnedOnlyWhereTheyAre() {
        ran("prepare p as select 1", Suspicion.SQL_PREPARE);
        assertEquals(
                List.of(new Entry(SHOP, "prepare p as select ?", Effect.ASKED, List.of(), 1, 0, 1, 1)),
                report.entries());
        report.pinned(SHOP, new Pin(List.of(PinReason.SQL_PREPARE), 0, "prepare p as select 2"), true);
        assertEquals(
                List.of(new Entry(
                        SHOP, "prepare p as select ?", Effect.ASKED, List.of(PinReason.SQL_PREPARE), 1, 1, 1, 2)),
                report.entries());
    }

    @Test
    void whatWasUsedLeastRecentlyGoesFirst() {
        ran("set keep.this to 1", Suspicion.SET);
        for (int i = 0; i < CompatibilityReport.MOST; i++) {
            ran("set name.n" + i + " to 1", Suspicion.SET);
            ran("set keep.this to 1", Suspicion.SET);
        }
        List<Entry> entries = report.entries();
        assertEquals(CompatibilityReport.MOST, entries.size());
        assertEquals("set keep.this to ?", entries.get(0).statement());
        assertTrue(entries.stream().noneMatch(entry -> entry.statement().equals("set name.n0 to ?")));
    }
}

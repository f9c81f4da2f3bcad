package dev.carpool.relay;

import dev.carpool.params.ParameterValues;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.Suspicion;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SettingsJournalTest {
    /** On the server connection and wanted by the session before. */
    private static final ParameterValues BEFORE =
            ParameterValues.of(Map.of("work_mem", "9MB", "app.kept", "k", "role", "worker", "TimeZone", "UTC"));

    /** What the client has asked for at its login. */
    private static final ParameterValues STARTED =
            ParameterValues.of(Map.of("work_mem", "5MB", "app.started", "yes", "role", "starter"));

    private static Effects effects(String sql) {
        return EffectsReader.read(sql, Suspicion.SET, true);
    }

    private static SettingsJournal journal(String... statements) {
        SettingsJournal journal = new SettingsJournal();
        for (String sql : statements) {
            journal.add(effects(sql));
        }
        return journal;
    }

    private static boolean isReported(String name) {
        return name.equals("TimeZone");
    }

    private static String text(ParameterValues values) {
        StringJoiner text = new StringJoiner(" ");
        values.forEach((name, value) -> text.add(name + "=" + value));
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set work_mem to 1 => TimeZone=UTC app.kept=k role=worker work_mem=1
                    set "App".Kept to 1; set app.kept to 2 => TimeZone=UTC app.kept=2 role=worker work_mem=9MB
                    set timezone to 'Asia/Tokyo' => TimeZone=UTC app.kept=k role=worker work_mem=9MB
                    reset work_mem => TimeZone=UTC app.kept=k role=worker
                    reset timezone => TimeZone=UTC app.kept=k role=worker work_mem=9MB
                    reset role => TimeZone=UTC app.kept=k work_mem=9MB
                    reset all => TimeZone=UTC app.kept=k role=worker
                    reset all; set work_mem to 1 => TimeZone=UTC app.kept=k role=worker work_mem=1
                    discard all => TimeZone=UTC app.kept=k
                    """)
    void onTheServer(String sql, String expected) {
        assertEquals(expected, text(journal(sql).onServer(BEFORE, SettingsJournalTest::isReported)));
    }

    /** What goes back, goes back to what the client has started with. */
    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set work_mem to 1 => TimeZone=UTC app.kept=k role=worker work_mem=1
                    reset work_mem => TimeZone=UTC app.kept=k role=worker work_mem=5MB
                    reset app.kept => TimeZone=UTC role=worker work_mem=9MB
                    reset role => TimeZone=UTC app.kept=k role=starter work_mem=9MB
                    reset all => TimeZone=UTC app.kept=k app.started=yes role=worker work_mem=5MB
                    discard all => TimeZone=UTC app.kept=k app.started=yes role=starter work_mem=5MB
                    set role joe; reset all => TimeZone=UTC app.kept=k app.started=yes role=joe work_mem=5MB
                    reset timezone => TimeZone=Asia/Tokyo app.kept=k role=worker work_mem=9MB
                    reset timezone; set timezone to utc => TimeZone=UTC app.kept=k role=worker work_mem=9MB
                    """)
    void forTheClient(String sql, String expected) {
        ParameterValues started = sql.contains("timezone") ? STARTED.with("TimeZone", "Asia/Tokyo") : STARTED;
        assertEquals(expected, text(journal(sql).forClient(BEFORE, started, SettingsJournalTest::isReported)));
    }

    /** Custom settings that have gone back are empty or what their module says. */
    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    set app.new to 1 => []
                    reset app.new => [app.new]
                    reset work_mem => []
                    reset app.new; set app.new to 1 => []
                    reset all => [app.kept]
                    discard all => [app.kept]
                    set app.new to 1; reset all => [app.kept, app.new]
                    reset all; set app.kept to 1 => []
                    """)
    void lookups(String sql, String expected) {
        assertEquals(expected, journal(sql.split("; ")).lookups(BEFORE).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', nullValues = "nothing", textBlock = """
                    set work_mem to 1 => nothing
                    reset work_mem => work_mem=5MB
                    reset search_path => nothing
                    reset work_mem; set work_mem to 1 => nothing
                    reset all => app.started=yes work_mem=5MB
                    discard all => app.started=yes role=starter work_mem=5MB
                    reset role => role=starter
                    reset role; reset all => app.started=yes role=starter work_mem=5MB
                    reset all; reset role => app.started=yes role=starter work_mem=5MB
                    set role joe; reset all => app.started=yes work_mem=5MB
                    reset role; set role joe; reset all => app.started=yes work_mem=5MB
                    """)
    void toRestore(String sql, String expected) {
        assertEquals(
                expected == null ? "" : expected,
                text(SettingsJournal.toRestore(effects(sql).changes(), STARTED)));
    }

    @Test
    void whatIsRestoredIsAChange() {
        SettingsJournal journal = journal("reset work_mem");
        journal.restored(SettingsJournal.toRestore(effects("reset work_mem").changes(), STARTED));
        assertEquals(
                "5MB", journal.onServer(BEFORE, SettingsJournalTest::isReported).value("work_mem"));
    }

    @Test
    void whatCannotBeToldIsAsked() {
        SettingsJournal journal = journal("set app.a to 1", "reset work_mem");
        assertFalse(journal.isUncertain());
        assertEquals(Set.of("app.a", "work_mem"), journal.names());
        journal.ask("app.b");
        assertTrue(journal.isUncertain());
        assertFalse(journal.isSweep());
        assertEquals(Set.of("app.a", "app.b", "work_mem"), journal.names());
        journal.askForAll();
        assertTrue(journal.isSweep());
    }

    @Test
    void whatGoesBackAsAWholeIsAskedAsAWhole() {
        SettingsJournal named = journal("set app.a to 1");
        named.uncertain();
        assertTrue(named.isUncertain());
        assertFalse(named.isSweep());
        SettingsJournal all = journal("reset all");
        all.uncertain();
        assertTrue(all.isSweep());
        assertFalse(all.discardsAll());
        assertTrue(journal("set app.a to 1", "discard all").discardsAll());
    }
}

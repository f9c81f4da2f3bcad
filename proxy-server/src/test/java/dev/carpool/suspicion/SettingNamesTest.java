package dev.carpool.suspicion;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SettingNamesTest {
    @Test
    void findsWhatIsMade() {
        for (String sql : List.of(
                "set app.x = 1",
                "SET APP.X TO 1",
                "set session app.x to default",
                "set local app.x = 'y'",
                "set \"app\".\"X\" = 1",
                "reset app.x",
                "select 1; /* c */ set local app.x = 1",
                "select set_config('app.x', 'y', true)",
                "select pg_catalog.set_config('App.X'::text, y, false) from t",
                "with a as (select \"set_config\"('app.x', '', true)) select * from a")) {
            assertEquals(Set.of("app.x"), names(sql).made(), sql);
            assertEquals(Set.of(), names(sql).read(), sql);
        }
        assertEquals(Set.of("app.\u00e4$1"), names("set app.\u00e4$1 = 1").made());
        assertEquals(Set.of("local.x"), names("set local.x = 1").made());
        assertEquals(Set.of("session.x.y"), names("set local session.x.y = 1").made());
    }

    @Test
    void findsWhatIsRead() {
        for (String sql : List.of(
                "show app.x",
                "SHOW \"App\".x",
                "select current_setting('app.x')",
                "select pg_catalog.current_setting('APP.x', true), 1",
                "select 1 from t where tenant = current_setting ( 'app.x' :: text )::int; select 2",
                "select 1; show app.x",
                "show app.x; set app.x = 1")) {
            assertEquals(Set.of("app.x"), names(sql).read(), sql);
        }
        assertEquals(Set.of(), names("set app.x = 1; show app.x").read());
        assertEquals(Set.of("app.y"), names("set app.x = 1; show app.y").read());
    }

    @Test
    void findsNothingElse() {
        for (String sql : List.of(
                "",
                "select 1",
                "set search_path to a.b",
                "set local work_mem = 1",
                "set time zone 'app.x'",
                "show all",
                "prepare p(text) as select set_config('app.x', $1, true), current_setting('app.y')",
                "create view v as select current_setting('app.x')",
                "set custom.\"bad-guc\" = 1",
                "set custom.\"1\" = 1",
                "select set_config('a..b', '', true), set_config('.a', '', true), set_config('a.', '', true)",
                "show work_mem",
                "select app.x from app",
                "select 'show app.x'",
                "select current_setting('work_mem'), current_setting($1), set_config(n, 'app.x', true) from t",
                "set")) {
            assertTrue(names(sql).isEmpty(), sql);
        }
    }

    @Test
    void findsParametersThatNameWhatIsMade() {
        assertEquals(
                List.of(0, 2),
                names("select set_config($1, $2, true), set_config($3, '', true)")
                        .madeParameters());
    }

    @Test
    void findsSettingsThatDecideWhatTextsMean() {
        assertEquals(Set.of("timezone"), names("set local TimeZone to 'UTC'").meaning());
        assertEquals(
                Set.of("timezone"), names("begin; set session time zone 'UTC'").meaning());
        assertEquals(Set.of("client_encoding"), names("set names 'SJIS'").meaning());
        assertEquals(Set.of("xmloption"), names("set xml option document").meaning());
        assertEquals(Set.of("datestyle"), names("reset \"DateStyle\"").meaning());
        assertEquals(
                Set.of("array_nulls"),
                names("select set_config('Array_Nulls', 'on', true)").meaning());
        assertTrue(names("reset all").meaning().contains("transform_null_equals"));
        assertTrue(names("select 1; discard all").meaning().contains("transform_null_equals"));
        assertTrue(names("select set_config('time' || 'zone', 'UTC', true)")
                .meaning()
                .contains("timezone"));
        for (String sql : List.of(
                "set work_mem to '1MB'",
                "set search_path to timezone",
                "discard plans",
                "show timezone",
                "select set_config('app.x', '', true)",
                "select set_config($1, 'UTC', true)",
                "select now() at time zone 'UTC'")) {
            assertEquals(Set.of(), names(sql).meaning(), sql);
        }
        assertTrue(SettingNames.decidesMeaning("TimeZone"));
        assertFalse(SettingNames.decidesMeaning("search_path"));
    }

    @Test
    void knowsTheSettingsOfLanguages() {
        assertTrue(LanguageSettings.isUnknown("plpgsql.no_such"));
        assertFalse(LanguageSettings.isUnknown("plpgsql.check_asserts"));
        assertFalse(LanguageSettings.isUnknown("app.no_such"));
        assertFalse(LanguageSettings.isUnknown("work_mem"));
        assertEquals("pltcl.start_proc", LanguageSettings.ofLibrary(List.of("app.x", "pltcl.no_such")));
        assertNull(LanguageSettings.ofLibrary(List.of("app.x", "plpgsql.check_asserts")));
    }

    private static SettingNames names(String sql) {
        return SettingNames.of(sql, true);
    }
}

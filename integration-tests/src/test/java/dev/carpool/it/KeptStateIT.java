package dev.carpool.it;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A session keeps what it has set, made and locked while its server connection changes from transaction to transaction. */
class KeptStateIT extends TwoClients {
    @BeforeEach
    void start() throws Exception {
        login(ProxyUnderTest.inTurn(3), "application_name", "first", "options", "-c work_mem=5MB -c app.started=yes");
    }

    /** The value for the session, on several server connections; the other client must not see it. */
    private void assertKept(String expected, String sql) throws Exception {
        for (int i = 0; i < 4; i++) {
            proxy.awaitTurn();
            assertEquals(expected, a.value(sql), sql);
            assertNotEquals(expected, b.value(sql), sql);
        }
    }

    private void assertValue(String expected, String sql) throws Exception {
        for (int i = 0; i < 4; i++) {
            proxy.awaitTurn();
            assertEquals(expected, a.value(sql), sql);
            b.query("select 1");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set statement_timeout to 11000",
                "set session statement_timeout = '11s'",
                "SeT/* a comment */statement_timeout='11s'",
                "select 1; set statement_timeout to '11s'; select 2",
                "select set_config('statement_timeout', '11s', false)",
                "select pg_catalog.set_config('statement_timeout'::text, '11s', false)",
                "select \"set_config\"('statement_timeout', '11s', false)",
                "select set_config('statement_' || 'timeout', '11s', false)",
                "do $$ begin set statement_timeout to '11s'; end $$",
                "do $$ begin execute 's' || 'et statement_timeout to ''11s'''; end $$",
                "begin; set statement_timeout to '11s'; commit",
                "begin; savepoint s; set statement_timeout to '11s'; release s; commit",
                "begin; set statement_timeout to '11s'; savepoint s; set statement_timeout to 0; rollback to s; commit",
                "update pg_settings set setting = '11000' where name = 'statement_timeout'",
                "set statement_timeout to 1000; set statement_timeout = '11s'",
            })
    void settings(String sql) throws Exception {
        a.query(sql);
        assertKept("11s", "show statement_timeout");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "begin; set statement_timeout to '12s'; rollback",
                "begin; set local statement_timeout to '12s'; commit",
                "set local statement_timeout to '12s'",
                "set statement_timeout to '12s'; select 1/0",
                "begin; set statement_timeout to '12s'; select 1/0; commit",
                "begin; savepoint s; set statement_timeout to '12s'; rollback to s; commit",
                "select set_config('statement_timeout', '12s', true)",
                "set statement_timeout to 'nonsense'",
            })
    void settingsThatDoNotHold(String sql) throws Exception {
        a.query("set statement_timeout to '11s'");
        a.query(sql);
        a.query("rollback");
        assertKept("11s", "show statement_timeout");
    }

    @Test
    void statementByStatement() throws Exception {
        a.query("set app.user_id to '42'");
        a.query("begin");
        a.query("set app.user_id to '43'");
        a.query("savepoint s");
        a.query("set app.user_id to '44'");
        a.query("rollback to s");
        assertEquals("43", a.value("select current_setting('app.user_id')"));
        a.query("commit");
        assertKept("43", "select current_setting('app.user_id', true)");
        a.query("begin");
        a.query("set app.user_id to '45'");
        a.query("rollback");
        assertKept("43", "select current_setting('app.user_id', true)");
        a.query("reset app.user_id");
        assertValue("", "select current_setting('app.user_id', true)");
    }

    @Test
    void theServerIsAskedOnceWhatResetMakesOfACustomSetting() throws Exception {
        for (int i = 0; i < 12; i++) {
            a.query("set app.user_id to '42'");
            a.query("reset app.user_id");
            assertEquals("", a.value("select current_setting('app.user_id', true)"));
        }
        long asked = proxy.proxy().pools().pools().stream()
                .mapToLong(pool -> pool.totals().sessionState().stateProbes())
                .sum();
        assertTrue(asked >= 1 && asked <= 3, () -> asked + " questions, more than one for each server connection");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set app.odd to 007",
                "set \"App\".\"Odd\" = +7",
                "set app.odd to 1; set \"APP\".odd to 7",
                "begin; set app.odd to 1; reset all; set app.odd to 07; commit",
                "set app.odd to '7'; set names.odd to 1; reset names.odd",
            })
    void oddSpellings(String sql) throws Exception {
        a.query(sql);
        assertKept("7", "select current_setting('app.odd', true)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"names", "time", "local", "session", "transaction", "role"})
    void customSettingsThatBeginWithAKeyWord(String word) throws Exception {
        a.query("set " + word + ".setting to 5");
        assertKept("5", "select current_setting('" + word + ".setting', true)");
        a.query("reset " + word + ".setting");
        assertValue("", "select current_setting('" + word + ".setting', true)");
    }

    @Test
    void whatIsSetAndSentBackInOneTransactionIsNotThereBehindIt() throws Exception {
        a.query("begin");
        a.query("set app.sent_back to 1");
        a.query("reset all");
        a.query("commit");
        assertValue("", "select current_setting('app.sent_back', true)");
    }

    @Test
    void parametersNameSettings() throws Exception {
        a.exchange(Wire.extended("select set_config($1, $2, false)", "app.tenant", "blue"));
        assertKept("blue", "select current_setting('app.tenant', true)");
    }

    @Test
    void functionsSetSettings() throws Exception {
        String name = PostgresUnderTest.newName("sets");
        b.query("create function " + name + "(v text) returns int language plpgsql as"
                + " $$ begin perform set_config('app.by_function', v, false);"
                + " perform set_config('work_mem', '7MB', false); return 1; end $$");
        b.query("do $$ begin perform set_config('app.by_function', 'else', false); end $$");
        a.query("select " + name + "('mine')");
        assertKept("mine", "select current_setting('app.by_function', true)");
        assertKept("7MB", "show work_mem");
    }

    @Test
    void whatTheClientStartedWithIsWhatResetGoesBackTo() throws Exception {
        assertKept("5MB", "show work_mem");
        a.query("set work_mem to '9MB'");
        assertKept("9MB", "show work_mem");
        a.query("reset work_mem");
        assertKept("5MB", "show work_mem");
        a.query("begin");
        a.query("set work_mem to '9MB'");
        a.query("reset work_mem");
        assertEquals("5MB", a.value("show work_mem"));
        a.query("reset all");
        assertEquals("5MB", a.value("show work_mem"));
        assertEquals("first", a.value("show application_name"));
        a.query("commit");
        assertKept("5MB", "show work_mem");
        assertKept("first", "show application_name");
        a.query("set work_mem to '9MB'");
        a.query("set application_name to second");
        a.query("discard all");
        assertKept("5MB", "show work_mem");
        assertKept("first", "show application_name");
        assertKept("yes", "select current_setting('app.started', true)");
    }

    @Test
    void whatIsReportedGoesBackInFrontOfReadyForQuery() throws Exception {
        try (ScriptedClient c = proxy.login("TimeZone", "Asia/Tokyo")) {
            for (String sql :
                    List.of("set time zone local", "reset timezone", "set timezone to default", "discard all")) {
                c.query("set timezone to 'Europe/Berlin'");
                assertTrue(c.query(sql).endsWith("S:TimeZone=Asia/Tokyo Z:I"), sql);
                b.query("select 1");
                assertEquals("Asia/Tokyo", c.value("show timezone"));
            }
        }
    }

    /** PostgreSQL commits DISCARD ALL at once in a batch. */
    @Test
    void discardAllInABatchThatFailsBehindIt() throws Exception {
        a.query("set work_mem to '9MB'");
        a.send(
                Wire.parse("", "discard all"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.parse("", "select nonsense"),
                Wire.sync());
        String answer = a.replies();
        assertTrue(answer.matches("1 2 C:DISCARD_ALL E:42703 .*Z:I"), answer);
        assertKept("5MB", "show work_mem");
        assertKept("first", "show application_name");
        assertKept("yes", "select current_setting('app.started', true)");
    }

    @Test
    void resetInABatch() throws Exception {
        a.query("set work_mem to '9MB'");
        a.send(Wire.extended("reset work_mem"), Wire.extended("show work_mem"));
        assertEquals("1 2 C:RESET Z:I", a.replies());
        assertEquals("1 2 D:5MB C:SHOW Z:I", a.replies());
    }

    /** Makes a table, for each of whose new rows this code is run. */
    private void createTable(String name, String code) throws Exception {
        b.query("create table " + name + " (i int)");
        b.query("create function " + name + "_f() returns trigger language plpgsql as $$ begin " + code
                + " return new; end $$");
        b.query("create trigger t before insert on " + name + " for each row execute function " + name + "_f()");
    }

    @Test
    void triggersAndViewsSetSettings() throws Exception {
        String name = PostgresUnderTest.newName("hidden");
        createTable(name, "perform set_config('app.by_trigger', new.i::text, false); perform pg_advisory_lock(774);");
        b.query("create function " + name + "_v() returns text language sql as"
                + " $$ select set_config('work_mem', '6MB', false) $$");
        b.query("create view " + name + "_view as select " + name + "_v()");
        a.query("insert into " + name + " values (8)");
        assertKept("8", "select current_setting('app.by_trigger', true)");
        assertEquals("f", b.value("select pg_try_advisory_lock(774)"));
        assertEquals("t", a.value("select pg_advisory_unlock(774)"));
        assertEquals("6MB", a.value("select * from " + name + "_view"));
        assertKept("6MB", "show work_mem");
        b.query("drop table " + name + "; drop view " + name + "_view");
    }

    @Test
    void triggersMadeInATransactionSetSettingsBehindIt() throws Exception {
        String name = PostgresUnderTest.newName("hidden");
        b.query("begin");
        createTable(name, "perform set_config('app.by_trigger', new.i::text, false);");
        a.query("select 1"); // the proxy may look now, and finds nothing
        a.query("select 1");
        b.query("commit");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        a.query("insert into " + name + " values (9)");
        assertKept("9", "select current_setting('app.by_trigger', true)");
        b.query("drop table " + name);
    }

    @Test
    void whatATriggerHasLockedIsGivenBackWhenItsSessionLeavesInsideATransaction() throws Exception {
        String name = PostgresUnderTest.newName("hidden");
        createTable(name, "perform pg_advisory_lock(776);");
        b.query("select 1"); // the proxy knows of the trigger now
        String locks = "select count(*) from pg_locks where locktype = 'advisory' and objid = 776";
        try (ScriptedClient c = proxy.login()) {
            c.query("begin");
            c.query("insert into " + name + " values (1)");
            assertEquals("1", b.value(locks));
        }
        Await.until("the lock is given back", () -> b.value(locks).equals("0"));
        b.query("drop table " + name);
    }

    @Test
    void functionsNamedLikePostgresOwnSetSettings() throws Exception {
        b.query("create function public.lower(integer) returns text language sql as"
                + " $$ select set_config('work_mem', '6MB', false) $$");
        try {
            b.query("select 1"); // answered behind what the proxy asks of the catalog
            assertEquals("6MB", a.value("select lower(1)"));
            assertKept("6MB", "show work_mem");
        } finally {
            b.query("drop function public.lower(integer)");
        }
    }

    @Test
    void whatFunctionsKeepInTheServerProcessIsTheirSessions() throws Exception {
        String name = PostgresUnderTest.newName("keeping");
        b.query("create function " + name + "_seeds() returns void language sql as $$ select setseed(0.25) $$");
        b.query("create function " + name + "() returns void language plpgsql as $$ begin perform " + name
                + "_seeds(); end $$");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        a.query("select setseed(0.25)");
        String first = a.value("select random()");
        String second = a.value("select random()");
        try (ScriptedClient c = proxy.login()) {
            c.query("select " + name + "()");
            assertNotEquals(first, b.value("select random()"));
            assertEquals(first, c.value("select random()"));
            assertNotEquals(second, b.value("select random()"));
            assertEquals(second, c.value("select random()"));
            b.query("select 1");
        }
        b.query("drop function " + name + "(); drop function " + name + "_seeds()");
    }

    @Test
    void functionsThatMakeTriggersAreNoticed() throws Exception {
        String name = PostgresUnderTest.newName("defining");
        b.query("create table " + name + " (i int)");
        b.query("create function " + name + "_sets() returns trigger language plpgsql as $$ begin"
                + " set work_mem to '6MB'; return new; end $$");
        b.query("create function " + name + "_makes() returns void language plpgsql as $$ begin"
                + " create trigger t before insert on " + name + " for each row execute function " + name
                + "_sets(); end $$");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        b.query("select " + name + "_makes()");
        b.query("select 1"); // the same
        a.query("insert into " + name + " values (8)");
        assertKept("6MB", "show work_mem");
        b.query("drop table " + name);
        b.query("drop function " + name + "_makes(); drop function " + name + "_sets()");
    }

    @Test
    void functionsThatSetSettingsBehindACommentOrBesideALocalOne() throws Exception {
        String name = PostgresUnderTest.newName("calling");
        b.query("create function " + name + "_a() returns int language plpgsql as $$ begin\n"
                + "-- raise it\nset work_mem to '6MB'; return 1; end $$");
        b.query("create function " + name + "_b() returns text language sql as $$ select"
                + " set_config('work_mem', '7MB', false) || set_config('enable_sort', 'on', true) $$");
        b.query("create function " + name + "_c() returns text language plpgsql as $$ declare x text; begin"
                + " execute 'sel' || 'ect se' || 't_config(''work_mem'', ''9MB'', false)' into x; return x; end $$");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        a.query("select " + name + "_a()");
        assertKept("6MB", "show work_mem");
        a.query("select " + name + "_b()");
        assertKept("7MB", "show work_mem");
        a.query("select " + name + "_c()");
        assertKept("9MB", "show work_mem");
        b.query("drop function " + name + "_a(), " + name + "_b(), " + name + "_c()");
    }

    @Test
    void triggersSetSettingsSeveralCallsAway() throws Exception {
        String name = PostgresUnderTest.newName("hidden");
        b.query("create function " + name + "_far() returns text language plpgsql as $$ begin"
                + " return set_config('work_mem', '6MB', false); end $$");
        b.query("create function " + name + "_way() returns text language plpgsql as $$ begin return public.\"" + name
                + "_far\"(); end $$");
        b.query("create function " + name + "_near() returns text language sql as $$ select " + name + "_way() $$");
        createTable(name, "perform " + name + "_near();");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        a.query("insert into " + name + " values (8)");
        assertKept("6MB", "show work_mem");
        b.query("drop table " + name);
    }

    @Test
    void viewsSetSettingsByFunctionsWithAStandardBody() throws Exception {
        String name = PostgresUnderTest.newName("hidden");
        b.query("create function " + name + "_v() returns text begin atomic"
                + " select set_config('work_mem', '6MB', false); end");
        b.query("create function " + name + "_w() returns text begin atomic select " + name + "_v(); end");
        b.query("create view " + name + " as select " + name + "_w()");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        assertEquals("6MB", a.value("select * from " + name));
        assertKept("6MB", "show work_mem");
        b.query("drop view " + name);
    }

    @Test
    void viewsThatSetSettingsThemselves() throws Exception {
        String view = PostgresUnderTest.newName("setting");
        b.query("create view " + view + " as select set_config('app.by_view', 'seen', false)");
        b.query("select 1"); // answered behind what the proxy asks of the catalog
        assertEquals("seen", a.value("select * from " + view));
        assertKept("seen", "select current_setting('app.by_view', true)");
        b.query("drop view " + view);
    }

    @Test
    void roles() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("worker");
        postgres.execute("grant " + role + " to app");
        a.query("set role " + role);
        assertKept(role, "select current_user");
        a.query("reset role");
        assertValue("app", "select current_user");
        a.query("begin");
        a.query("set role " + role);
        a.query("rollback");
        assertValue("app", "select current_user");
    }

    @Test
    void aRoleThatMayNotSetWhatItsSessionHas() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("weak");
        postgres.execute("grant " + role + " to app", "grant set on parameter log_min_messages to app");
        a.query("set log_min_messages to error");
        a.query("set role " + role);
        for (int i = 0; i < 4; i++) {
            assertEquals(role, a.value("select current_user"));
            assertEquals("error", a.value("show log_min_messages"));
            assertEquals("warning", b.value("show log_min_messages"));
            b.query("set role " + role + "; select 1");
            b.query("reset role");
        }
        postgres.execute("revoke set on parameter log_min_messages from app");
    }

    @Test
    void aFailedSetIsNobodyElsesConcern() throws Exception {
        a.query("select 1; set session_replication_role to replica; select 2");
        a.query("set session_replication_role to replica");
        for (int i = 0; i < 4; i++) {
            assertEquals("1", b.value("select 1"));
            assertEquals("1", a.value("select 1"));
        }
    }

    @Test
    void aSettingGoesWithItsBatchWhenAStatementCannotBePreparedAgain() throws Exception {
        String table = PostgresUnderTest.newName("gone");
        a.query("create table " + table + " ()");
        a.exchange(Wire.parse("", "select from " + table), Wire.sync());
        b.query("drop table " + table);
        b.query("select 1");
        String replies = a.exchange(
                Wire.parse("s", "set lock_timeout to '11s'"), Wire.bind("", "s"), Wire.execute("", 0), Wire.run(""));
        assertEquals("1 2 C:SET E:42P01 Z:I", replies);
        for (int i = 0; i < 4; i++) {
            assertEquals("0", a.value("show lock_timeout"));
            b.query("select 1");
        }
    }

    @Test
    void functionsGetNamesAsArguments() throws Exception {
        String name = PostgresUnderTest.newName("names");
        b.query("create function " + name + "(n text, v text) returns text language plpgsql as"
                + " $$ begin return set_config(n, v, false); end $$");
        a.query("select " + name + "('app.by_argument', 'mine')");
        assertKept("mine", "select current_setting('app.by_argument', true)");
        a.send(
                Wire.parse("n1", "select " + name + "('work_mem', $1)"),
                Wire.sync(),
                Wire.run("n1", "1MB"),
                Wire.parse("n0", "show work_mem"),
                Wire.sync(),
                Wire.run("n0"));
        assertEquals("1 Z:I", a.replies());
        assertEquals("2 D:1MB C:SELECT_1 Z:I", a.replies());
        assertEquals("1 Z:I", a.replies());
        assertEquals("2 D:1MB C:SHOW Z:I", a.replies());
        assertKept("1MB", "show work_mem");
    }

    @Test
    void resettingTheSessionAuthorizationEndsTheRole() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("shared");
        postgres.execute("grant " + role + " to app");
        a.query("set role " + role);
        b.query("set role " + role);
        assertValue(role, "select current_user");
        b.query("reset session_authorization");
        assertKept(role, "select current_user");
        a.query("select set_config('role', '" + role + "', false)");
        a.query("reset session authorization");
        assertValue("app", "select current_user");
        assertValue("none", "show role");
    }

    @Test
    void startupValuesComeBackWhateverStandsAroundTheReset() throws Exception {
        a.query("set work_mem to '9MB'");
        a.query("select 1; unlisten *; reset all");
        assertKept("5MB", "show work_mem");
        assertKept("first", "show application_name");
    }

    @Test
    void aNewSessionAuthorizationEndsTheRoleThatTheClientStartedWith() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("shared");
        postgres.execute("grant " + role + " to app");
        try (ScriptedClient c = proxy.login("options", "-c role=" + role)) {
            c.query("set session authorization app");
            for (int i = 0; i < 4; i++) {
                proxy.awaitTurn();
                assertEquals("app", c.value("select current_user"));
            }
        }
    }

    @Test
    void resetAllInATransactionThatStatementsDoNotTellTheEndOf() throws Exception {
        a.query("select set_config('random_page_cost', '20', false)");
        a.query("begin");
        a.query("reset all");
        a.query("select 1; set app.tenant to 'a b'; commit");
        assertValue("4", "show random_page_cost");
        assertKept("5MB", "show work_mem");
        assertKept("a b", "select current_setting('app.tenant', true)");
    }

    @Test
    void askingForOneSettingLeavesTheOthers() throws Exception {
        String database = PostgresUnderTest.newName("plain");
        PostgresUnderTest.shared().execute("create database " + database);
        try (ScriptedClient c = proxy.client();
                ScriptedClient d = proxy.client()) {
            c.login(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, database);
            d.login(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, database);
            c.query("set app.tenant to 'mine'");
            c.query("set session_replication_role to default");
            c.query("select set_config('work_mem', '5MB', false)");
            d.query("begin");
            assertEquals("mine", c.value("select current_setting('app.tenant', true)"));
            d.query("commit");
            for (int i = 0; i < 4; i++) {
                assertNotEquals("mine", d.value("select current_setting('app.tenant', true)"));
                assertEquals("mine", c.value("select current_setting('app.tenant', true)"));
                assertEquals("5MB", c.value("show work_mem"));
            }
        }
    }

    @Test
    void startupValuesComeBackWhenACodeBlockResetsThem() throws Exception {
        a.query("do $$ begin execute 'reset work_mem'; end $$");
        assertKept("5MB", "show work_mem");
        a.query("do $$ begin execute 'reset work_mem'; end $$");
        assertEquals("5MB", a.value("show work_mem"));
    }

    @Test
    void settingsOfModulesGoBackToTheirDefaults() throws Exception {
        for (int i = 0; i < 3; i++) {
            a.query("do $$ begin end $$");
        }
        a.query("set plpgsql.print_strict_params to on");
        assertKept("on", "select current_setting('plpgsql.print_strict_params', true)");
        a.query("reset plpgsql.print_strict_params");
        // Empty where the module has not been loaded.
        assertValue("off", "select coalesce(nullif(current_setting('plpgsql.print_strict_params'), ''), 'off')");
        a.query("set plpgsql.print_strict_params to on");
        a.query("reset all");
        assertValue("off", "select coalesce(nullif(current_setting('plpgsql.print_strict_params'), ''), 'off')");
    }

    /** On a private connection PostgreSQL removes it, with the same WARNING, when the module is loaded. */
    @Test
    void aSettingThatAModuleDoesNotKnowIsLostAlone() throws Exception {
        PostgresUnderTest.shared().executeIn(PostgresUnderTest.APP, "create extension if not exists pg_trgm");
        a.query("set statement_timeout to '11s'");
        try (ScriptedClient c = proxy.login()) {
            b.query("begin");
            b.query("select public.similarity('a', 'b')");
            c.query("begin");
            c.query("select public.similarity('a', 'b')");
            assertEquals("C:SET Z:I", a.query("set pg_trgm.no_such to true"));
            b.query("commit"); // the module is there on each other connection
            c.query("commit");
        }
        String removed = "N:invalid_configuration_parameter_name_\"pg_trgm.no_such\",_removing_it";
        int warnings = 0;
        for (int i = 0; i < 6; i++) {
            proxy.awaitTurn();
            String answer = a.query("show statement_timeout");
            warnings += answer.startsWith(removed) ? 1 : 0;
            assertEquals("T D:11s C:SHOW Z:I", answer.replace(removed + " ", ""));
            b.query("select 1");
        }
        assertEquals(1, warnings);
    }

    @Test
    void aSettingThatNamesWhatHasBeenDroppedIsLostAlone() throws Exception {
        String name = PostgresUnderTest.newName("words");
        a.query("create text search configuration " + name + " (copy = simple)");
        a.query("set statement_timeout to '11s'; set default_text_search_config to " + name);
        assertKept("11s", "show statement_timeout");
        a.query("drop text search configuration " + name);
        assertKept("11s", "show statement_timeout");
        assertEquals(b.value("show default_text_search_config"), a.value("show default_text_search_config"));
    }

    @Test
    void aClientThatLeavesWhileItIsAskedCostsNoServerConnection() throws Exception {
        int open = proxy.open();
        for (int i = 0; i < 10; i++) {
            try (ScriptedClient c = proxy.login()) {
                c.query("create temp table left_behind (i int)");
            }
        }
        b.query("select 1");
        assertEquals(open, proxy.open());
    }

    @Test
    void characteristics() throws Exception {
        a.query("set session characteristics as transaction read only, isolation level repeatable read");
        assertKept("on", "show transaction_read_only");
        assertKept("repeatable read", "show transaction_isolation");
    }

    @Test
    void searchPaths() throws Exception {
        a.query("set search_path to pg_catalog, \"$user\", 'Odd \"one\"'");
        assertKept("pg_catalog, \"$user\", \"Odd \"\"one\"\"\"", "show search_path");
    }

    @Test
    void temporaryTablesPinUntilTheyAreDropped() throws Exception {
        a.query("create temp table mine (i int)");
        a.query("insert into mine values (7)");
        int backend = a.backend();
        for (int i = 0; i < 4; i++) {
            assertEquals("7", a.value("select i from mine"));
            assertEquals("", b.value("select coalesce(to_regclass('pg_temp.mine')::text, '')"));
        }
        a.query("drop table mine");
        assertLeaves(backend);
    }

    private void assertLeaves(int backend) throws Exception {
        Await.until("the session is pinned no longer", () -> a.backend() != backend);
    }

    @Test
    void advisoryLocksPinUntilTheyAreGivenBack() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertEquals("t", a.value("select pg_try_advisory_lock(772)"));
            assertEquals("f", b.value("select pg_try_advisory_lock(772)"));
        }
        for (int i = 0; i < 3; i++) {
            assertEquals("f", b.value("select pg_try_advisory_lock(772)"));
            assertEquals("t", a.value("select pg_advisory_unlock(772)"));
        }
        assertEquals("t", b.value("select pg_try_advisory_lock(772)"));
        assertEquals("t", b.value("select pg_advisory_unlock(772)"));
    }

    @Test
    void cursorsWithHold() throws Exception {
        a.query("begin");
        a.query("declare mine cursor with hold for select generate_series(1, 9)");
        a.query("commit");
        for (String row : List.of("1", "2", "3")) {
            assertEquals(row, a.value("fetch mine"));
            assertEquals("E:34000 Z:I", b.query("fetch mine"));
        }
        a.query("close mine");
        assertEquals("E:34000 Z:I", a.query("fetch mine"));
    }

    @Test
    void statementsPreparedInSql() throws Exception {
        a.query("prepare mine(int) as select $1 + 1");
        for (int i = 0; i < 4; i++) {
            assertEquals("5", a.value("execute mine(4)"));
            assertEquals("E:26000 Z:I", b.query("execute mine(4)"));
        }
        a.query("deallocate mine");
        assertEquals("E:26000 Z:I", a.query("execute mine(4)"));
    }

    @Test
    void discardAllUnpins() throws Exception {
        a.query("create temp table mine (i int)");
        a.query("select pg_advisory_lock(773)");
        a.query("discard all");
        assertEquals("t", b.value("select pg_try_advisory_lock(773)"));
        b.query("select pg_advisory_unlock(773)");
        assertEquals("", a.value("select coalesce(to_regclass('pg_temp.mine')::text, '')"));
    }
}

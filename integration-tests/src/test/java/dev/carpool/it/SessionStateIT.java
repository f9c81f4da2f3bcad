package dev.carpool.it;

import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** What one client leaves on a server connection is gone before the next one gets it. */
class SessionStateIT extends TwoClients {
    @BeforeEach
    void start() throws Exception {
        login(ProxyUnderTest.start("default_pool_size=2", "server_round_robin=1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set statement_timeout to '11s'",
                "set session statement_timeout to '11s'",
                "SeT/* a comment */statement_timeout='11s'",
                "select 1; set statement_timeout to '11s'; select 2",
                "select set_config('statement_timeout', '11s', false)",
                "select pg_catalog.set_config('statement_timeout', '11s', false)",
                "select \"set_config\"('statement_timeout', '11s', false)",
                "do $$ begin set statement_timeout to '11s'; end $$",
                "do $$ begin execute 's' || 'et statement_timeout to ''11s'''; end $$",
                "begin; set statement_timeout to '11s'; commit",
                "begin; savepoint s; set statement_timeout to '11s'; release s; commit",
                "update pg_settings set setting = '11000' where name = 'statement_timeout'",
            })
    void settingsPostgresDoesNotReport(String sql) throws Exception {
        String before = b.value("show statement_timeout");
        a.query(sql);
        assertEquals(before, b.value("show statement_timeout"));
    }

    @Test
    void settingsMadeByFunctions() throws Exception {
        String name = PostgresUnderTest.newName("changes_settings");
        b.query("create function " + name + "() returns int language plpgsql as"
                + " $$ begin perform set_config('work_mem', '11MB', false); return 1; end $$");
        assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select " + name + "()"));
        assertEquals("4MB", b.value("show work_mem"));
        assertEquals(
                "1 2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.parse("named", "select " + name + "()"), Wire.run("named")));
        assertEquals("4MB", b.value("show work_mem"));
        assertEquals("2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.run("named")));
        assertEquals("4MB", b.value("show work_mem"));
    }

    @Test
    void settingsMadeByExtendedQueries() throws Exception {
        a.exchange(Wire.extended("select set_config($1, $2, false)", "work_mem", "12MB"));
        assertEquals("4MB", b.value("show work_mem"));
        a.exchange(Wire.parse("s", "set work_mem to '13MB'"), Wire.run("s"));
        assertEquals("4MB", b.value("show work_mem"));
        a.exchange(Wire.run("s"));
        assertEquals("4MB", b.value("show work_mem"));
    }

    @Test
    void roles() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("other");
        postgres.execute("grant " + role + " to app");
        a.query("set role " + role);
        assertEquals("app", b.value("select current_user"));
        a.query("select set_config('role', '" + role + "', false)");
        assertEquals("app", b.value("select current_user"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "create temp table mine (i int)",
                "create temporary table mine as select 1 as i",
                "create table pg_temp.mine (i int)",
                "select 1 as i into temp mine",
                "create local temporary view mine as select 1 as i",
                "do $$ begin create temp table mine (i int); end $$",
                "create temp table other (i int); alter table other rename to mine",
            })
    void temporaryRelations(String sql) throws Exception {
        a.query(sql);
        assertEquals("true", b.value("select (to_regclass('pg_temp.mine') is null)::text"));
    }

    @Test
    void advisoryLocks() throws Exception {
        assertEquals("t", a.value("select pg_try_advisory_lock(771)"));
        String mine = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
        assertEquals("0", b.value(mine));
        assertEquals("t", a.value("select pg_try_advisory_lock_shared(771)"));
        assertEquals("0", b.value(mine));
    }

    @Test
    void listening() throws Exception {
        assertEquals("C:LISTEN Z:I", a.query("listen news"));
        assertEquals("C:NOTIFY Z:I", b.query("notify news, 'for a only'"));
        assertEquals("0", b.value("select count(*) from pg_listening_channels()"));
    }

    @Test
    void statementsPreparedWithSql() throws Exception {
        assertEquals("C:PREPARE Z:I", a.query("prepare mine as select 1"));
        assertEquals("E:26000 Z:I", b.query("execute mine"));
        assertEquals("C:PREPARE Z:I", b.query("prepare mine as select 2"));
    }

    @Test
    void cursorsWithHold() throws Exception {
        assertEquals("C:DECLARE_CURSOR Z:I", a.query("declare mine cursor with hold for select 1"));
        assertEquals("E:34000 Z:I", b.query("fetch mine"));
    }

    @Test
    void characteristicsOfTheSession() throws Exception {
        a.query("set session characteristics as transaction read only, isolation level serializable");
        assertEquals("off", b.value("show transaction_read_only"));
        assertEquals("read committed", b.value("show transaction_isolation"));
    }

    @Test
    void ordinaryTransactionsAreNotFollowedByAReset() throws Exception {
        String log = PostgresUnderTest.newName("resets");
        a.query("create table " + log + " (i int)");
        try (ProxyUnderTest counting = ProxyUnderTest.start(
                        "default_pool_size=1", "server_reset_query=insert into " + log + " values (1)");
                ScriptedClient client = counting.login()) {
            for (String sql : List.of(
                    "select 1",
                    "begin; insert into " + log + " select 2 where false; commit",
                    "select now(), upper('x'), count(*) from pg_class c join pg_namespace n on n.oid = relnamespace",
                    "with w as (select 'set role x; listen y'::text) select * from w -- create temp table",
                    "update " + log + " set i = 3 where i = 4",
                    "select pg_advisory_xact_lock(3)")) {
                client.query(sql);
                assertEquals("0", client.value("select count(*) from " + log), sql);
            }
            client.query("set work_mem to '5MB'");
            client.query("create temp table mine (i int); drop table mine");
            assertEquals("0", client.value("select count(*) from " + log));
        }
    }

    @Test
    void aConnectionThatCannotBeCleanedIsReplaced() throws Exception {
        try (ProxyUnderTest failing = ProxyUnderTest.start("default_pool_size=1", "server_reset_query=select 1/0");
                ScriptedClient client = failing.login()) {
            try (ScriptedClient owner = failing.login()) {
                owner.query("create temp table mine (i int)");
            }
            assertEquals("true", client.value("select (to_regclass('pg_temp.mine') is null)::text"));
        }
    }
}

package dev.carpool.it;

import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Random statements of each kind, out of few names, so that they meet. */
final class TwinStatements {
    private static final List<String> NAMES = List.of(
            "work_mem",
            "statement_timeout",
            "search_path",
            "TimeZone",
            "DateStyle",
            "IntervalStyle",
            "extra_float_digits",
            "enable_seqscan",
            "default_transaction_isolation",
            "default_transaction_read_only",
            "standard_conforming_strings",
            "bytea_output",
            "client_min_messages",
            "application_name",
            "plan_cache_mode",
            "random_page_cost",
            "idle_in_transaction_session_timeout",
            "app.user_id",
            "app.tenant");

    private static final List<String> CUSTOM = List.of("app.user_id", "app.tenant", "app.\"Mixed Case\"", "other.x");

    /** Names of prepared transactions, up to a letter for the side: one that both have could be prepared once only. */
    static final String PREPARED = "twin transaction ";

    private final Random random;

    TwinStatements(Random random) {
        this.random = random;
    }

    private String one(String... of) {
        return of[random.nextInt(of.length)];
    }

    private String one(List<String> of) {
        return of.get(random.nextInt(of.size()));
    }

    private int number(int below) {
        return random.nextInt(below);
    }

    String setting() {
        return one(NAMES);
    }

    /** As in a string constant, without the quotes; now and then none that is allowed. */
    String value(String name) {
        return switch (name) {
            case "work_mem" -> one("1MB", "2048", "5MB", "8192kB", "nonsense", "-1");
            case "statement_timeout" -> one("0", "60000", "61s", "2min", "ten");
            case "idle_in_transaction_session_timeout" -> one("0", "10min", "600001");
            case "search_path" -> one("public", "other, public", "other", "", "nowhere, public", "$user, public");
            case "TimeZone" -> one("Europe/Berlin", "UTC", "America/New_York", "+3", "<X>-5", "Nowhere/Town");
            case "DateStyle" -> one("German", "SQL, DMY", "ISO, MDY", "Postgres", "MDY", "Martian");
            case "IntervalStyle" -> one("postgres", "iso_8601", "sql_standard", "verbose");
            case "extra_float_digits" -> one("0", "1", "3", "-5", "9");
            case "enable_seqscan", "default_transaction_read_only" -> one("on", "off", "off", "false", "1", "maybe");
            case "standard_conforming_strings" -> one("on", "on", "off");
            case "default_transaction_isolation" ->
                one("read committed", "repeatable read", "read uncommitted", "none");
            case "bytea_output" -> one("hex", "escape", "octal");
            case "client_min_messages" -> one("notice", "warning", "error", "log", "loud");
            case "application_name" -> one("", "one", "Two Words", "it''s", "x\\y");
            case "plan_cache_mode" -> one("auto", "force_generic_plan", "force_custom_plan");
            case "random_page_cost" -> one("1.5", "4", "2e1", "-3");
            case "session_replication_role" -> one("origin", "replica");
            case "client_encoding" -> one("UTF8", "LATIN1", "SQL_ASCII", "utf-8", "KLINGON");
            default -> one("1", "42", "", "a b", "it''s", "back\\slash", "{\"a\": 1}");
        };
    }

    /** {@code name = value} in one of its spellings. */
    private String assignment(String name) {
        if (number(8) == 0) {
            return name + one(" to ", " = ") + "default";
        }
        String value = value(name);
        if (name.equals("search_path") && number(2) == 0) {
            return "search_path to "
                    + one("public", "other, public", "\"$user\", public", "other", "'other', pg_catalog");
        }
        String spelled = switch (number(6)) {
            case 0 -> name.toUpperCase(Locale.ROOT);
            case 1 -> name.indexOf('.') > 0 ? name : "\"" + name + "\"";
            default -> name;
        };
        if (value.matches("-?[0-9.]+|[a-z]+") && number(2) == 0) {
            return spelled + one(" to ", " = ", "=") + value;
        }
        String constant = number(6) == 0 ? "e'" + value.replace("\\", "\\\\") + "'" : "'" + value + "'";
        return spelled + one(" to ", " = ", "=") + constant;
    }

    /** @param client its number: advisory locks that wait are taken on keys of its own */
    String of(TwinKind kind, int client) {
        return switch (kind) {
            case READ -> read();
            case SET -> one("set ", "set ", "SET ", "set session ", "/* x */ set ") + assignment(setting());
            case SET_LOCAL -> "set local " + assignment(setting());
            case RESET -> "reset " + one(setting(), setting(), setting(), "role", "nope.x", "no_such");
            case RESET_ALL -> "reset all";
            case DISCARD_ALL -> "discard all";
            case DISCARD_PART -> one("discard plans", "discard temp", "discard temporary", "discard sequences");
            case TIME_ZONE ->
                one("set time zone ", "set time zone ", "set local time zone ", "set session time zone ")
                        + one("'Europe/Berlin'", "'UTC'", "3", "-7.5", "default", "interval '+02:00' hour to minute");
            case NAMES ->
                one(
                        "set names 'UTF8'",
                        "set names 'LATIN1'",
                        "set names default",
                        "set names 'KLINGON'",
                        "set client_encoding to 'LATIN1'",
                        "reset client_encoding");
            case CHARACTERISTICS -> characteristics();
            case ROLE ->
                one(
                        "set role " + TwinSide.WORKER,
                        "set role " + TwinSide.WORKER,
                        "set session role " + TwinSide.WORKER,
                        "set local role " + TwinSide.WORKER,
                        "set role none",
                        "set role to default",
                        "reset role",
                        "set role 'no such role'",
                        "set role " + TwinSide.ORDINARY,
                        "select set_config('role', '" + TwinSide.WORKER + "', " + one("true", "false") + ")");
            case SESSION_AUTHORIZATION ->
                one(
                        "set session authorization " + TwinSide.ORDINARY,
                        "set session authorization " + TwinSide.WORKER,
                        "set local session authorization " + TwinSide.ORDINARY,
                        "set session authorization default",
                        "reset session authorization");
            case SET_CONFIG -> setConfig();
            case FUNCTION_SETS -> functionSets();
            case DO_SETS -> doSets();
            case HIDDEN_SETS ->
                one(
                        "insert into triggered values (" + number(9) + ")",
                        "select * from setting_view",
                        "select nullif(current_setting('app.trigger', true), ''), nullif(current_setting('app.view', true), '')",
                        "select nullif(current_setting('app.trigger', true), ''), nullif(current_setting('app.view', true), '')");
            case UPDATES_PG_SETTINGS ->
                "update pg_settings set setting = '" + one("3000", "7000") + "' where name = '"
                        + one("work_mem", "statement_timeout") + "'";
            case CUSTOM -> custom();
            case READ_CUSTOM -> readCustom();
            case TRANSACTION -> transaction();
            case CHAIN -> one("commit and chain", "rollback and chain");
            case SAVEPOINT ->
                one("savepoint ", "savepoint ", "rollback to ", "rollback to savepoint ", "release ") + one("a", "b");
            case ERROR ->
                one(
                        "select 1/0",
                        "select nope",
                        "selec 1",
                        "select * from no_table",
                        "select 'x'::int",
                        ")",
                        "insert into t values (1, 'twice')",
                        "set",
                        "do $$ begin raise exception 'mine' using errcode = 'P0042'; end $$");
            case DATA -> data();
            case DDL ->
                one(
                        "alter table public.t add column c" + number(100) + " int",
                        "alter table t add column if not exists c" + number(100) + " int",
                        "create index on t (s)",
                        "create or replace view v as select i from t",
                        "create table if not exists made (i int)",
                        "drop table if exists made",
                        "analyze t");
            case CURSOR -> cursor("");
            case HELD_CURSOR -> one(cursor(" with hold"), cursor(""));
            case SQL_PREPARE -> sqlPrepare();
            case PREPARED_VIEW -> "select name from pg_prepared_statements order by 1";
            case PREPARED_VIEW_SQL ->
                "select name, parameter_types, from_sql from pg_prepared_statements where from_sql order by 1";
            case PREPARED_MIXED ->
                one(
                        "execute n1",
                        "execute n2(1)",
                        "deallocate n1",
                        "prepare n1 as select 'sql'",
                        "prepare n2(int) as select $1 + 100");
            case TEMP -> temp();
            case TEMP_SHADOW ->
                one(
                        "create temp table t (i int, s text)",
                        "drop table if exists t_hidden",
                        "create temp view only_public as select 'hidden'",
                        "select * from only_public");
            case ADVISORY -> advisory(client);
            case ADVISORY_XACT ->
                one(
                        "select pg_advisory_xact_lock(" + key(client) + ")",
                        "select pg_try_advisory_xact_lock(" + (9000 + number(2)) + ")");
            case ADVISORY_COUNT ->
                "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()";
            case LISTEN ->
                one(
                        "listen news",
                        "listen news",
                        "listen \"Odd one\"",
                        "unlisten news",
                        "unlisten *",
                        "select pg_listening_channels() order by 1",
                        "select count(*) from pg_listening_channels()");
            case NOTIFY ->
                one(
                        "notify news",
                        "notify news, 'p" + number(99) + "'",
                        "notify \"Odd one\", 'x'",
                        "select pg_notify('news', 'f" + number(99) + "')",
                        "notify nobody");
            case SEQUENCE ->
                one(
                        "select nextval('q1')",
                        "select nextval('q2'::regclass)",
                        "select currval('q1')",
                        "select currval('public.q2')",
                        "select lastval()",
                        "select setval('q1', " + (200 + number(100)) + ")");
            case TIME_ZONE_LOCAL -> one("set time zone local", "set timezone to default");
            case FORBIDDEN_SETTING ->
                one("set session_replication_role to ", "set local session_replication_role to ")
                        + one("origin", "replica", "default");
            case CUSTOM_EXISTS -> customExists();
            case CALL_COMMITS -> "call sets_in_transactions('" + number(9) + "')";
            case FUNCTION_SETS_CUSTOM -> functionSetsCustom();
            case TWO_PHASE ->
                one("prepare transaction '", "prepare transaction '", "commit prepared '", "rollback prepared '")
                        + PREPARED + "?" + number(2) + "'";
            case LOSE, STARTUP_VALUES, NAMED_ANYWHERE, NAMED, STATEMENT_NAMES -> "select 1";
            case COPY -> one("copy (select i, s from t order by i) to stdout", "copy t to stdout (format nonsense)");
        };
    }

    private String read() {
        String name = one(
                setting(),
                setting(),
                setting(),
                "client_encoding",
                "role",
                "session_authorization",
                "is_superuser",
                "transaction_isolation",
                "transaction_read_only",
                "lock_timeout");
        if (name.startsWith("app.")) {
            return readCustom();
        }
        return switch (number(8)) {
            case 0, 1, 2 -> "show " + name;
            case 3, 4 -> "select current_setting('" + name + "')";
            case 5 ->
                one(
                        "select current_user, session_user",
                        "select current_user",
                        "select current_schemas(false)",
                        "select current_schema()");
            case 6 ->
                one(
                        "select timestamptz '2024-05-06 07:08:09+00', date '2024-05-06'",
                        "select interval '1 day 2 hours'",
                        "select '\\xff00'::bytea, 0.1::float8 + 0.2::float8",
                        "select 'a\\b'");
            default -> "select 1";
        };
    }

    private String characteristics() {
        return one(
                "set session characteristics as transaction isolation level repeatable read",
                "set session characteristics as transaction isolation level read committed",
                "set session characteristics as transaction read only",
                "set session characteristics as transaction read write",
                "set session characteristics as transaction read write, isolation level repeatable read",
                "set transaction read only",
                "set transaction isolation level repeatable read",
                "set transaction_read_only to on",
                "set transaction_isolation to 'repeatable read'");
    }

    private String setConfig() {
        String name = setting();
        return "select " + one("", "pg_catalog.") + "set_config('" + name + "', '" + value(name) + "', "
                + one("true", "false", "false") + ")";
    }

    private String ordinarySetting() {
        String name = setting();
        return name.startsWith("app.") ? "work_mem" : name;
    }

    private String functionSets() {
        String name = ordinarySetting();
        String value = value(name);
        return one(
                "select sets('" + name + "', '" + value + "', " + one("true", "false", "false") + ")",
                "select public.sets_work_mem('" + one("6MB", "7MB") + "')",
                "select sets_and_fails('" + name + "', '" + value + "')",
                "select sets_and_catches('" + name + "', '" + value + "')",
                "select has_own('" + one("work_mem", "app.tenant") + "')");
    }

    private String functionSetsCustom() {
        String name = one("app.user_id", "app.tenant", "app.by_function");
        String value = value(name);
        return one(
                "select sets('" + name + "', '" + value + "', " + one("true", "false", "false") + ")",
                "select sets_and_fails('" + name + "', '" + value + "')",
                "select sets_and_catches('" + name + "', '" + value + "')",
                "select nullif(current_setting('app.by_function', true), '')",
                "do $do$ begin perform set_config('" + name + "', '" + value + "', " + one("true", "false", "false")
                        + "); end $do$",
                "do $do$ begin execute 'set app.user_id to ''by do''; reset random_page_cost'; end $do$");
    }

    private String doSets() {
        String name = ordinarySetting();
        String value = value(name);
        return one(
                "do $do$ begin perform set_config('" + name + "', '" + value + "', " + one("true", "false", "false")
                        + "); end $do$",
                "do $do$ begin set work_mem to '" + one("10MB", "11MB") + "'; end $do$",
                "do $do$ begin begin set work_mem to '12MB'; perform 1/0; exception when others then null; end; end $do$",
                "do $do$ begin set work_mem to '13MB'; perform 1/0; end $do$");
    }

    private String custom() {
        String name = one(CUSTOM);
        return switch (number(6)) {
            case 1 -> "set local " + name + " to '" + value(name) + "'";
            default -> "set " + name + one(" to ", " = ") + "'" + value(name) + "'";
        };
    }

    private String readCustom() {
        return "select nullif(current_setting('" + one(CUSTOM).replace("\"", "") + "', true), '')";
    }

    private String customExists() {
        String name = one(CUSTOM);
        return one(
                "show " + name,
                "select current_setting('" + name.replace("\"", "") + "')",
                "reset " + name,
                "select current_setting('" + name.replace("\"", "") + "', true)");
    }

    String copyIn() {
        return one(
                "copy t from stdin", "copy t (i, s) from stdin", "copy other.t from stdin", "copy no_table from stdin");
    }

    String transaction() {
        return switch (number(12)) {
            case 0, 1, 2, 3, 4 ->
                one(
                        "begin",
                        "begin",
                        "start transaction",
                        "begin isolation level repeatable read",
                        "begin read only",
                        "begin read write");
            case 5, 6, 7, 8 -> one("commit", "commit", "end", "commit work");
            default -> one("rollback", "abort");
        };
    }

    private String data() {
        return one(
                "select count(*) from t",
                "select i, s from t order by i limit 2",
                "select s from t where i = " + number(6),
                "insert into t(i, s) values (" + (10 + number(300)) + ", 'new')",
                "update t set s = 'u" + number(9) + "' where i = " + number(6),
                "insert into other.t(i, s) values (" + (10 + number(300)) + ", 'new') returning i",
                "delete from t where i > 50 returning i",
                "select * from only_public",
                "");
    }

    private String cursor(String hold) {
        String name = one("c1", "c2");
        return switch (number(7)) {
            case 0, 1 ->
                "declare " + name + " cursor" + hold
                        + " for select g, current_setting('work_mem') from generate_series(1, 9) g";
            case 2, 3, 4 -> one("fetch ", "fetch 2 from ", "fetch forward from ", "move ") + name;
            case 5 -> "close " + name;
            default -> one("close all", "select name, is_holdable from pg_cursors order by 1");
        };
    }

    private String sqlPrepare() {
        String name = one("p1", "p2", "\"P 3\"");
        return switch (number(9)) {
            case 0, 1, 2 ->
                one(
                        "prepare " + name + "(int) as select $1 + " + number(9),
                        "prepare " + name + "(int) as select i, s from t where i = $1",
                        "prepare " + name + " (int) as select $1, current_setting('work_mem')",
                        "prepare " + name + "(text) as select set_config('app.user_id', $1, false)",
                        "prepare " + name + "(int) as insert into t(i, s) values ($1, 'prepared') returning i");
            case 3, 4, 5, 6 -> "execute " + name + "(" + number(9) + ")";
            case 7 -> one("deallocate ", "deallocate prepare ") + name;
            default ->
                one("deallocate all", "deallocate prepare all", "execute p1", "explain (costs off) execute p1(1)");
        };
    }

    private String temp() {
        String name = one("tmp1", "tmp2");
        return switch (number(9)) {
            case 0, 1 ->
                one(
                        "create temp table " + name + " (i int)",
                        "create temporary table if not exists " + name + " (i int)",
                        "create table pg_temp." + name + " (i int)",
                        "create temp table " + name + " as select 1 as i",
                        "select 5 as i into temp " + name,
                        "create temp table " + name + " (i int) on commit drop",
                        "create temp table " + name + " (i int) on commit delete rows",
                        "create temp table " + name + " (i serial)");
            case 2, 3 -> "insert into " + name + " values (" + number(9) + ")";
            case 4, 5 -> "select i from " + name;
            case 6 -> one("drop table ", "drop table if exists ") + name;
            case 7 ->
                one(
                        "create temp view tv as select 7 as seven",
                        "create or replace temp view tv as select 8 as seven",
                        "drop view tv",
                        "create temp sequence tq",
                        "drop sequence if exists tq");
            default ->
                one(
                        "select seven from tv",
                        "select to_regclass('pg_temp." + name + "')",
                        "select to_regclass('" + name + "')",
                        "create function pg_temp.f() returns int language sql as 'select 5'");
        };
    }

    private int key(int client) {
        return 1000 * (client + 1) + number(3);
    }

    private String advisory(int client) {
        int key = key(client);
        return one(
                "select pg_advisory_lock(" + key + ")",
                "select pg_advisory_lock(" + key + ", 1)",
                "select pg_advisory_lock_shared(" + key + ")",
                "select pg_try_advisory_lock(" + (9000 + number(3)) + ")",
                "select pg_try_advisory_lock_shared(" + (9000 + number(3)) + ")",
                "select pg_advisory_unlock(" + key + ")",
                "select pg_advisory_unlock(" + (9000 + number(3)) + ")",
                "select pg_advisory_unlock(" + key + ", 1)",
                "select pg_advisory_unlock_shared(" + key + ")",
                "select locks(" + key + ")",
                "do $$ begin perform pg_advisory_lock(" + key + "); end $$",
                "select unlocks(" + key + ")",
                "select pg_advisory_unlock_all()",
                "select l.objid, l.mode, l.granted from pg_locks l join pg_database d on d.oid = l.database"
                        + " where l.locktype = 'advisory' and d.datname = current_database() order by 1, 2, l.objsubid");
    }
}

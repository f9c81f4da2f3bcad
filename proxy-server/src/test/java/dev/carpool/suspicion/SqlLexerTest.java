package dev.carpool.suspicion;

import dev.carpool.suspicion.SqlLexer.Backslash;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static dev.carpool.suspicion.Suspicion.ADVISORY_LOCK;
import static dev.carpool.suspicion.Suspicion.CHANGES;
import static dev.carpool.suspicion.Suspicion.CURSOR;
import static dev.carpool.suspicion.Suspicion.DISCARD;
import static dev.carpool.suspicion.Suspicion.DO_OR_CALL;
import static dev.carpool.suspicion.Suspicion.HELD_CURSOR;
import static dev.carpool.suspicion.Suspicion.HIDDEN_STATE;
import static dev.carpool.suspicion.Suspicion.INSERTS;
import static dev.carpool.suspicion.Suspicion.LISTEN;
import static dev.carpool.suspicion.Suspicion.LOAD;
import static dev.carpool.suspicion.Suspicion.NOTIFY;
import static dev.carpool.suspicion.Suspicion.OTHERS;
import static dev.carpool.suspicion.Suspicion.SEQUENCE;
import static dev.carpool.suspicion.Suspicion.SEQUENCE_READ;
import static dev.carpool.suspicion.Suspicion.SESSION_VIEW;
import static dev.carpool.suspicion.Suspicion.SET;
import static dev.carpool.suspicion.Suspicion.SET_CONFIG;
import static dev.carpool.suspicion.Suspicion.SQL_PREPARE;
import static dev.carpool.suspicion.Suspicion.TEMP;
import static dev.carpool.suspicion.Suspicion.TRANSACTION;
import static dev.carpool.suspicion.Suspicion.TWO_PHASE;
import static dev.carpool.suspicion.Suspicion.UNCLEAR;
import static dev.carpool.suspicion.Suspicion.UNKNOWN_CALL;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class SqlLexerTest {
    private record Case(String sql, String reasons) {}

    private static final List<Case> CASES = new ArrayList<>();

    private static void sql(String sql, int... reasons) {
        int bits = 0;
        for (int reason : reasons) {
            bits |= reason;
        }
        CASES.add(new Case(sql, Suspicion.names(bits)));
    }

    /** Without those of {@link #changes}, which most statements have. */
    private static String names(int bits) {
        return Suspicion.names(bits & ~(INSERTS | CHANGES | Suspicion.CUSTOM));
    }

    static {
        // Nothing to see.
        sql("");
        sql("  \t\r\n ");
        sql(";");
        sql("-- set x = 1");
        sql("/* set x = 1 */");
        sql("select 1");
        sql("SELECT * FROM users WHERE id = $1 AND name IN ($2, $3) ORDER BY lower(name) LIMIT 10 FOR UPDATE");
        sql("select count(*) filter (where a > 1) over (partition by b order by c) from t");
        sql("select percentile_cont(0.5) within group (order by x) from t");
        sql("insert into t (a, b) values (1, 'set x = 1') returning id");
        sql("insert into s.t (a) select x from u on conflict (a) do update set b = excluded.b where t.a > 0");
        sql("insert into temp (a) values (1)");
        sql("insert into data values (1)");
        sql("insert into data(a) values (1)");
        sql("insert into \"Data\" (\"a\") values (1)");
        sql("insert into t as x (a) values (1)");
        sql("insert into t (a) overriding system value values (1)");
        sql("update t set a = 1, b = coalesce(c, 2) where d = 3");
        sql("update t set (a, b) = (select 1, 2)");
        sql(
                "merge into t using s on t.id = s.id when matched then update set a = 1 when not matched then insert (a) values (1)");
        sql("delete from t where a = any ($1::int[])");
        sql("with a as (select 1), b (x, y) as (select 1, 2) select * from a, b");
        sql("with recursive a (n) as (values (1) union all select n + 1 from a) select * from a");
        sql("with a as materialized (select 1), b as not materialized (select 2) select * from a, b");
        sql("select * from (values (1, 2)) as v (a, b)");
        sql("select * from (values (1, 2)) v (a, b)");
        sql("select * from generate_series(1, 3) g(i)");
        sql("select * from generate_series(1, 3) as g(i), unnest(array[1]) with ordinality as u(a, b)");
        sql(
                "select cast(a as numeric(10, 2)), b::varchar(10), c::pg_catalog.numeric(3), d::geometry(Point, 4326) from t");
        sql("select pg_catalog.lower('x'), \"lower\"('X'), \"pg_catalog\".\"lower\"('x'), lower /* c */ ('x')");
        sql("select * from information_schema._pg_expandarray(array[1])");
        sql(
                "select extract(year from now()), position('a' in 'b'), trim(both from x), overlay('a' placing 'b' from 1)");
        sql("select interval '1 day', timestamp(3) with time zone '2020-01-01', x at time zone ('UTC') from t");
        sql(
                "select a between 1 and 2, not (b), (c) from t where exists (select 1) and d like ('x') or e ilike any (array['x'])");
        sql("select distinct on (a) b from t group by grouping sets ((a), (b)), cube (c), rollup (d)");
        sql("select row_number() over w, f.x from t f window w as (partition by (a))");
        sql(
                "select case when (a) then b else (c) end from t join u using (id) left join lateral (select 1) x on (true)");
        sql("select 'it''s', E'it\\'s set', $$set x$$, $a$ $b$ set_config('a') $a$, U&'d\\0061t', B'01', X'1F', N'x'");
        sql("select \"set_config\", \"a\"\"b\", \"SET\" from \"pg_temperature\"");
        sql("select current_setting('x'), txid_current(), pg_sleep(0), gen_random_uuid(), random()");
        sql("select pg_advisory_xact_lock(1), pg_try_advisory_xact_lock_shared(1, 2)");
        sql("select a.temp, temp from temp where load = 1 and \"do\" = 2 and listen > 3");
        sql("select set, reset from t");
        sql("select t.set_config, t.nextval from t");
        sql("select a || '(' || b from t where a ~ '\\d' and b !~* 'x'");
        sql("select jsonb_build_object('a', 1) @> data, data ? 'x', data->>'a', data #>> '{a}' from t");
        sql("select 1e10, 1.5e-3, .5, 0x1F, 1_000, 1.from t");
        sql("select a[1:2], b[f], (c).d from t");
        sql("select string_agg(distinct a, ',' order by a), array_agg(x), json_agg(row_to_json(t)) from t");
        sql("select xmlelement(name a), grouping(a), greatest(1, 2), nullif(a, b), json_object('a': 1) from t");
        sql("select * from json_table('[]', '$' columns (id int path '$.id'))");
        sql("table t");
        sql("values (1), (2)");
        sql("(select 1) union (select 2)");
        sql("copy t (a, b) from stdin with (format csv, header true)");
        sql("copy t from stdin (format csv)");
        sql("copy (select lower(a) from t) to stdout");
        sql("explain (analyze, buffers) select 1");
        sql("explain analyze verbose select 1");
        sql("show search_path");
        sql("lock table t in share mode");
        sql("fetch 10 from c");
        sql("close c");
        sql("alter table t alter column a set default 1");
        sql("alter role r set search_path = x", OTHERS);
        sql("alter table t alter a type varchar(10), add primary key (a), add unique (b)");
        sql(
                "create table if not exists t (id bigint primary key, a numeric(10, 2) default 0, v vector(3), check (a > 0), foreign key (a) references u (b), unique (a) include (v)) partition by range (id)");
        sql("create table p partition of t (primary key (id)) for values from (1) to (2)");
        sql(
                "create unique index concurrently if not exists i on only s.t using gin (a gin_trgm_ops, lower(b)) include (c) with (fillfactor = 70)");
        sql("create index on t (a)");
        sql("create index on t using btree (a)");
        sql("create view v (a, b) as select 1, 2");
        sql("create table x as with a as (select 1), b (c) as (select 2) select * from a, b");
        sql("create type t as enum ('a')");
        sql("create text search dictionary s.d (template = simple)");
        sql("create collation c (provider = icu)");
        sql("create table t (a int, exclude using gist (a with =)) partition by hash (a)");
        sql("create materialized view v as select lower(a) from t fetch first (1 + 1) rows only");
        sql("drop function f(int), g(text)");
        sql("drop database d (force)", OTHERS);
        sql("copy t from stdin (format csv, force_quote (a), force_null (b, c))");
        sql("select tsquery('a'), jsonb('1'), uuid('x'), regclass('t')");
        sql(
                "create function f (a int, b s.t) returns table (x int) language sql as $$ select set_config('a', 'b', false) $$");
        sql("create or replace procedure p (a int) language plpgsql as 'begin end'");
        sql("create trigger t before insert on x for each row execute function f ()");
        sql("create rule r as on insert to t do also (insert into u values (1); insert into w values (2))");
        sql("drop function f (int)");
        sql("comment on function f (int) is 'x'");
        sql("grant select (a) on t to u");
        sql("vacuum (verbose, analyze) t (a, b)");
        sql("analyze t (a)");

        // Settings.
        sql("set x = 1", SET);
        sql("SET SESSION x TO 1", SET);
        sql("set time zone 'UTC'", SET);
        sql("set names 'utf8'", SET);
        sql("set role x", SET);
        sql("set session authorization x", SET);
        sql("set session characteristics as transaction read only", SET);
        sql("/* a */ -- b\n set/**/x=1", SET);
        sql("set local x = 1");
        sql("set local role x");
        sql("set local x to default", SET);
        sql("set local x to 'default'");
        sql("set transaction read only");
        sql("set constraints all deferred");
        sql("set local.x = 1", SET);
        sql("set transaction.x to 1", SET);
        sql("set local = 1", SET);
        sql("select 1; set x = 1", SET);
        sql("reset x", SET);
        sql("reset all", SET);
        sql("discard all", SET, DISCARD);
        sql("select set_config('a', 'b', false)", SET_CONFIG);
        sql("select set_config($1, $2, $3)", SET_CONFIG);
        sql("select pg_catalog.Set_Config ('a', 'b', false)", SET_CONFIG);
        sql("select \"set_config\"('a', 'b', false)", SET_CONFIG);
        sql("select public.set_config('a', 'b', false)", SET_CONFIG, UNKNOWN_CALL);
        sql("select set_config -- x\n ('a', 'b', false)", SET_CONFIG);
        sql("select set_config('a', 'b', true)");
        sql("select set_config('a', coalesce(x, (y)), TRUE) from t");
        sql("select set_config('a', 'b', not true)", SET_CONFIG);
        sql("select set_config('a', 'b', true and false)", SET_CONFIG);
        sql("select set_config('a', 'b', 'true')", SET_CONFIG);
        sql("select set_config('a', set_config('b', 'c', false), true)", SET_CONFIG);
        sql("select set_config('a', 'b', true), set_config('a', 'b', false)", SET_CONFIG);
        sql("update pg_settings set setting = 'x' where name = 'y'", SET_CONFIG);
        sql("update pg_catalog.pg_settings as s set setting = 'x'", SET_CONFIG);
        sql("with x as (select 1) update only pg_settings set setting = 'x'", SET_CONFIG);
        sql("select * from pg_settings");

        // Prepared statements, two-phase, listen.
        sql("prepare p as select 1", SQL_PREPARE);
        sql("prepare p (int, text) as select $1", SQL_PREPARE);
        sql("execute p (1, lower('x'))", SQL_PREPARE);
        sql("deallocate all", SQL_PREPARE);
        sql("create table t as execute p (1)", SQL_PREPARE);
        sql("explain analyze execute p (1)", SQL_PREPARE);
        sql("explain (analyze) execute p (1)", SQL_PREPARE);
        sql("prepare transaction 'x'", TWO_PHASE, TRANSACTION);
        sql("prepare transaction as select 1", SQL_PREPARE);
        sql("commit prepared 'x'", TWO_PHASE, TRANSACTION);
        sql("rollback prepared 'x'", TWO_PHASE, TRANSACTION);
        sql("listen a", LISTEN);
        sql("unlisten *", LISTEN);
        sql("notify a, 'b'", NOTIFY);
        sql("select pg_notify('a', 'b')", NOTIFY);
        sql("select * from pg_listening_channels()", SESSION_VIEW);
        sql("select * from pg_prepared_statements", SESSION_VIEW);

        // Temporary objects.
        sql("create temp table t (a int)", TEMP);
        sql("create temporary table if not exists t (a int) on commit drop", TEMP);
        sql("create local temporary table t (a int)", TEMP);
        sql("create or replace temp view v as select 1", TEMP);
        sql("create temp sequence s", TEMP);
        sql("create table pg_temp.t (a int)", TEMP);
        sql("create table \"pg_temp\".t (a int)", TEMP);
        sql("select * from pg_temp_3.t", TEMP);
        sql("select 1 as a into temp t", TEMP);
        sql("select 1 as a into local temporary table t", TEMP);
        sql("select 1into temp t", TEMP);
        sql("with x as (select 1) select * into temp t from x", TEMP);
        sql("explain analyze create temp table t as select 1", TEMP);
        sql("select pg_temp.f(1)", TEMP, UNKNOWN_CALL);
        sql("create table temp (a int)");
        sql("create table t (temp int, temporary int)");

        // The rest of what a session can hold.
        sql("select pg_advisory_lock(1)", ADVISORY_LOCK);
        sql("select pg_try_advisory_lock_shared(1, 2)", ADVISORY_LOCK);
        sql("select pg_advisory_unlock_all()", ADVISORY_LOCK);
        sql("declare c cursor for select 1", CURSOR);
        sql("declare c no scroll cursor without hold for select 1", CURSOR);
        sql("declare c cursor with hold for select 1", CURSOR, HELD_CURSOR);
        sql("declare c binary insensitive cursor with hold for with hold as (select 1) select 1", CURSOR, HELD_CURSOR);
        sql("with hold as (select 1) select * from hold");
        sql("load 'x'", LOAD);
        sql("select nextval('s')", SEQUENCE);
        sql(
                "insert into t values (nextval('s'::regclass), currval('s'), lastval(), setval('s', 1))",
                SEQUENCE,
                SEQUENCE_READ);
        sql("select CURRVAL('s')", SEQUENCE_READ);
        sql("select currval from t");
        sql("select setseed(0.5)", HIDDEN_STATE);
        sql("select dblink_connect('name', 'dbname=app')", HIDDEN_STATE, UNKNOWN_CALL);
        sql("select pgv_set('vars', 'tenant', 1)", HIDDEN_STATE, UNKNOWN_CALL);
        sql("create function f() returns int language plperl as '1'", HIDDEN_STATE);
        sql("do $$ $_SHARED{a} = 1 $$ language plperl", HIDDEN_STATE, DO_OR_CALL);
        sql("do language plpgsql $$ begin end $$", DO_OR_CALL);
        sql("alter language plperl rename to perl");
        sql("select pg_create_logical_replication_slot('a', 'b', true)", HIDDEN_STATE);
        sql("do $$ begin end $$", DO_OR_CALL);
        sql("call p(1)", DO_OR_CALL);
        sql("begin", TRANSACTION);
        sql("start transaction isolation level serializable", TRANSACTION);
        sql("savepoint a; release a; rollback to a; end", TRANSACTION);

        // Calls.
        sql("select f(1)", UNKNOWN_CALL);
        sql("select F (1)", UNKNOWN_CALL);
        sql("select s.lower('x')", UNKNOWN_CALL);
        sql("select \"Lower\"('x')", UNKNOWN_CALL);
        sql("select a.b.lower('x')", UNKNOWN_CALL);
        sql("select * from f(1)", UNKNOWN_CALL);
        sql("select * from a, f(1)", UNKNOWN_CALL);
        sql("select * from a join f(1) x on true", UNKNOWN_CALL);
        sql("select * from a join b on f(a.x)", UNKNOWN_CALL);
        sql("delete from a using f(1)", UNKNOWN_CALL);
        sql("select distinct f(1)", UNKNOWN_CALL);
        sql("select distinct on (a) f(a) from t", UNKNOWN_CALL);
        sql("select 1 operator(pg_catalog.+) f(1)", UNKNOWN_CALL);
        sql("select 1 order by f(1)", UNKNOWN_CALL);
        sql("select x at time zone f(1) from t", UNKNOWN_CALL);
        sql("select a::timestamp with time zone, f(1) from t", UNKNOWN_CALL);
        sql("select 1 as with, f(1)", UNKNOWN_CALL);
        sql("with a as (select 1) select x, f(x) from a", UNKNOWN_CALL);
        sql("with a (b) as (select 1, f(2)) select 1", UNKNOWN_CALL);
        sql("select -f(1), 1+f(1), (f(1))", UNKNOWN_CALL);
        sql("create table x as select a from t order by f(a)", UNKNOWN_CALL);
        sql("create table x as with a as (select 1) select f(1) from a", UNKNOWN_CALL);
        sql("create table x as values (f(1))", UNKNOWN_CALL);
        sql("create index on t (f(a))", UNKNOWN_CALL);
        sql("alter table t add column a int default f()", UNKNOWN_CALL);
        sql("copy t from stdin where f(a)", UNKNOWN_CALL);
        sql("alter table t alter a type int using f(a)", UNKNOWN_CALL);
        sql("select query_to_xml('select 1', true, true, '')", UNKNOWN_CALL);
        sql("select ts_stat('select 1')", UNKNOWN_CALL);
        sql("insert into t (a) values (f(1))", UNKNOWN_CALL);
        sql("copy (select f(1)) to stdout", UNKNOWN_CALL);
        sql("select filter(1), range(1), path(1), keys(1)", UNKNOWN_CALL);
        sql("select sets(1)", UNKNOWN_CALL);
        sql("select 1 group by grouping sets (sets(1))", UNKNOWN_CALL);

        // Where strings end decides whether something else begins.
        sql("select 'a'; set x = 'b'", SET);
        sql("select E'a\\'; set x = 1; select '");
        sql("select 'a''; set x = 1; select '");
        sql("select E'a'\n'b\\'; set x = 1; select '");
        sql("select $a$ $$; set x = 1; $a $a$; select 1");
        sql("select $$ $ $a$ $$; set x = 1", SET);
        sql("select $a$x$$a$; set x = 1", SET);
        sql("select a$b$; set x = 1; select c$b$ from t", SET);
        sql("select $1; set x = $2", SET);
        sql("select $1$a$;set x = 1;$a$");
        sql("select $x; set x = 1", SET);
        sql("select 1 /* a /* b */ ; set x = 1 */; reset y", SET);
        sql("select 1 /* a /* b */ ; set x = 1 */");
        sql("select 1 /*/ ; set x = 1 /**/ */");
        sql("select 1 */*x*/ 2; set x = 1", SET);
        sql("select 1 - -1 -- ; set x = 1\r; set y = 2", SET);
        sql("select 1 / 2; set x = 1", SET);
        sql("select \"a\"\"; set x = 1; select \"");

        // Not understood.
        sql("select 'a\\'; set x = 1; select 'b'", SET, UNCLEAR);
        sql("select 'a\\\\'; select 1");
        sql("select 'abc", UNCLEAR);
        sql("select \"abc", UNCLEAR);
        sql("select /* abc", UNCLEAR);
        sql("select $a$ abc $b$", UNCLEAR);
        sql("select U&\"\\0073et_config\"('a', 'b', false)", UNCLEAR, UNKNOWN_CALL);
        sql("select U&'d!0061' uescape '!'", UNCLEAR);
        sql("create function f() returns int begin atomic select 1; select 2; end", UNCLEAR);
    }

    private final SqlLexer lexer = new SqlLexer();

    @Test
    void changes() {
        assertEquals("inserts", changes("insert into t values (1)"));
        assertEquals("inserts", changes("with a as (select 1) insert into t select * from a"));
        assertEquals("inserts", changes("with a as (insert into t values (1) returning id) select * from a"));
        assertEquals("changes", changes("with a as (delete from t returning id) select * from a"));
        assertEquals(
                "inserts", changes("merge into t using s on t.id = s.id when not matched then insert (a) values (1)"));
        assertEquals("inserts", changes("copy t from stdin"));
        assertEquals("inserts", changes("execute s(1)"));
        assertEquals("inserts", changes("explain analyze insert into t values (1)"));
        assertEquals("changes", changes("update t set a = 1"));
        assertEquals("changes", changes("delete from t"));
        assertEquals("changes", changes("alter table t add column id serial"));
        assertEquals("", changes("select 1 from t for update"));
        assertEquals("", changes("create trigger t after insert or update on t for each row execute function f()"));
        assertEquals("", changes("grant insert, update on t to u"));
        assertEquals("", changes("select \"insert\", delete from t"));
    }

    @Test
    void findsWhatMayMakeCustomSettingsOrChangeTheMeaningOfTexts() {
        for (String sql : List.of(
                "set a.b = 1",
                "set local a.b to 1",
                "SET SESSION \"a\".b = 1",
                "reset a.b",
                "set local TimeZone to 'UTC'",
                "set time zone 'UTC'",
                "set names 'SJIS'",
                "set xml option document",
                "set \"DateStyle\" to german",
                "reset all",
                "discard all",
                "begin; reset timezone",
                "select 1; set local a.b = 1",
                "select set_config('a', 'b', true)",
                "select pg_catalog.set_config($1, $2, true)")) {
            assertTrue((reasons(sql) & Suspicion.CUSTOM) != 0, sql);
        }
        for (String sql : List.of(
                "set a = 1",
                "set local search_path to a, b",
                "select a.b from a",
                "show a.b",
                "show timezone",
                "select now() at time zone 'UTC', timezone('UTC', now()), all_names from names",
                "create table t (a timestamp with time zone)",
                "select current_setting('a.b')")) {
            assertEquals(0, reasons(sql) & Suspicion.CUSTOM, sql);
        }
    }

    private String changes(String sql) {
        return Suspicion.names(reasons(sql) & (INSERTS | CHANGES));
    }

    @Test
    void aReadBehindAnAdvanceOfTheSameTextTellsNothingOld() {
        assertEquals("inserts", Suspicion.names(reasons("insert into t values (1); select lastval()")));
        assertEquals("sequence", Suspicion.names(reasons("select nextval('s'); select currval('s')")));
        assertEquals("sequence,sequence_read", Suspicion.names(reasons("select currval('s'); select nextval('s')")));
        assertEquals("sequence_read,changes", Suspicion.names(reasons("update t set a = 1; select lastval()")));
    }

    @Test
    void findsReasonsInWholeStatements() {
        assertAll(CASES.stream().map(test -> () -> {
            ByteBuf heap = Unpooled.copiedBuffer(test.sql, StandardCharsets.UTF_8);
            lexer.begin();
            lexer.feed(heap, 0, heap.writerIndex());
            assertEquals(test.reasons, names(lexer.end()), test.sql);
        }));
    }

    @Test
    void findsTheSameInSingleBytes() {
        for (Case test : CASES) {
            ByteBuf direct = Unpooled.directBuffer().writeBytes(test.sql.getBytes(StandardCharsets.UTF_8));
            lexer.begin();
            for (int i = 0; i < direct.writerIndex(); i++) {
                lexer.feed(direct, i, i + 1);
            }
            assertEquals(test.reasons, names(lexer.end()), test.sql);
            direct.release();
        }
    }

    @Test
    void findsTheSameWhenStatementsFollowEachOther() {
        for (int i = 0; i + 1 < CASES.size(); i++) {
            Case first = CASES.get(i);
            Case second = CASES.get(i + 1);
            if (first.reasons.contains("unclear") || second.reasons.contains("unclear")) {
                continue;
            }
            String both = first.sql + "\n;\n" + second.sql;
            int expected = reasons(first.sql) | reasons(second.sql);
            assertEquals(names(expected & ~SEQUENCE_READ), names(reasons(both) & ~SEQUENCE_READ), both);
        }
    }

    @Test
    void knowsBackslashesWhenTold() {
        String quoteInside = "select 'a\\'; set x = 1; select '";
        assertEquals("", Suspicion.names(reasons(quoteInside, Backslash.ESCAPE)));
        assertEquals("set,unclear", Suspicion.names(reasons(quoteInside, Backslash.PLAIN)), "an open string remains");
        assertEquals("", Suspicion.names(reasons("select a like '%\\_' escape '\\'", Backslash.PLAIN)));
        assertEquals("set", Suspicion.names(reasons("select '\\'; set x = 1", Backslash.PLAIN)));
    }

    @Test
    void tellsKindAndNumberOfStatements() {
        assertEquals(StatementKind.SELECT, kind("/* x */ (select 1)", 1));
        assertEquals(StatementKind.WITH, kind("with a as (select 1) delete from t", 1));
        assertEquals(StatementKind.EXPLAIN, kind("explain analyze execute p", 1));
        assertEquals(StatementKind.BEGIN, kind("begin; select 1; commit;", 3));
        assertEquals(StatementKind.EMPTY, kind(" ; ;; -- x", 0));
        assertEquals(StatementKind.SELECT, kind(";; select 1;;", 1));
        assertEquals(StatementKind.OTHER, kind("refresh materialized view v", 1));
        assertEquals(StatementKind.OTHER, kind("xyz", 1));
        assertEquals(StatementKind.CREATE, kind("create rule r as on insert to t do (select 1; select 2)", 1));
    }

    @Test
    void isUnclearWhenNestedTooDeep() {
        assertFalse((reasons(nested(60)) & UNCLEAR) != 0);
        assertTrue((reasons(nested(100)) & UNCLEAR) != 0);
    }

    @Test
    void readsLongWordsTagsAndBuffersWithOffsets() {
        assertEquals("", Suspicion.names(reasons("select " + "a".repeat(3000) + " from t")));
        assertEquals("unclear", Suspicion.names(reasons("select $" + "a".repeat(70) + "$ x $" + "a".repeat(63) + "$")));
        ByteBuf text = Unpooled.copiedBuffer("xxxset y = 1xxx", StandardCharsets.US_ASCII)
                .slice(2, 11);
        lexer.begin();
        lexer.feed(text, 1, 10);
        assertEquals(Suspicion.SET, lexer.end());
        ByteBuf large =
                Unpooled.directBuffer().writeBytes((" ".repeat(254) + "set x = 1").getBytes(StandardCharsets.US_ASCII));
        lexer.begin();
        lexer.feed(large, 0, large.writerIndex());
        assertEquals(Suspicion.SET, lexer.end());
        large.release();
    }

    @Test
    void neverThrowsWhateverItReads() {
        Random random = new Random(42);
        String[] pieces = {
            "'",
            "\"",
            "$",
            "$a$",
            "$$",
            "--",
            "/*",
            "*/",
            "\n",
            "(",
            ")",
            ".",
            ",",
            ";",
            "::",
            "e'",
            "u&",
            "\\",
            "set ",
            "local ",
            "create ",
            "temp ",
            "select ",
            "with ",
            "f",
            "set_config",
            "true",
            "begin ",
            "atomic ",
            "1",
            " ",
            "\0",
            "\u00e4",
            "explain ",
            "into ",
            "as ",
            "prepare ",
            "transaction ",
            "pg_temp"
        };
        for (int run = 0; run < 20_000; run++) {
            StringBuilder sql = new StringBuilder();
            for (int i = random.nextInt(30); i > 0; i--) {
                sql.append(pieces[random.nextInt(pieces.length)]);
            }
            byte[] bytes = sql.toString().getBytes(StandardCharsets.UTF_8);
            if (run % 4 == 0) {
                random.nextBytes(bytes);
            }
            ByteBuf text = Unpooled.wrappedBuffer(bytes);
            lexer.begin();
            lexer.feed(text, 0, bytes.length);
            int whole = lexer.end();
            int cut = random.nextInt(bytes.length + 1);
            lexer.begin();
            lexer.feed(text, 0, cut);
            lexer.feed(text, cut, bytes.length);
            assertEquals(whole, lexer.end(), () -> sql.toString());
        }
    }

    @Test
    void masksDoNotOverlapAndCoverAllReasons() {
        List<Integer> masks = List.of(Suspicion.NEEDS_RESET, Suspicion.MAY_NEED_RESET, Suspicion.INFORMATIONAL);
        int all = masks.stream().reduce(0, (a, b) -> a | b);
        int count = masks.stream().mapToInt(Integer::bitCount).sum();
        assertEquals(-1, all);
        assertEquals(Integer.bitCount(all), count);
        assertEquals(32, Suspicion.names(all).split(",").length);
    }

    private static String nested(int levels) {
        return "select " + "(".repeat(levels) + "1" + ")".repeat(levels);
    }

    private StatementKind kind(String sql, int statements) {
        reasons(sql);
        assertEquals(statements, lexer.statements(), sql);
        return lexer.kind();
    }

    private int reasons(String sql) {
        return reasons(sql, Backslash.UNKNOWN);
    }

    private int reasons(String sql, Backslash backslash) {
        ByteBuf text = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        lexer.begin(backslash);
        lexer.feed(text, 0, text.writerIndex());
        return lexer.end();
    }

    @Test
    void bytesOfOtherCharactersAreUnclear() {
        ByteBuf text =
                Unpooled.wrappedBuffer(new byte[] {'s', 'e', 'l', 'e', 'c', 't', ' ', '\'', (byte) 0x95, '\\', '\''});
        lexer.begin(SqlLexer.Backslash.PLAIN, true);
        lexer.feed(text, 0, text.writerIndex());
        assertEquals(Suspicion.NONE, lexer.end());
        lexer.begin(SqlLexer.Backslash.PLAIN, false);
        lexer.feed(text, 0, text.writerIndex());
        assertEquals(Suspicion.UNCLEAR, lexer.end());
        lexer.begin(SqlLexer.Backslash.PLAIN, false);
        lexer.feed(text, 0, 6);
        assertEquals(Suspicion.NONE, lexer.end());
    }
}

package dev.carpool.it;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * PREPARE, EXECUTE and DEALLOCATE while the server connection changes from transaction to transaction, and another client
 * uses the same names on the same connections.
 */
class SqlPreparedIT extends TwoClients {
    private static final int CONNECTIONS = 3;
    private static final String MINE =
            "select name || ':' || from_sql || ':' || statement from pg_prepared_statements order by name";

    @BeforeEach
    void start() throws Exception {
        login(ProxyUnderTest.inTurn(CONNECTIONS));
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Runs it often enough that every server connection is used by both clients. */
    private void often(Step step) throws Exception {
        for (int i = 0; i < 2 * CONNECTIONS + 1; i++) {
            proxy.awaitTurn();
            step.run();
        }
    }

    /** All values of the first column. */
    private static List<String> values(ScriptedClient client, String sql) throws Exception {
        return client.send(Wire.query(sql)).untilReady().stream()
                .filter(reply -> reply.type() == 'D')
                .map(reply -> reply.columns().get(0))
                .toList();
    }

    private static String field(ScriptedClient client, char which, String sql) throws Exception {
        return client.send(Wire.query(sql)).untilReady().stream()
                .filter(reply -> reply.type() == 'E')
                .map(reply -> reply.field(which))
                .findFirst()
                .orElse("");
    }

    @Test
    void noNameIsTheProxysOwn() throws Exception {
        for (String name : List.of("carpool_state", "carpool_sweep", "carpool_prepare")) {
            often(() -> b.query("do $$ begin end $$; select set_config('carpool.x', '1', false)"));
            assertEquals("26000", field(a, 'C', "deallocate " + name));
            assertEquals("C:PREPARE Z:I", a.query("prepare " + name + " as select 'mine'"));
            often(() -> {
                b.query("do $$ begin end $$; select set_config('carpool.x', '1', false)");
                assertEquals("mine", a.value("execute " + name));
            });
        }
    }

    @Test
    void theViewTellsInWhichOrderTheClientHasPrepared() throws Exception {
        String ordered = "select name from pg_prepared_statements order by prepare_time";
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            String name = "s" + (i * 7) % 12;
            names.add(name);
            if (i % 3 == 0) {
                a.query("prepare " + name + " as select " + i);
            } else {
                a.exchange(Wire.parse(name, "select " + i), Wire.sync());
            }
            if (i % 5 == 2) {
                assertEquals(names, values(a, ordered));
                String again = names.remove(1);
                a.query("deallocate " + again);
                a.exchange(Wire.parse(again, "select 'again'"), Wire.sync());
                names.add(again);
            }
        }
        often(() -> assertEquals(names, values(a, ordered)));
        a.query("begin");
        assertEquals(names, values(a, ordered));
        a.query("commit");
    }

    @Test
    void aViewOfTheClientsOwnShowsNothingOfOthers() throws Exception {
        String view = PostgresUnderTest.newName("prepared");
        b.query("create view " + view + " as select name, statement from pg_prepared_statements");
        for (int i = 0; i < 6; i++) {
            a.query("prepare secret_" + i + " as select 'of a'");
            a.query("execute secret_" + i);
            assertEquals("0", b.value("select count(*) from " + view + " where name like 'secret%'"));
        }
    }

    @Test
    void sameNamesStandForEachClientsOwn() throws Exception {
        assertEquals("C:PREPARE Z:I", a.query("prepare mine(int) as select $1 + 1"));
        assertEquals("C:PREPARE Z:I", b.query("prepare mine(int) as select $1 + 2"));
        often(() -> {
            assertEquals("5", a.value("execute mine(4)"));
            assertEquals("6", b.value("execute mine(4)"));
        });
        assertEquals("C:DEALLOCATE Z:I", a.query("deallocate mine"));
        often(() -> {
            assertEquals("E:26000 Z:I", a.query("execute mine(4)"));
            assertEquals("6", b.value("execute mine(4)"));
        });
        assertEquals("C:DEALLOCATE_ALL Z:I", b.query("deallocate all"));
        often(() -> assertEquals("E:26000 Z:I", b.query("execute mine(4)")));
    }

    @Test
    void sessionsWithStatementsShareOneConnectionEach() throws Exception {
        a.query("prepare mine as select pid from pg_stat_activity where client_port = inet_client_port()");
        Set<String> seen = new HashSet<>();
        Await.until("all connections have been used", () -> {
            seen.add(a.value("execute mine"));
            return seen.size() == CONNECTIONS;
        });
    }

    @Test
    void aNameIsTakenOnEveryConnection() throws Exception {
        a.query("prepare mine as select 1");
        often(() -> {
            assertEquals("E:42P05 Z:I", a.query("prepare mine as select 2"));
            assertEquals("1", a.value("execute mine"));
            assertEquals("E:42P05 Z:I", a.exchange(Wire.parse("mine", "select 3"), Wire.sync()));
        });
        assertEquals("E:26000 Z:I", b.query("execute mine"));
    }

    @Test
    void everyStatementThatExecutes() throws Exception {
        a.query("prepare mine as select 7 as seven");
        often(() -> {
            assertTrue(values(a, "explain (costs off) execute mine").contains("Result"));
            assertEquals("7", a.value("begin; execute mine; commit"));
            assertEquals("7", a.value("execute mine; prepare other as select 8; deallocate other"));
            assertEquals("7", a.value("begin; create temp table t on commit drop as execute mine; table t; commit"));
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 1; prepare mine as select 'm' || 'ine'; select 2",
                "do $$ begin execute 'prepare mine as select ''m'' || ''ine'''; end $$",
                "prepare mine as select 0; deallocate mine; prepare mine as select 'mine'",
                "PREPARE/* ; */ Mine AS SELECT 'mine' -- ;",
                "prepare \"mine\"(text, int) as select 'mine'; select 1/0",
                "begin; prepare mine as select 'mine'; rollback",
            })
    void whereverPrepared(String sql) throws Exception {
        a.query(sql);
        b.query("prepare mine(text, int) as select 'other'");
        boolean parameters = sql.contains("int");
        often(() -> {
            assertEquals("mine", a.value(parameters ? "execute mine('', 1)" : "execute mine"), sql);
            assertEquals("other", b.value("execute mine('', 1)"));
        });
    }

    @Test
    void inTransactions() throws Exception {
        a.query("prepare mine as select 1");
        often(() -> {
            a.query("begin");
            assertEquals("1", a.value("execute mine"));
            assertEquals("E:22012 Z:E", a.query("select 1/0"));
            assertEquals("E:25P02 Z:E", a.query("execute mine"));
            a.query("rollback");
            assertEquals("1", a.value("execute mine"));
        });
    }

    @Test
    void whatCannotBePreparedAgainIsMissedAlone() throws Exception {
        String table = PostgresUnderTest.newName("gone");
        b.query("create table " + table + " (i int)");
        a.query("prepare lost as select * from " + table);
        a.query("prepare mine as select 1");
        b.query("drop table " + table);
        often(() -> {
            a.query("begin");
            assertTrue(values(a, MINE).contains("mine:true:prepare mine as select 1"));
            assertEquals("1", a.value("execute mine"));
            assertEquals("C:COMMIT Z:I", a.query("commit"));
            assertEquals("42P01", field(a, 'C', "execute lost"));
            assertEquals("relation \"" + table + "\" does not exist", field(a, 'M', "execute lost"));
            assertEquals("26000", field(a, 'C', "execute never_there"));
        });
    }

    /** As ECPG does it at the end of its connections. */
    @Test
    void aStatementOfTheProtocolThatCannotBePreparedAgainCanBeGivenUpInSql() throws Exception {
        String table = PostgresUnderTest.newName("gone");
        for (int i = 0; i < 3; i++) {
            a.query("begin; create table " + table + " (i int)");
            assertEquals("1 Z:T", a.exchange(Wire.parse("lost", "select * from " + table), Wire.sync()));
            a.query("rollback");
            proxy.awaitTurn();
            assertEquals("C:DEALLOCATE Z:I", a.query("deallocate \"lost\""));
            assertEquals("26000", field(a, 'C', "deallocate lost"));
            assertEquals("E:26000 Z:I", a.exchange(Wire.bind("", "lost"), Wire.sync()));
        }
    }

    @Test
    void whatCannotBePreparedAgainCanBeGivenUp() throws Exception {
        String table = PostgresUnderTest.newName("gone");
        b.query("create table " + table + " (i int)");
        for (int i = 0; i < 6; i++) {
            a.query("prepare lost" + i + " as select * from " + table);
        }
        b.query("drop table " + table);
        for (int i = 0; i < 6; i += 2) {
            proxy.awaitTurn();
            assertEquals("C:DEALLOCATE Z:I", a.query("deallocate lost" + i));
            b.query("begin");
            a.query("begin");
            assertEquals("1 2 C:DEALLOCATE Z:T", a.exchange(Wire.extended("deallocate \"lost" + (i + 1) + "\"")));
            assertEquals("C:COMMIT Z:I", a.query("commit"));
            b.query("commit");
        }
        often(() -> {
            assertEquals("0", a.value("select count(*) from pg_prepared_statements"));
            assertEquals("26000", field(a, 'C', "deallocate lost0"));
        });
    }

    @Test
    void whatIsNotGivenUpAfterAllIsThereAsEver() throws Exception {
        a.query("prepare kept as select 'kept'");
        often(() -> {
            assertEquals("22012", field(a, 'C', "select 1/0; deallocate kept"));
            assertEquals("kept", a.value("execute kept"));
            assertEquals("kept", a.value("execute kept"));
        });
    }

    @Test
    void aTextMeansWhatItMeantWhenItWasPrepared() throws Exception {
        a.query("set timezone to 'Asia/Tokyo'");
        a.query("prepare mine as select extract(epoch from timestamptz '1970-01-02 00:00')::int");
        a.query("set timezone to 'UTC'");
        often(() -> {
            assertEquals("54000", a.value("execute mine"));
            assertEquals("UTC", a.value("show timezone"));
            b.query("begin");
            assertEquals("UTC", a.value("show timezone"));
            b.query("commit");
        });
        often(() -> {
            a.query("begin");
            a.query("set local timezone to 'Europe/Berlin'");
            assertEquals("54000", a.value("execute mine"));
            assertEquals("Europe/Berlin", a.value("show timezone"));
            assertEquals("C:COMMIT", a.query("commit").replaceAll(" ?S:TimeZone=UTC| ?Z:I", ""));
            assertEquals("UTC", a.value("show timezone"));
            assertEquals("UTC", a.parameters().get("TimeZone"));
        });
    }

    @Test
    void extendedRequests() throws Exception {
        b.query("prepare mine(text) as select 'b'");
        assertEquals("1 2 C:PREPARE Z:I", a.exchange(Wire.extended("prepare mine(text) as select $1 || '!'")));
        often(() -> {
            assertEquals(
                    "1 2 T D:x! C:SELECT_1 Z:I",
                    a.exchange(
                            Wire.parse("", "execute mine('x')"),
                            Wire.bind("", ""),
                            Wire.describe('P', ""),
                            Wire.execute("", 0),
                            Wire.sync()));
            assertEquals("2 D:y! C:SELECT_1 Z:I", a.exchange(Wire.run("mine", "y")));
            assertEquals("t T Z:I", a.exchange(Wire.describe('S', "mine"), Wire.sync()));
            assertEquals(
                    "1 2 C:BEGIN 2 D:y! C:SELECT_1 1 2 D:x! C:SELECT_1 Z:T",
                    a.exchange(
                            Wire.parse("", "begin"),
                            Wire.bind("", ""),
                            Wire.execute("", 0),
                            Wire.bind("", "mine", "y"),
                            Wire.execute("", 0),
                            Wire.extended("execute mine('x')")));
            assertEquals("C:COMMIT Z:I", a.query("commit"));
            assertEquals("b", b.value("execute mine('')"));
        });
        assertEquals("3 Z:I", a.exchange(Wire.close('S', "mine"), Wire.sync()));
        often(() -> {
            assertEquals("E:26000 Z:I", a.exchange(Wire.bind("", "mine", "y"), Wire.sync()));
            assertEquals("E:26000 Z:I", a.query("execute mine('x')"));
            assertEquals("b", b.value("execute mine('')"));
        });
    }

    @Test
    void inTheMiddleOfABatch() throws Exception {
        a.query("prepare mine as select 7");
        often(() -> {
            b.query("select 1");
            assertEquals(
                    "1 2 D:1 C:SELECT_1 1 2 D:7 C:SELECT_1 Z:I",
                    a.exchange(
                            Wire.parse("", "select 1"),
                            Wire.bind("", ""),
                            Wire.execute("", 0),
                            Wire.extended("execute mine")));
        });
    }

    @Test
    void pipelined() throws Exception {
        b.query("prepare mine as select 'b'");
        often(() -> {
            a.send(
                    Wire.query("begin"),
                    Wire.query("prepare mine as select 'a'"),
                    Wire.query("execute mine"),
                    Wire.query("commit"),
                    Wire.query("execute mine"),
                    Wire.query("deallocate mine"),
                    Wire.query("execute mine"));
            assertEquals("C:BEGIN Z:T", a.replies());
            assertEquals("C:PREPARE Z:T", a.replies());
            assertEquals("T D:a C:SELECT_1 Z:T", a.replies());
            assertEquals("C:COMMIT Z:I", a.replies());
            assertEquals("T D:a C:SELECT_1 Z:I", a.replies());
            assertEquals("C:DEALLOCATE Z:I", a.replies());
            assertEquals("E:26000 Z:I", a.replies());
            assertEquals("b", b.value("execute mine"));
        });
    }

    @Test
    void statementsOfTheProtocolInSql() throws Exception {
        a.exchange(Wire.parse("mine", "select $1::int + 1"), Wire.sync());
        b.exchange(Wire.parse("mine", "select $1::int + 2"), Wire.sync());
        often(() -> {
            assertEquals("5", a.value("execute mine(4)"));
            assertEquals("6", b.value("execute mine(4)"));
            assertEquals("E:42P05 Z:I", a.query("prepare mine as select 1"));
            assertEquals("2 D:6 C:SELECT_1 Z:I", b.exchange(Wire.run("mine", "4")));
        });
        assertEquals("C:DEALLOCATE Z:I", a.query("deallocate mine"));
        often(() -> {
            assertEquals("E:26000 Z:I", a.exchange(Wire.bind("", "mine", "4"), Wire.sync()));
            assertEquals("E:26000 Z:I", a.query("execute mine(4)"));
            assertEquals("6", b.value("execute mine(4)"));
        });
        assertEquals("1 Z:I", a.exchange(Wire.parse("mine", "select 'new'"), Wire.sync()));
        often(() -> assertEquals("new", a.value("execute mine")));
        assertEquals("C:SELECT_1 C:DEALLOCATE Z:I", withoutRows(a.query("select 1; deallocate mine")));
        assertEquals("E:26000 Z:I", a.exchange(Wire.bind("", "mine"), Wire.sync()));
    }

    @Test
    void theViewShowsStatementsOfTheProtocolThatCannotBePreparedAnyMore() throws Exception {
        String table = PostgresUnderTest.newName("shown");
        b.query("create table " + table + " (i int)");
        a.exchange(Wire.parse("mine", "select i from " + table), Wire.sync());
        a.query("set search_path to nowhere");
        often(() -> {
            assertEquals(List.of("mine"), values(a, "select name from pg_prepared_statements"));
            b.query("select 1");
        });
        b.query("drop table " + table);
    }

    @Test
    void twiceInOneText() throws Exception {
        a.query("set statement_timeout to 0; prepare mine as select 'first'; prepare mine as select 'second'");
        a.query("do $$ begin end $$");
        often(() -> {
            assertEquals("first", a.value("execute mine"));
            assertEquals("E:42P05 Z:I", a.exchange(Wire.parse("mine", "select 1"), Wire.sync()));
            b.query("select 1");
        });
    }

    @Test
    void behindCodeBlocksInOneText() throws Exception {
        a.exchange(Wire.parse("mine", "select $1::int + 1"), Wire.sync());
        often(() -> {
            assertEquals("C:DO T D:5 C:SELECT_1 Z:I", a.query("do $$ begin end $$; execute mine(4)"));
            assertEquals("C:DO E:42P05 Z:I", a.query("do $$ begin end $$; prepare mine as select 1"));
            b.query("select 1");
        });
    }

    @Test
    void behindTheEndOfAFailedTransaction() throws Exception {
        a.query("prepare mine as select current_setting('TimeZone')");
        b.query("prepare mine as select 'of another'");
        String zone = a.value("show timezone");
        often(() -> {
            a.query("begin");
            a.query("set timezone to 'Asia/Tokyo'");
            a.query("savepoint s");
            a.query("select 1/0");
            assertEquals("C:ROLLBACK T D:Asia/Tokyo C:SELECT_1 Z:T", a.query("rollback to s; execute mine"));
            a.query("select 1/0");
            assertEquals(
                    "C:ROLLBACK S:TimeZone=" + zone + " T D:" + zone + " C:SELECT_1 Z:I",
                    inOrder(a.query("rollback; execute mine")));
            a.query("begin");
            a.query("select 1/0");
            assertEquals("C:ROLLBACK T D:" + zone + " C:SELECT_1 Z:I", a.query("commit; execute mine"));
            a.query("begin");
            a.query("select 1/0");
            assertEquals("E:25P02 Z:E", a.exchange(Wire.describe('S', "mine"), Wire.sync()));
            assertEquals("E:25P02 Z:E", a.exchange(Wire.bind("", "mine"), Wire.sync()));
            a.query("rollback");
            b.query("execute mine");
        });
    }

    /** Where ParameterStatus stands depends on whether the server connection had the statement. */
    private static String inOrder(String replies) {
        return replies.replaceAll("^(S:\\S+ )(C:ROLLBACK )", "$2$1")
                .replaceAll("^(C:ROLLBACK )(.*?)(S:\\S+ )", "$1$3$2");
    }

    private static String withoutRows(String replies) {
        return replies.replace("T D:1 ", "");
    }

    @Test
    void theViewShowsTheClientsOwn() throws Exception {
        assertEquals(List.of(), values(a, MINE));
        a.query("prepare one as select 1");
        a.query("create temp table t on commit drop as select 1");
        a.query("do $$ begin end $$");
        a.exchange(Wire.parse("two", "select 2"), Wire.sync());
        b.query("prepare one as select 11");
        b.query("prepare other as select 12");
        b.exchange(Wire.parse("third", "select 13"), Wire.run("third"));
        List<String> expected = List.of("one:true:prepare one as select 1", "two:false:select 2");
        often(() -> {
            assertEquals(expected, values(a, MINE));
            assertEquals(
                    List.of(
                            "one:true:prepare one as select 11",
                            "other:true:prepare other as select 12",
                            "third:false:select 13"),
                    values(b, MINE));
            assertEquals("2 D:2 C:SELECT_1 Z:I", a.exchange(Wire.run("two")));
            a.query("begin");
            assertEquals(expected, values(a, MINE));
            assertEquals("C:COMMIT Z:I", a.query("commit"));
        });
        a.query("deallocate all");
        assertEquals(List.of(), values(a, MINE));
    }

    @Test
    void theViewThroughStatementsOfTheProtocol() throws Exception {
        a.query("prepare one as select 1");
        b.query("prepare other as select 1");
        assertEquals("1 Z:I", a.exchange(Wire.parse("view", "select name from pg_prepared_statements"), Wire.sync()));
        often(() -> {
            List<Reply> replies = a.send(Wire.run("view")).untilReady();
            assertEquals(
                    List.of("one", "view"),
                    replies.stream()
                            .filter(reply -> reply.type() == 'D')
                            .map(reply -> reply.columns().get(0))
                            .sorted()
                            .toList());
            b.query("select 1");
        });
    }

    @Test
    void whatStatementsDoIsFollowed() throws Exception {
        a.query("prepare sets(text) as select set_config('work_mem', $1, false)");
        a.query("execute sets('11MB')");
        often(() -> {
            assertEquals("11MB", a.value("show work_mem"));
            assertEquals("4MB", b.value("show work_mem"));
        });
        a.query("prepare locks as select pg_advisory_lock(771)");
        a.query("execute locks");
        assertEquals("f", b.value("select pg_try_advisory_lock(771)"));
    }

    @Test
    void aClientThatLeavesLeavesNothing() throws Exception {
        for (int i = 0; i < CONNECTIONS; i++) {
            try (ScriptedClient c = proxy.login()) {
                c.query("prepare mine as select 'c'");
            }
        }
        often(() -> {
            assertEquals("E:26000 Z:I", a.query("execute mine"));
            assertEquals("E:26000 Z:I", a.exchange(Wire.bind("", "mine"), Wire.sync()));
            assertEquals(List.of(), values(a, MINE));
            assertEquals("C:PREPARE Z:I", a.query("prepare mine as select 1"));
            assertEquals("C:DEALLOCATE Z:I", a.query("deallocate mine"));
        });
    }

    @Test
    void longTexts() throws Exception {
        String longText = "prepare mine as select '" + "x".repeat(20_000) + "'";
        b.query("prepare mine as select 'b'");
        assertEquals("C:PREPARE Z:I", a.query(longText));
        often(() -> {
            assertEquals(20_000, a.value("execute mine").length());
            assertEquals("b", b.value("execute mine"));
        });
    }

    @Test
    void throughPgjdbc() throws Exception {
        try (Connection one = proxy.connect("prepareThreshold", "1");
                Connection two = proxy.connect("prepareThreshold", "1")) {
            Sql.run(one, "prepare mine(int) as select $1 + 1");
            Sql.run(two, "prepare mine(int) as select $1 + 2");
            one.setAutoCommit(false);
            try (PreparedStatement statement = one.prepareStatement("execute mine(4)")) {
                often(() -> {
                    try (var rows = statement.executeQuery()) {
                        assertTrue(rows.next());
                        assertEquals(5, rows.getInt(1));
                    }
                    one.commit();
                    assertEquals("6", Sql.value(two, "execute mine(4)"));
                });
            }
            one.setAutoCommit(true);
            Sql.run(one, "deallocate mine");
            assertEquals("26000", Sql.state(() -> Sql.value(one, "execute mine(4)")));
            Sql.run(one, "deallocate all");
            assertEquals("6", Sql.value(two, "execute mine(4)"));
        }
    }
}

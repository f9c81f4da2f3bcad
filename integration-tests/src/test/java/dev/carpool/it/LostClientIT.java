package dev.carpool.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** A client that vanishes costs no server connection. */
class LostClientIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();
    private ProxyUnderTest proxy;
    private ScriptedClient lost;
    private ScriptedClient other;
    private int backend;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start(ProxyUnderTest.sharing("default_pool_size=1"));
        lost = proxy.login();
        other = proxy.login();
        backend = other.backend();
    }

    @AfterEach
    void stop() throws Exception {
        lost.close();
        other.close();
        proxy.close();
    }

    private void awaitActive(String sql) throws Exception {
        Await.until(
                "the server works on it",
                () -> postgres.ask(
                                "select count(*) from pg_stat_activity where pid = ? and state <> 'idle' and query like ?",
                                backend,
                                sql)
                        .equals("1"));
    }

    private void assertReused() throws Exception {
        assertEquals(backend, other.backend());
        assertEquals("T D:1 C:SELECT_1 Z:I", other.query("select 1"));
        assertEquals("1 2 D:2 C:SELECT_1 Z:I", other.exchange(Wire.extended("select 2")));
        Await.until("the session is forgotten", () -> proxy.sessions() == 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void inTheMiddleOfAQuery(boolean byReset) throws Exception {
        lost.send(Wire.query("select pg_sleep(600)"));
        awaitActive("select pg_sleep%");
        vanish(byReset);
        assertReused();
    }

    private void vanish(boolean byReset) throws Exception {
        if (byReset) {
            lost.vanish();
        } else {
            lost.close();
        }
    }

    @Test
    void inTheMiddleOfAnExtendedQuery() throws Exception {
        lost.send(Wire.parse("s", "select pg_sleep(600)"), Wire.run("s"));
        awaitActive("select pg_sleep%");
        lost.vanish();
        assertReused();
    }

    @Test
    void beforeTheSyncOfABatch() throws Exception {
        lost.send(Wire.parse("s", "select 1"), Wire.bind("", "s"), Wire.execute("", 0), Wire.flush());
        lost.until('C');
        lost.vanish();
        assertReused();
    }

    @Test
    void withManyQueriesInFlight() throws Exception {
        for (int i = 0; i < 100; i++) {
            lost.send(Wire.query("select pg_sleep(600)"));
        }
        awaitActive("select pg_sleep%");
        lost.vanish();
        assertEquals("T D:1 C:SELECT_1 Z:I", other.query("select 1"));
    }

    @Test
    void inTheMiddleOfATransaction() throws Exception {
        String table = PostgresUnderTest.newName("rolled_back");
        other.query("create table " + table + " (i int)");
        lost.query("begin");
        lost.query("insert into " + table + " values (1)");
        lost.query("lock table " + table);
        lost.vanish();
        assertEquals("T D:0 C:SELECT_1 Z:I", other.query("select count(*) from " + table));
        assertReused();
    }

    @Test
    void inAFailedTransaction() throws Exception {
        lost.query("begin");
        assertEquals("E:42601 Z:E", lost.query("selec"));
        lost.close();
        assertReused();
    }

    @Test
    void inTheMiddleOfACopyIn() throws Exception {
        String table = PostgresUnderTest.newName("copied");
        other.query("create table " + table + " (i int)");
        lost.send(Wire.query("copy " + table + " from stdin"));
        lost.expect('G');
        lost.send(Wire.copyData("1\n"));
        awaitActive("copy %");
        lost.vanish();
        assertEquals("T D:0 C:SELECT_1 Z:I", other.query("select count(*) from " + table));
        assertReused();
    }

    @Test
    void inTheMiddleOfAnExtendedCopyIn() throws Exception {
        String table = PostgresUnderTest.newName("copied");
        other.query("create table " + table + " (i int)");
        lost.send(
                Wire.parse("", "copy " + table + " from stdin"), Wire.bind("", ""), Wire.execute("", 0), Wire.flush());
        lost.until('G');
        lost.send(Wire.copyData("1\n"));
        lost.vanish();
        assertEquals("T D:0 C:SELECT_1 Z:I", other.query("select count(*) from " + table));
        assertReused();
    }

    @Test
    void afterCopyDoneButBeforeTheSync() throws Exception {
        String table = PostgresUnderTest.newName("copied");
        other.query("create table " + table + " (i int)");
        lost.send(
                Wire.parse("", "copy " + table + " from stdin"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.copyData("1\n"),
                Wire.copyDone(),
                Wire.flush());
        lost.until('C');
        lost.vanish();
        assertReused();
    }

    @Test
    void inTheMiddleOfACopyOut() throws Exception {
        lost.send(Wire.query("copy (select repeat('x', 1000) from generate_series(1, 10000000)) to stdout"));
        lost.expect('H');
        lost.expect('d');
        lost.vanish();
        assertReused();
    }

    @Test
    void inTheMiddleOfALongResult() throws Exception {
        lost.send(Wire.query("select repeat('x', 1000) from generate_series(1, 10000000)"));
        lost.expect('T');
        lost.expect('D');
        lost.vanish();
        assertReused();
    }

    @Test
    void inTheMiddleOfAMessage() throws Exception {
        byte[] query = Wire.query("select '" + "x".repeat(100_000) + "'");
        lost.send(Wire.part(query, 0, 50_000));
        Await.until("the server has the first half", () -> proxy.idle() == 0);
        lost.vanish();
        assertEquals("T D:1 C:SELECT_1 Z:I", other.query("select 1"));
        assertEquals(1, proxy.open());
    }

    @Test
    void inTheMiddleOfAShortMessage() throws Exception {
        lost.send(Wire.part(Wire.query("select 1"), 0, 7));
        lost.vanish();
        assertEquals("T D:1 C:SELECT_1 Z:I", other.query("select 1"));
        lost = proxy.login();
        lost.send(Wire.part(Wire.query("select 1"), 0, 3));
        lost.vanish();
        assertEquals("T D:1 C:SELECT_1 Z:I", other.query("select 1"));
    }

    @Test
    void whileItQueues() throws Exception {
        other.query("begin");
        lost.send(Wire.query("select 'nobody wants this'"));
        Await.until("it queues", () -> proxy.waiting() == 1);
        lost.vanish();
        Await.until("it has left the queue", () -> proxy.waiting() == 0);
        other.query("commit");
        assertReused();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void behindAGoodbye(boolean byReset) throws Exception {
        String table = PostgresUnderTest.newName("kept");
        other.query("create table " + table + " (i int)");
        other.query("begin");
        String insert = "insert into " + table + " values (1)";
        lost.send(Wire.all(Wire.query(insert), Wire.query(insert), Wire.terminate()));
        Await.until("it queues", () -> proxy.waiting() == 1);
        vanish(byReset);
        other.query("commit");
        Await.until(
                "its requests are carried out",
                () -> other.query("select count(*) from " + table).equals("T D:2 C:SELECT_1 Z:I"));
        assertReused();
    }

    @Test
    void duringLogin() throws Exception {
        for (int i = 0; i < 20; i++) {
            try (ScriptedClient client = proxy.client()) {
                byte[] startup = Wire.startup(
                        Wire.VERSION_3_0,
                        java.util.Map.of("user", "app", "database", "app", "application_name", "x" + i));
                client.send(Wire.part(startup, 0, Math.min(startup.length, 3 * i)));
                if (i >= 15) {
                    client.send(Wire.part(startup, Math.min(startup.length, 3 * i), startup.length));
                    client.expect('R');
                    if (i >= 17) {
                        client.send(Wire.password(PostgresUnderTest.APP_PASSWORD));
                    }
                }
                client.vanish();
            }
        }
        lost.close();
        assertReused();
    }

    @Test
    void atAnyMoment() throws Exception {
        try (ProxyUnderTest two = ProxyUnderTest.start("default_pool_size=2");
                ScriptedClient witness = two.login()) {
            Random random = new Random(20261120);
            byte[] conversation = Wire.all(
                    Wire.query("begin"),
                    Wire.parse("s", "select $1::int, repeat('x', 5000)"),
                    Wire.bind("p", "s", "1"),
                    Wire.describe('P', "p"),
                    Wire.execute("p", 0),
                    Wire.sync(),
                    Wire.query("set timezone to 'Asia/Tokyo'"),
                    Wire.query("create temp table witness_sees_nothing (i int)"),
                    Wire.query("copy witness_sees_nothing from stdin"),
                    Wire.copyData("1\n"),
                    Wire.copyDone(),
                    Wire.query("select repeat('y', 20000) from generate_series(1, 100)"),
                    Wire.query("commit"),
                    Wire.query("prepare p as select 1"));
            String timeZone = witness.value("show timezone");
            for (int i = 0; i < 150; i++) {
                List<ScriptedClient> clients = new ArrayList<>();
                for (int n = 0; n < 2; n++) {
                    ScriptedClient client = two.login();
                    client.send(Wire.part(conversation, 0, random.nextInt(conversation.length)));
                    clients.add(client);
                }
                assertEquals("T D:" + i + " C:SELECT_1 Z:I", witnessed(witness, clients, random, i));
                assertEquals(timeZone, witness.value("show timezone"));
                assertEquals(
                        "true", witness.value("select (to_regclass('pg_temp.witness_sees_nothing') is null)::text"));
            }
            Await.until("all connections are back", () -> two.idle() == two.open());
        }
    }

    private static String witnessed(ScriptedClient witness, List<ScriptedClient> clients, Random random, int i)
            throws Exception {
        witness.send(Wire.query("select " + i));
        for (ScriptedClient client : clients) {
            if (random.nextBoolean()) {
                client.vanish();
            } else {
                client.close();
            }
        }
        return witness.replies();
    }
}

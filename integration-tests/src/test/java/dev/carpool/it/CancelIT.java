package dev.carpool.it;

import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class CancelIT extends TwoClients {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    @BeforeEach
    void start() throws Exception {
        login(ProxyUnderTest.start("default_pool_size=1", "max_server_connections=1", "fair_share_quantum=1ms"));
    }

    private void cancel(ScriptedClient victim) throws Exception {
        cancel(victim.processId(), victim.key());
    }

    private void cancel(int processId, byte[] key) throws Exception {
        try (ScriptedClient cancel = proxy.client()) {
            cancel.send(Wire.cancelRequest(processId, key)).expectClosed();
        }
    }

    /** Starts a query that goes on until it is cancelled. */
    private void run(ScriptedClient client) throws Exception {
        client.send(Wire.query("select 'endless', pg_sleep(600)"));
        awaitRunning();
    }

    private void awaitRunning() throws Exception {
        Await.until("the endless query runs", () -> running() == 1);
    }

    private int running() throws Exception {
        return Integer.parseInt(postgres.ask("select count(*) from pg_stat_activity where state = 'active'"
                + " and wait_event = 'PgSleep' and pid <> pg_backend_pid()"));
    }

    @Test
    void endsARunningQueryAndTheSessionGoesOn() throws Exception {
        run(a);
        cancel(a);
        assertEquals("T E:57014 Z:I", a.replies());
        assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
        assertEquals("T D:1 C:SELECT_1 Z:I", b.query("select 1"));
    }

    @Test
    void takesLongKeys() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            client.startup(Wire.VERSION_3_2, "app", "app").authenticate(PostgresUnderTest.APP_PASSWORD);
            assertTrue(client.key().length > 4);
            run(client);
            cancel(client);
            assertEquals("T E:57014 Z:I", client.replies());
        }
    }

    @Test
    void ignoresWrongKeys() throws Exception {
        run(a);
        byte[] wrong = a.key().clone();
        wrong[3] ^= 1;
        cancel(a.processId(), wrong);
        cancel(a.processId() + 1, a.key());
        cancel(a.processId(), Wire.part(a.key(), 0, 3));
        cancel(a.processId(), new byte[0]);
        cancel(a.processId(), new byte[255]);
        cancel(b);
        assertEquals(1, running());
        cancel(a);
        assertEquals("T E:57014 Z:I", a.replies());
    }

    @Test
    void endsAQueuedQuery() throws Exception {
        a.query("begin");
        b.send(Wire.query("select 'never run'"));
        Await.until("b queues", () -> proxy.waiting() == 1);
        cancel(b);
        assertEquals("E:57014 Z:I", b.replies());
        assertEquals(0, proxy.waiting());
        a.query("commit");
        assertEquals("T D:2 C:SELECT_1 Z:I", b.query("select 2"));
    }

    @Test
    void endsAQueuedBatch() throws Exception {
        a.query("begin");
        b.send(Wire.parse("s", "select 1"), Wire.run("s"));
        Await.until("b queues", () -> proxy.waiting() == 1);
        cancel(b);
        assertEquals("E:57014 Z:I", b.replies());
        a.query("commit");
        assertEquals("E:26000 Z:I", b.exchange(Wire.run("s")));
        assertEquals("1 2 D:2 C:SELECT_1 Z:I", b.exchange(Wire.parse("s", "select 2"), Wire.run("s")));
    }

    @Test
    void doesNotQueueBehindTheOthers() throws Exception {
        run(a);
        b.send(Wire.query("select 'b'"));
        try (ScriptedClient c = proxy.login();
                ScriptedClient d = proxy.login()) {
            c.send(Wire.query("select 'c'"));
            d.send(Wire.query("select 'd'"));
            Await.until("three queue", () -> proxy.waiting() == 3);
            cancel(a);
            assertEquals("T E:57014 Z:I", a.replies());
            assertEquals("T D:b C:SELECT_1 Z:I", b.replies());
            assertEquals("T D:c C:SELECT_1 Z:I", c.replies());
            assertEquals("T D:d C:SELECT_1 Z:I", d.replies());
        }
    }

    @Test
    void doesNothingToAnIdleTransaction() throws Exception {
        a.query("begin");
        cancel(a);
        assertEquals("T D:1 C:SELECT_1 Z:T", a.query("select 1"));
        assertEquals("C:COMMIT Z:I", a.query("commit"));
    }

    @Test
    void keepsTheTransactionFailedAsPostgresDoes() throws Exception {
        a.query("begin");
        run(a);
        cancel(a);
        assertEquals("T E:57014 Z:E", a.replies());
        assertEquals("E:25P02 Z:E", a.query("select 1"));
        assertEquals("C:ROLLBACK Z:I", a.query("rollback"));
    }

    @Test
    void lateCancelsNeverHitTheNextClient() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        Background<Integer> cancels = Background.start(() -> {
            int sent = 0;
            for (; !stop.get(); sent++) {
                cancel(a);
            }
            return sent;
        });
        Background<Integer> queries = Background.start(() -> {
            int cancelled = 0;
            while (!stop.get()) {
                String replies = a.query("select pg_sleep(0.002)");
                if (replies.endsWith("E:57014 Z:I")) {
                    cancelled++;
                } else {
                    assertEquals("T D: C:SELECT_1 Z:I", replies);
                }
            }
            return cancelled;
        });
        try {
            for (int i = 0; i < 400; i++) {
                assertEquals("T D:" + i + " C:SELECT_1 Z:I", b.query("select " + i + " from pg_sleep(0.001)"));
                assertEquals(
                        "1 2 D:" + i + " C:SELECT_1 Z:I",
                        b.exchange(Wire.extended("select " + i + " from pg_sleep(0.001)")));
            }
        } finally {
            stop.set(true);
        }
        assertTrue(cancels.result() > 10);
        queries.result();
        assertEquals("T D:1 C:SELECT_1 Z:I", b.query("select 1"));
    }

    @Test
    void worksFromJdbc() throws Exception {
        try (Connection connection = proxy.connect();
                Statement statement = connection.createStatement()) {
            Background<String> running =
                    Background.start(() -> Sql.state(() -> statement.execute("select pg_sleep(600)")));
            awaitRunning();
            statement.cancel();
            assertEquals("57014", running.result());
            statement.setQueryTimeout(1);
            assertEquals("57014", Sql.state(() -> statement.execute("select pg_sleep(600)")));
            statement.setQueryTimeout(0);
            assertEquals("1", Sql.value(connection, "select 1"));
        }
    }
}

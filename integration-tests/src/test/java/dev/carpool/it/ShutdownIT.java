package dev.carpool.it;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ShutdownIT {
    private ProxyUnderTest proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("default_pool_size=1");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private Background<Boolean> stopWithin(Duration grace) {
        return Background.start(() -> {
            proxy.stop(grace);
            return true;
        });
    }

    @Test
    void tellsIdleClientsAndTakesNoMore() throws Exception {
        try (ScriptedClient idle = proxy.login();
                ScriptedClient early = proxy.client()) {
            assertTrue(proxy.proxy().isReady());
            var address = proxy.address();
            Background<Boolean> stopping = stopWithin(Duration.ofSeconds(20));
            assertEquals("57P01", idle.expectFatal().field('C'));
            assertFalse(proxy.proxy().isReady());
            early.vanish();
            stopping.result();
            assertThrows(
                    IOException.class, () -> ScriptedClient.connect(address).close());
        }
    }

    @Test
    void letsTransactionsEnd() throws Exception {
        try (ScriptedClient working = proxy.login()) {
            String table = PostgresUnderTest.newName("survives");
            working.query("begin");
            Background<Boolean> stopping = stopWithin(Duration.ofSeconds(20));
            Await.until("it stops", () -> !proxy.proxy().isReady());
            assertEquals("C:CREATE_TABLE Z:T", working.query("create table " + table + " (i int)"));
            working.send(Wire.query("commit"));
            assertEquals("C:COMMIT Z:I", working.replies());
            assertEquals("57P01", working.expectFatal().field('C'));
            stopping.result();
            assertEquals(
                    "0",
                    PostgresUnderTest.shared()
                            .ask("select count(*) from pg_stat_activity where query like '%" + table + " %'"
                                    + " and pid <> pg_backend_pid()"));
        }
    }

    @Test
    void endsTransactionsThatTakeTooLong() throws Exception {
        try (ScriptedClient working = proxy.login()) {
            working.query("begin");
            Background<Boolean> stopping = stopWithin(Duration.ofMillis(300));
            assertEquals("57P01", working.expectFatal().field('C'));
            stopping.result();
        }
    }

    @Test
    void refusesThoseWhoQueue() throws Exception {
        try (ScriptedClient working = proxy.login();
                ScriptedClient queued = proxy.login()) {
            working.query("begin");
            queued.send(Wire.query("select 1"));
            Await.until("it queues", () -> proxy.waiting() == 1);
            Background<Boolean> stopping = stopWithin(Duration.ofSeconds(20));
            assertEquals("57P01", queued.expectFatal().field('C'));
            working.query("commit");
            assertEquals("57P01", working.expectFatal().field('C'));
            stopping.result();
        }
    }

    @Test
    void aSecondStopEndsItAtOnce() throws Exception {
        try (ScriptedClient working = proxy.login()) {
            working.query("begin");
            Background<Boolean> stopping = stopWithin(Duration.ofHours(1));
            Await.until("it stops", () -> !proxy.proxy().isReady());
            assertFalse(stopping.isDone());
            proxy.close();
            assertEquals("57P01", working.expectFatal().field('C'));
            stopping.result();
        }
    }

    @Test
    void leavesNoServerConnectionsBehind() throws Exception {
        String database = PostgresUnderTest.shared().newDatabase("left");
        try (ScriptedClient client = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
            client.query("select 1");
            assertTrue(PostgresUnderTest.shared().backends(database) > 0);
        }
        proxy.stop(Duration.ofSeconds(1));
        Await.until("the server knows", () -> PostgresUnderTest.shared().backends(database) == 0);
    }

    /** A server that does not mind the farewell: its connection must not stay open as long as the process. */
    @Test
    void closesItsSocketsBeforeItsThreadsEnd() throws Exception {
        AtomicInteger ended = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
            peer.welcome();
            peer.query();
            peer.send(Wire.complete("SELECT 0"), Wire.ready('I'));
            peer.awaitEnd();
            ended.incrementAndGet();
        })) {
            ProxyUnderTest one = ProxyUnderTest.inFrontOf(server.url(), "auth_type=trust", "default_pool_size=1");
            try (ScriptedClient client = one.loginAs("app", "", "app")) {
                assertEquals("C:SELECT_0 Z:I", client.query("select"));
            } finally {
                one.close();
            }
            assertEquals(1, server.accepted());
            Await.until("the server knows", () -> ended.get() == 1);
        }
    }

    @Test
    void cancelsWhatRunsWhenItIsCut() throws Exception {
        String database = PostgresUnderTest.shared().newDatabase("left");
        try (ScriptedClient client = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
            client.send(Wire.query("select pg_sleep(600)"));
            Await.until(
                    "it runs",
                    () -> PostgresUnderTest.shared()
                            .ask(
                                    "select count(*) from pg_stat_activity where datname = ? and wait_event = 'PgSleep'",
                                    database)
                            .equals("1"));
            proxy.close();
            assertEquals("57P01", client.expectFatal().field('C'));
        }
        Await.until("the server has ended it", () -> PostgresUnderTest.shared().backends(database) == 0);
    }
}

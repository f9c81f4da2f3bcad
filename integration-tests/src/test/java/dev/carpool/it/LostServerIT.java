package dev.carpool.it;

import dev.carpool.demo.EmbeddedPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Servers that end, in all ways and at all times. The server is this class's own. */
class LostServerIT {
    private static EmbeddedPostgres postgres;
    private ProxyUnderTest proxy;
    private ScriptedClient client;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = EmbeddedPostgres.builder().hba("host all all all trust").start();
    }

    @AfterAll
    static void stopServer() {
        postgres.close();
    }

    @BeforeEach
    void start() throws Exception {
        postgres.start();
        proxy = ProxyUnderTest.inFrontOf("postgresql://127.0.0.1:" + postgres.port(), "default_pool_size=2");
        client = login();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        proxy.close();
    }

    private ScriptedClient login() throws Exception {
        return proxy.loginAs("postgres", "postgres", "postgres");
    }

    private void awaitSleeping() throws Exception {
        Await.until("the query runs", () -> {
            try (var direct = postgres.connect("postgres")) {
                return Sql.number(direct, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") > 0;
            }
        });
    }

    private static void assertAnswers(ScriptedClient client) throws Exception {
        assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
    }

    private static void assertEnded(ScriptedClient client, String... states) throws Exception {
        List<Reply> replies = client.until('E');
        Reply error = replies.get(replies.size() - 1);
        assertEquals("FATAL", error.field('V'), error::toString);
        assertTrue(List.of(states).contains(error.field('C')), error::toString);
        client.expectClosed();
    }

    private void terminate(int backend) throws Exception {
        postgres.execute("select pg_terminate_backend(" + backend + ", 10000)");
    }

    @Test
    void nobodyNoticesThatAnIdleConnectionWasTerminated() throws Exception {
        for (int i = 0; i < 10; i++) {
            terminate(client.backend());
            assertAnswers(client);
        }
    }

    @Test
    void preparedStatementsAndSettingsSurviveIt() throws Exception {
        client.query("set timezone to 'Asia/Tokyo'");
        client.exchange(Wire.parse("s", "select 'still here'"), Wire.sync());
        client.exchange(Wire.parse("", "select 'unnamed'"), Wire.sync());
        terminate(client.backend());
        client.exchange(Wire.parse("", "select 'unnamed'"), Wire.sync());
        assertEquals("2 D:still here C:SELECT_1 Z:I", client.exchange(Wire.run("s")));
        assertEquals("Asia/Tokyo", client.value("show timezone"));
    }

    @Test
    void whoseStatementAnAdministratorEndsIsTold() throws Exception {
        int backend = client.backend();
        client.send(Wire.query("select pg_sleep(600)"));
        awaitSleeping();
        terminate(backend);
        assertEnded(client, "57P01");
    }

    @Test
    void aLostTransactionEndsTheSession() throws Exception {
        client.query("begin");
        terminate(client.backend());
        assertEnded(client, "57P01", "08006");
    }

    @Test
    void aTransactionLostInAStatementEndsTheSession() throws Exception {
        client.query("begin");
        int backend = client.backend();
        client.send(Wire.query("select pg_sleep(600)"));
        awaitSleeping();
        terminate(backend);
        assertEnded(client, "57P01", "08006");
    }

    @Test
    void aPipelineIsNotAnsweredHalf() throws Exception {
        int backend = client.backend();
        client.send(Wire.query("select pg_sleep(600)"), Wire.query("select 1"), Wire.query("select 2"));
        awaitSleeping();
        terminate(backend);
        assertEnded(client, "57P01", "08006");
    }

    @Test
    void aLostCopyEndsAsPostgresEndsIt() throws Exception {
        client.query("create table if not exists copied (i int)");
        int backend = client.backend();
        client.send(Wire.query("copy copied from stdin"));
        client.expect('G');
        terminate(backend);
        client.send(Wire.copyData("1\n"), Wire.copyDone());
        Reply error = client.expect('E');
        assertTrue(List.of("57P01", "08006").contains(error.field('C')), error::toString);
        try (ScriptedClient next = login()) {
            assertEquals("0", next.value("select count(*) from copied"));
        }
    }

    @Test
    void idleClientsDoNotNoticeARestart() throws Exception {
        List<ScriptedClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.add(login());
            assertAnswers(clients.get(i));
        }
        postgres.restart();
        for (ScriptedClient idle : clients) {
            assertAnswers(idle);
            idle.close();
        }
    }

    @Test
    void idleClientsDoNotNoticeAKilledServer() throws Exception {
        assertAnswers(client);
        postgres.kill();
        postgres.start();
        assertAnswers(client);
    }

    @Test
    void aCrashOfOneBackendIsSurvived() throws Exception {
        int backend = client.backend();
        client.send(Wire.query("select pg_sleep(600)"));
        awaitSleeping();
        postgres.killBackend(backend);
        List<Reply> replies = client.until('E');
        Reply error = replies.get(replies.size() - 1);
        assertTrue(List.of("08006", "57P02").contains(error.field('C')), error::toString);
        // While the server recovers, whoever asks is told 57P03 and has to come again.
        Await.until("clients are served after recovery", () -> {
            try (ScriptedClient next = login()) {
                next.send(Wire.query("select 1"));
                return next.untilReady().get(0).type() == 'T';
            } catch (java.io.IOException | AssertionError recovering) {
                return false;
            }
        });
    }

    @Test
    void tellsAtOnceThatTheServerIsDown() throws Exception {
        assertAnswers(client);
        postgres.stop();
        long since = System.nanoTime();
        try (ScriptedClient late = proxy.client().startup("postgres", "other_database")) {
            assertEquals("08001", late.expectFatal().field('C'));
        }
        client.send(Wire.query("select 1"));
        assertEquals("08001", client.expect('E').field('C'));
        assertTrue(Duration.ofNanos(System.nanoTime() - since).toSeconds() < 5);
        postgres.start();
        Await.until("the proxy serves again", Duration.ofSeconds(20), () -> {
            try (ScriptedClient next = proxy.client().startup("postgres", "postgres")) {
                return next.next().type() == 'R'
                        && next.authenticate("").value("select 1").equals("1");
            }
        });
    }

    @Test
    void aFrozenServerIsNoticedAndReplaced() throws Exception {
        try (ProxyUnderTest watchful = ProxyUnderTest.inFrontOf(
                        "postgresql://127.0.0.1:" + postgres.port(),
                        "default_pool_size=1",
                        "query_wait_timeout=1s",
                        "server_check_delay=0");
                ScriptedClient waiting = watchful.loginAs("postgres", "postgres", "postgres")) {
            assertAnswers(waiting);
            postgres.freeze();
            try {
                waiting.send(Wire.query("select 1"));
                Reply error = waiting.expect('E');
                assertEquals("53300", error.field('C'));
            } finally {
                postgres.thaw();
            }
        }
        assertAnswers(client);
    }
}

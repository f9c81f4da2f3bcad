package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolKey;
import dev.carpool.relay.ClientEnd;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Sessions that listen by way of the shared listener. */
final class SharedListenerTest {
    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with();
    private final List<String> answers = new ArrayList<>();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void restart(String... settings) {
        proxy.close();
        proxy = ProxyOnOneLoop.with(settings);
    }

    /** A client whose session listens. */
    private TestClient listener(String... channels) {
        TestClient client = proxy.login();
        listen(session(), channels);
        assertEquals("N", client.transcript()); // nothing has been handed over
        return client;
    }

    /** How many server connections sessions have. */
    private int inUse() {
        return proxy.pools().pools().stream()
                .filter(pool -> pool.key().purpose() == PoolKey.Purpose.SESSIONS)
                .mapToInt(pool -> pool.snapshot().inUse())
                .sum();
    }

    /** The session that logged in last. */
    private ClientSession session() {
        return proxy.sessions().all().stream()
                .max(Comparator.comparing(ClientSession::id))
                .orElseThrow();
    }

    private void listen(ClientSession session, String... channels) {
        session.side().listen(Set.of(channels), new ClientEnd.ListenAnswer() {
            @Override
            public void listening() {
                throw new AssertionError("nothing is new");
            }

            @Override
            public void handOver(List<String> sql) {
                session.side().handedOver(); // there is no server connection that listens
                answers.add("listening");
            }

            @Override
            public void refused(ErrorReply reply) {
                answers.add("refused " + reply.message());
            }
        });
        proxy.run();
    }

    @Test
    void oneConnectionListensForAll() {
        TestClient a = listener("news");
        TestClient b = listener("news", "more");
        assertEquals(List.of("listening", "listening"), answers);
        TestClient c = proxy.login();
        assertEquals("C(NOTIFY)Z(I)", c.query("notify news hello"));
        assertEquals("C(NOTIFY)Z(I)", c.query("notify more on"));
        assertEquals("A(news hello)", a.transcript());
        assertEquals("A(news hello)A(more on)", b.transcript());
        assertEquals(List.of(c.processId, c.processId), b.notifiers);
        assertEquals(2, proxy.postgres.open);
        assertEquals(
                List.of(Set.of(), Set.of("more", "news")),
                proxy.postgres.backends.stream()
                        .map(ModelPostgres.Backend::clientsChannels)
                        .toList());
    }

    @Test
    void theListenerLeavesWithTheLastWhoListens() {
        TestClient a = listener("news");
        TestClient b = listener("news");
        a.close();
        assertEquals(2, proxy.postgres.open);
        b.close();
        assertEquals(1, proxy.postgres.open);
        assertEquals(1, proxy.pools().pools().size());
    }

    @Test
    void ownNotificationsComeBeforeTheRequestIsAnswered() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news");
        assertEquals("C(NOTIFY)A(news mine)Z(I)", a.query("notify news mine"));
        assertEquals(a.processId, a.lastNotifier());
        assertEquals("C(BEGIN)Z(T)", a.query("begin"));
        assertEquals("C(NOTIFY)Z(T)", a.query("notify news later"));
        assertEquals("C(COMMIT)A(news later)Z(I)", a.query("commit"));
        a.send(Wire.empty().parse("", "notify news extended").run("").sync());
        assertEquals("12C(NOTIFY)A(news extended)Z(I)", a.transcript());
    }

    @Test
    void anyRequestBringsWhatWasNotifiedBefore() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news");
        TestClient b = proxy.login();
        assertEquals("C(UPDATE 1)Z(I)", b.query("trigger news x"));
        assertEquals("", a.transcript());
        assertEquals("TD(1)C(SELECT 1)A(news x)Z(I)", a.query("select 1"));
        assertEquals("C(UPDATE 1)A(news mine)Z(I)", a.query("trigger news mine"));
        assertEquals(a.processId, a.lastNotifier());
    }

    @Test
    void aNotificationIsOfWhoHadTheServerConnectionThen() {
        TestClient a = listener("news");
        TestClient b = proxy.login();
        proxy.postgres.backends.get(1).deaf = true;
        proxy.postgres.lazy = true;
        assertEquals("C(NOTIFY)Z(I)", b.query("notify news x"));
        a.send(Wire.empty().query("select 1"));
        proxy.postgres.backends.get(1).hear();
        proxy.run();
        assertEquals("A(news x)TD(1)C(SELECT 1)Z(I)", a.transcript());
        assertEquals(b.processId, a.lastNotifier());
        assertEquals("C(NOTIFY)A(news mine)Z(I)", a.query("notify news mine"));
        assertEquals(a.processId, a.lastNotifier());
    }

    @Test
    void twoWhoNotifyOneAfterTheOtherAreToldApart() {
        TestClient a = listener("news");
        TestClient b = proxy.login();
        TestClient c = proxy.login();
        ModelPostgres.Backend listener = proxy.postgres.backends.get(1);
        listener.deaf = true;
        listener.late = true;
        assertEquals("C(NOTIFY)Z(I)", b.query("notify news x"));
        c.send(Wire.empty().query("notify news y"));
        listener.hear();
        proxy.run();
        assertEquals("A(news x)A(news y)", a.transcript());
        assertEquals(List.of(b.processId, c.processId), a.notifiers);
        assertEquals("C(NOTIFY)Z(I)", c.transcript());
    }

    @Test
    void whoLeavesAtOnceHasNotified() {
        TestClient a = listener("news");
        TestClient b = proxy.login();
        TestClient c = proxy.login();
        ModelPostgres.Backend listener = proxy.postgres.backends.get(1);
        listener.deaf = true;
        listener.late = true;
        b.send(Wire.empty().query("notify news x").terminate());
        c.send(Wire.empty().query("select 1"));
        listener.hear();
        proxy.run();
        assertEquals("A(news x)", a.transcript());
        assertEquals(List.of(b.processId), a.notifiers);
        assertEquals("TD(1)C(SELECT 1)Z(I)", c.transcript());
    }

    @Test
    void aConnectionIsKeptUntilItsNotificationsHaveArrived() {
        restart("default_pool_size=2");
        listener("news");
        ModelPostgres.Backend listener = proxy.postgres.backends.get(1);
        TestClient b = proxy.login();
        listener.deaf = true;
        assertEquals("C(NOTIFY)Z(I)", b.query("notify news x"));
        assertEquals("TD(1)C(SELECT 1)Z(I)", b.query("select 1")); // the client need not wait
        assertEquals(1, inUse());
        listener.hear();
        proxy.run();
        assertEquals(0, inUse());
    }

    @Test
    void whatWasNotifiedBeforeUnlistenIsTold() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news", "more");
        TestClient b = proxy.login();
        b.query("trigger news x");
        assertEquals("A(news x)C(UNLISTEN)Z(I)", a.query("unlisten news"));
        b.query("trigger news y");
        b.query("trigger more z");
        a.send(Wire.empty().parse("", "unlisten *").run("").sync());
        assertEquals("A(more z)12C(UNLISTEN)Z(I)", a.transcript());
    }

    @Test
    void whatWasNotifiedBeforeAnUnlistenPreparedIsTold() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news");
        TestClient b = proxy.login();
        a.send(Wire.empty().parse("s", "unlisten news").sync());
        assertEquals("1Z(I)", a.transcript());
        b.query("trigger news x");
        a.send(Wire.empty().run("s").sync());
        assertEquals("A(news x)2C(UNLISTEN)Z(I)", a.transcript());
    }

    @Test
    void whatWasNotifiedBeforeDiscardAllIsTold() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news");
        TestClient b = proxy.login();
        b.query("trigger news x");
        assertEquals("A(news x)C(DISCARD ALL)Z(I)", a.query("discard all"));
    }

    @Test
    void whatIsNotifiedInThePipelineBeforeUnlistenIsTold() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news");
        a.send(Wire.empty().query("notify news x").query("unlisten news").query("notify news y"));
        assertEquals("C(NOTIFY)Z(I)A(news x)C(UNLISTEN)Z(I)C(NOTIFY)Z(I)", a.transcript());
    }

    @Test
    void whatATransactionGivesUpItIsNotToldOf() {
        restart("default_pool_size=2");
        TestClient a = listener("news");
        TestClient b = proxy.login();
        a.query("begin");
        b.query("notify news x");
        assertEquals("C(UNLISTEN)Z(T)", a.query("unlisten news"));
        assertEquals("C(COMMIT)Z(I)", a.query("commit"));
    }

    @Test
    void anUnlistenThatCouldNotBeParsedCannotBeBound() {
        TestClient a = listener("news");
        assertEquals("C(BEGIN)Z(T)", a.query("begin"));
        assertEquals("E(42601)Z(E)", a.query("fail"));
        a.send(Wire.empty().parse("", "unlisten news").sync());
        assertEquals("E(25P02)Z(E)", a.transcript());
        a.send(Wire.empty().run("").sync());
        assertEquals("E(26000)Z(E)", a.transcript());
    }

    @Test
    void aSessionInAnotherEncodingIsNotToldOfWhatItGivesUp() {
        restart("default_pool_size=2");
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        assertEquals("C(LISTEN)Z(I)", a.query("listen news"));
        assertEquals("SC(SET)Z(I)", a.query("set client_encoding LATIN1"));
        assertEquals("C(LISTEN)C(UNLISTEN)Z(I)", a.query("listen more;unlisten news"));
        b.query("notify news x");
        b.query("notify more y");
        assertEquals("A(more y)", a.transcript());
    }

    @Test
    void aRequestBehindAResetDoesNotWaitForTheListener() {
        TestClient a = proxy.login("application_name", "mine");
        listen(session(), "news");
        assertEquals("N", a.transcript()); // nothing has been handed over
        proxy.postgres.backends.get(1).deaf = true;
        a.send(Wire.empty().query("reset all"));
        assertEquals("C(RESET)S", a.transcript());
        a.send(Wire.empty().query("show application_name"));
        assertEquals("Z(I)TD(mine)C(SELECT 1)", a.transcript());
    }

    @Test
    void insideATransactionNothingIsDelivered() {
        restart("default_pool_size=2");
        TestClient a = listener("news");
        TestClient b = proxy.login();
        assertEquals("C(BEGIN)Z(T)", a.query("begin"));
        for (int i = 0; i < 3; i++) {
            b.query("notify news " + i);
        }
        assertEquals("TD(1)C(SELECT 1)Z(T)", a.query("select 1"));
        assertEquals("C(COMMIT)A(news 0)A(news 1)A(news 2)Z(I)", a.query("commit"));
    }

    @Test
    void aPipelineIsAnsweredInOrder() {
        proxy.postgres.lazy = true;
        TestClient a = listener("news");
        a.send(Wire.empty().query("notify news x").query("select 1"));
        assertEquals("C(NOTIFY)Z(I)TD(1)C(SELECT 1)A(news x)Z(I)", a.transcript());
    }

    @Test
    void aLostListenerComesBack() {
        TestClient a = listener("news");
        proxy.postgres.last().close();
        proxy.run();
        assertEquals(1, proxy.postgres.open);
        assertEquals("TD(1)C(SELECT 1)Z(I)", a.query("select 1"));
        proxy.pass(java.time.Duration.ofMillis(100));
        assertEquals(Set.of("news"), proxy.postgres.last().clientsChannels());
        TestClient b = proxy.login();
        b.query("notify news x");
        assertEquals("NA(news x)", a.transcript());
    }

    @Test
    void withoutRoomForAListenerTheSessionIsTold() {
        restart("max_db_connections=1");
        TestClient a = proxy.login();
        assertEquals("C(BEGIN)Z(T)", a.query("begin"));
        listen(session(), "news");
        assertEquals(List.of(), answers);
        long begun = System.nanoTime();
        while (answers.isEmpty() && System.nanoTime() - begun < 10_000_000_000L) {
            proxy.pools().tick(); // the deadline is one of the clock on the wall
            proxy.run();
        }
        assertTrue(answers.get(0).startsWith("refused carpool: CP307"), answers.toString());
        assertEquals("C(COMMIT)Z(I)", a.query("commit"));
    }

    @Test
    void aServerConnectionLostBehindTheLastAnswerIsNobodysLoss() {
        TestClient a = listener("news");
        proxy.postgres.backends.get(1).deaf = true;
        a.send(Wire.empty().query("select 1"));
        assertEquals("TD(1)C(SELECT 1)", a.transcript());
        proxy.postgres.backends.get(0).close();
        proxy.run();
        assertEquals("Z(I)", a.transcript());
        proxy.postgres.backends.get(1).close();
        proxy.run();
        assertEquals("TD(2)C(SELECT 1)Z(I)", a.query("select 2"));
    }

    @Test
    void aServerConnectionLostWithAQuestionOfTheProxyAloneIsNobodysLoss() {
        TestClient a = listener("news");
        ModelPostgres.Backend server = proxy.postgres.backends.get(0);
        proxy.postgres.mutation = replies -> {
            server.deaf |= new String(replies, StandardCharsets.US_ASCII).contains("f()");
            return replies;
        };
        a.send(Wire.empty().query("select f()"));
        proxy.postgres.mutation = null;
        assertEquals("TD(f())C(SELECT 1)", a.transcript());
        server.close();
        proxy.run();
        assertEquals("Z(I)", a.transcript());
        assertEquals("TD(2)C(SELECT 1)Z(I)", a.query("select 2"));
    }

    @Test
    void aRequestIsAnsweredAlthoughTheProxysQuestionsAreNot() {
        TestClient a = listener("news");
        proxy.postgres.failingQuestions = 10;
        assertEquals("TD(f())C(SELECT 1)Z(I)", a.query("select f()"));
        assertTrue(proxy.postgres.failingQuestions > 0);
    }

    @Test
    void aQuestionThatIsAlwaysCancelledIsNotAskedForever() {
        TestClient a = listener("news");
        proxy.postgres.failingQuestions = 1000;
        proxy.postgres.questionFailure = "57014";
        assertEquals("TD(f())C(SELECT 1)Z(I)", a.query("select f()"));
        assertTrue(proxy.postgres.failingQuestions > 900, proxy.postgres.failingQuestions + " are left");
    }

    @Test
    void aRequestBeforeTheLastAnswerIsServed() {
        TestClient a = listener("news");
        proxy.postgres.backends.get(1).deaf = true;
        a.send(Wire.empty().query("select 1"));
        assertEquals("TD(1)C(SELECT 1)", a.transcript());
        a.send(Wire.empty().query("select 2"));
        assertEquals("Z(I)TD(2)C(SELECT 1)", a.transcript());
        proxy.postgres.backends.get(1).close();
        proxy.run();
        assertEquals("Z(I)", a.transcript());
    }

    @Test
    void aLostListenerReleasesWhoWaitsForIt() {
        TestClient a = listener("news");
        proxy.postgres.backends.get(1).deaf = true;
        a.send(Wire.empty().query("select 1"));
        assertEquals("TD(1)C(SELECT 1)", a.transcript());
        proxy.postgres.backends.get(1).close();
        proxy.run();
        assertEquals("Z(I)", a.transcript());
    }

    @Test
    void aClientThatLeavesWhileItsAnswerIsHeldGivesItsConnectionBack() {
        TestClient a = listener("news");
        TestClient b = listener("news");
        proxy.postgres.backends.get(1).deaf = true;
        a.send(Wire.empty().query("select 1"));
        a.close();
        proxy.postgres.backends.get(1).hear();
        proxy.run();
        assertEquals("TD(2)C(SELECT 1)Z(I)", b.query("select 2"));
        assertEquals(2, proxy.postgres.open);
    }

    @Test
    void aSlowReaderIsLetGoAndHoldsUpNobody() {
        restart("default_pool_size=3", "listen_queue_size=16kB");
        TestClient slow = listener("news");
        TestClient quick = listener("news");
        TestClient c = proxy.login();
        assertEquals("C(BEGIN)Z(T)", slow.query("begin"));
        for (int i = 0; i < 100; i++) {
            c.query("notify news " + "x".repeat(1000));
        }
        assertTrue(slow.transcript().endsWith("E(53400)"));
        assertFalse(slow.isOpen());
        assertEquals(100, quick.replies().length());
        assertTrue(quick.isOpen());
    }

    @Test
    void whatTheServerSaysTheSessionListensOnGoesToTheListener() {
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        assertEquals("C(LISTEN)Z(I)", a.query("listen news"));
        assertEquals("C(NOTIFY)Z(I)", b.query("notify news x"));
        assertEquals("A(news x)", a.transcript());
        assertEquals(2, proxy.postgres.open);
        assertEquals(Set.of(), proxy.postgres.backends.get(0).channels);
        assertEquals("C(LISTEN)C(NOTIFY)A(more own)Z(I)", a.query("listen more;notify more own"));
        assertEquals("C(BEGIN)Z(T)", a.query("begin"));
        assertEquals("C(UNLISTEN)Z(T)", a.query("unlisten *"));
        assertEquals("C(ROLLBACK)Z(I)", a.query("rollback"));
        assertEquals("C(NOTIFY)A(news y)Z(I)", a.query("notify news y"));
        assertEquals("C(UNLISTEN)Z(I)", a.query("unlisten news"));
        assertEquals("C(NOTIFY)Z(I)", a.query("notify news z"));
        assertEquals("C(NOTIFY)A(more z)Z(I)", a.query("notify more z"));
        assertEquals("C(DISCARD ALL)Z(I)", a.query("discard all"));
        assertEquals(1, proxy.postgres.open);
    }

    @Test
    void listenIsAnsweredWhenTheListenerListens() {
        TestClient a = listener("other");
        proxy.postgres.backends.get(1).deaf = true;
        a.send(Wire.empty().query("listen news"));
        assertEquals("C(LISTEN)", a.transcript());
        proxy.postgres.backends.get(1).hear();
        proxy.run();
        assertEquals("Z(I)", a.transcript());
        assertEquals(Set.of("news", "other"), proxy.postgres.backends.get(1).clientsChannels());
    }

    /** A session listens on what another one listens on already, and somebody notifies meanwhile. */
    private final class TakingOver {
        final TestClient other;
        final ModelPostgres.Backend listener;
        final TestClient notifier;
        final TestClient client;

        /** The server connection of {@link #client} while it begins to listen. */
        final ModelPostgres.Backend own;

        TakingOver() {
            restart("default_pool_size=2", "server_round_robin=1");
            other = listener("news");
            listener = proxy.postgres.last();
            notifier = proxy.login();
            notifier.query("begin");
            client = proxy.login();
            client.query("select 1");
            own = proxy.postgres.last();
            assertNotSame(listener, own);
        }

        void begin() {
            listener.deaf = true;
            client.send(Wire.empty().query("listen news"));
            assertEquals("C(LISTEN)", client.transcript());
        }

        void end() {
            listener.hear();
            proxy.run();
        }

        void notify(String payload) {
            assertEquals("C(NOTIFY)Z(T)", notifier.query("notify news " + payload));
            assertEquals("C(COMMIT)Z(I)", notifier.query("commit"));
            assertEquals("C(BEGIN)Z(T)", notifier.query("begin"));
        }
    }

    @Test
    void whatItsOwnConnectionIsLateToTellIsNotLostWhileTheListenerTakesOver() {
        TakingOver one = new TakingOver();
        one.begin();
        one.own.late = true;
        one.notify("x");
        one.notify("x");
        one.end();
        one.own.inTime();
        proxy.run();
        one.notify("later");
        assertEquals("A(news x)A(news x)Z(I)A(news later)", one.client.transcript());
        assertEquals("A(news x)A(news x)A(news later)", one.other.transcript());
    }

    @Test
    void whoBeginsToListenAtTheSameTimeIsToldNothingOfOthers() {
        restart("default_pool_size=3", "server_round_robin=1");
        listener("other");
        TestClient a = proxy.login();
        a.query("begin");
        ModelPostgres.Backend own = proxy.postgres.backends.stream()
                .filter(one -> one.queries.contains("begin"))
                .findFirst()
                .orElseThrow();
        TestClient b = proxy.login();
        proxy.postgres.mutation = replies -> {
            own.deaf |= new String(replies, StandardCharsets.US_ASCII).contains("carpool_");
            return replies;
        };
        a.send(Wire.empty().query("listen one;commit"));
        assertEquals(2, own.channels.size()); // and on that of handovers
        b.send(Wire.empty().query("listen two"));
        own.hear();
        proxy.run();
        assertEquals("C(LISTEN)C(COMMIT)Z(I)", a.transcript());
        assertEquals("C(LISTEN)Z(I)", b.transcript());
    }

    @Test
    void whatTheListenerIsLateToTellComesOnceWhileItTakesOver() {
        TakingOver one = new TakingOver();
        one.listener.late = true;
        one.notify("x");
        one.begin();
        one.notify("x");
        one.notify("x");
        one.end();
        one.listener.inTime();
        proxy.run();
        one.notify("later");
        assertEquals("A(news x)A(news x)Z(I)A(news later)", one.client.transcript());
        assertEquals("A(news x)A(news x)A(news x)A(news later)", one.other.transcript());
    }

    @Test
    void channelsKeepTheOrderOfTheCommitsWhileTheListenerTakesOver() {
        TakingOver one = new TakingOver();
        one.client.query("listen more");
        one.begin();
        one.own.late = true;
        for (int i = 0; i < 4; i++) {
            if (i == 3) {
                one.end();
            }
            one.notifier.query("notify more " + i);
            one.notify(String.valueOf(i));
        }
        one.own.inTime();
        proxy.run();
        assertEquals(
                "A(more 0)A(news 0)A(more 1)A(news 1)A(more 2)A(news 2)A(more 3)A(news 3)",
                one.client.transcript().replace("Z(I)", ""));
    }

    @Test
    void aSessionThatCannotHandOverKeepsItsConnection() {
        TakingOver one = new TakingOver();
        proxy.postgres.handoversFail = true;
        one.begin();
        one.notify("1");
        one.end();
        one.notify("2");
        assertEquals("A(news 1)Z(I)A(news 2)", one.client.transcript());
        assertEquals("A(news 1)A(news 2)", one.other.transcript());
        assertEquals(Set.of("news"), one.own.channels);
    }

    @Test
    void withoutAListenerTheSessionKeepsItsConnection() {
        restart("max_db_connections=1");
        TestClient a = proxy.login();
        a.send(Wire.empty().query("listen news"));
        assertEquals("C(LISTEN)", a.transcript());
        long begun = System.nanoTime();
        String answer = "";
        while (answer.isEmpty() && System.nanoTime() - begun < 10_000_000_000L) {
            proxy.pools().tick(); // the deadline is one of the clock on the wall
            proxy.run();
            answer = a.transcript();
        }
        assertEquals("Z(I)", answer);
        assertEquals("C(NOTIFY)A(news own)Z(I)", a.query("notify news own"));
        assertEquals(a.processId, a.lastNotifier());
        assertEquals(Set.of("news"), proxy.postgres.backends.get(0).channels);
    }
}

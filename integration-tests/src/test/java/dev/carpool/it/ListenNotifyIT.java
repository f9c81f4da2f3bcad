package dev.carpool.it;

import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** LISTEN and NOTIFY of sessions that share server connections. */
class ListenNotifyIT {
    private static final String LISTENER =
            "select pid from pg_stat_activity where application_name = 'carpool listener'";

    private ProxyUnderTest proxy;
    private ScriptedClient a;
    private ScriptedClient b;
    private final String news = PostgresUnderTest.newName("news");

    @BeforeEach
    void start() throws Exception {
        start("default_pool_size=2", "server_round_robin=1");
    }

    private void start(String... settings) throws Exception {
        proxy = ProxyUnderTest.start(settings);
        a = proxy.login();
        b = proxy.login();
    }

    private void restart(String... settings) throws Exception {
        stop();
        start(settings);
    }

    @AfterEach
    void stop() throws Exception {
        a.close();
        b.close();
        proxy.close();
    }

    private String notification(ScriptedClient client) throws Exception {
        return client.expect('A').summary();
    }

    private static int listener() throws Exception {
        return Integer.parseInt(PostgresUnderTest.shared().ask(LISTENER));
    }

    @Test
    void notificationsReachAnIdleSession() throws Exception {
        assertEquals("C:LISTEN Z:I", a.query("listen " + news));
        assertEquals("C:NOTIFY Z:I", b.query("notify " + news + ", 'hello'"));
        assertEquals("A:" + news + "=hello", notification(a));
        assertEquals("D:1", a.query("select 1").split(" ")[1]);
        assertEquals("C:NOTIFY Z:I", b.query("notify " + news + ", 'again'"));
        assertEquals("A:" + news + "=again", notification(a));
    }

    @Test
    void aListeningSessionHoldsNoServerConnection() throws Exception {
        restart("default_pool_size=1");
        for (int i = 0; i < 5; i++) {
            try (ScriptedClient listener = proxy.login()) {
                assertEquals("C:LISTEN Z:I", listener.query("listen " + news));
                assertEquals("C:NOTIFY Z:I", b.query("notify " + news + ", '" + i + "'"));
                assertEquals("A:" + news + "=" + i, notification(listener));
                assertEquals("0", b.value("select count(*) from pg_listening_channels()"));
            }
        }
    }

    @Test
    void listenTakesEffectAtCommit() throws Exception {
        a.query("begin");
        a.query("listen " + news);
        b.query("notify " + news + ", 'early'");
        assertEquals("C:COMMIT Z:I", a.query("commit"));
        b.query("notify " + news + ", 'late'");
        assertEquals("A:" + news + "=late", notification(a));
    }

    @Test
    void theFirstNotificationsOfAChannelComeInOrderWithThoseOfOthers() throws Exception {
        String more = PostgresUnderTest.newName("more");
        a.query("listen " + news);
        a.query("begin");
        a.query("listen " + more);
        b.query("notify " + news + ", '1'");
        a.query("notify " + more + ", '2'; notify " + news + ", '3'; notify " + more + ", '4'");
        assertEquals(
                "C:COMMIT A:" + news + "=1 A:" + more + "=2 A:" + news + "=3 A:" + more + "=4 Z:I", a.query("commit"));
    }

    @Test
    void whoHasAskedForItsProcessIdKnowsItsOwnNotificationsByThat() throws Exception {
        int asked = Integer.parseInt(a.value("select pg_backend_pid()"));
        a.query("listen " + news);
        b.query("listen " + news);
        for (int i = 0; i < 3; i++) {
            List<Reply> replies = a.send(Wire.query("notify " + news)).untilReady();
            assertEquals(asked, replies.get(1).buffer().getInt());
            assertEquals(asked, b.expect('A').buffer().getInt());
        }
    }

    @Test
    void aRolledBackListenIsNone() throws Exception {
        a.query("begin");
        a.query("listen " + news);
        a.query("rollback");
        a.query("begin; savepoint s; listen " + news + "; rollback to s; listen other; commit");
        b.query("notify " + news + ", 'no'");
        b.query("notify other, 'yes'");
        assertEquals("A:other=yes", notification(a));
        assertEquals("other", a.value("select string_agg(c, ',') from pg_listening_channels() c"));
    }

    @Test
    void aRolledBackUnlistenIsNone() throws Exception {
        a.query("listen " + news);
        a.query("begin; unlisten *; rollback");
        b.query("notify " + news + ", 'still'");
        assertEquals("A:" + news + "=still", notification(a));
        assertEquals("C:UNLISTEN Z:I", a.query("unlisten " + news));
        b.query("notify " + news + ", 'no more'");
        assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
    }

    @Test
    void theSessionKnowsItsChannels() throws Exception {
        String odd = "O\"dd; Näme";
        a.query("listen " + news);
        a.query("listen \"" + odd.replace("\"", "\"\"") + "\"");
        b.query("listen third");
        assertEquals("2", a.value("select count(*) from pg_listening_channels()"));
        assertEquals("third", b.value("select pg_listening_channels()"));
        b.query("notify \"" + odd.replace("\"", "\"\"") + "\", 'x'");
        assertEquals("A:" + odd + "=x", notification(a));
        a.query("unlisten " + news);
        assertEquals(odd, a.value("select pg_listening_channels()"));
        a.query("discard all");
        assertEquals("0", a.value("select count(*) from pg_listening_channels()"));
    }

    @Test
    void listenInsideAFunction() throws Exception {
        assertEquals("C:DO Z:I", a.query("do $$ begin execute 'listen " + news + "'; end $$"));
        assertEquals(news, a.value("select pg_listening_channels()"));
        b.query("notify " + news + ", 'x'");
        assertEquals("A:" + news + "=x", notification(a));
    }

    @Test
    void ownNotificationsComeInFrontOfReadyForQuery() throws Exception {
        a.query("listen " + news);
        assertEquals("C:NOTIFY A:" + news + "=1 Z:I", a.query("notify " + news + ", '1'"));
        a.send(Wire.query("select pg_notify('" + news + "', '2')"));
        List<Reply> replies = a.untilReady();
        assertEquals("T D: C:SELECT_1 A:" + news + "=2 Z:I", ScriptedClient.summary(replies));
        assertEquals(a.processId(), replies.get(3).buffer().getInt());
        assertEquals(
                "C:BEGIN C:NOTIFY C:COMMIT A:" + news + "=3 Z:I", a.query("begin; notify " + news + ", '3'; commit"));
        assertEquals("C:LISTEN C:NOTIFY A:second=4 Z:I", a.query("listen second; notify second, '4'"));
        a.query("begin");
        assertEquals("C:NOTIFY Z:T", a.query("notify " + news + ", '5'"));
        assertEquals("C:ROLLBACK Z:I", a.query("rollback"));
    }

    @Test
    void aSessionThatBeginsToListenMissesNothingFromThereOn() throws Exception {
        restart("default_pool_size=3");
        try (ScriptedClient late = proxy.login()) {
            a.query("listen " + news);
            for (int i = 0; i < 100; i++) {
                late.send(Wire.query("listen " + news));
                List<String> sent = new ArrayList<>();
                for (int j = 0; j < 20; j++) {
                    String payload = i + "." + j / 2; // two that cannot be told apart
                    b.query("notify " + news + ", '" + payload + "'");
                    sent.add("A:" + news + "=" + payload);
                }
                List<Reply> replies = new ArrayList<>(late.untilReady());
                late.send(Wire.query("select 1"));
                replies.addAll(late.untilReady());
                late.query("unlisten *");
                List<String> got = replies.stream()
                        .filter(reply -> reply.type() == 'A')
                        .map(Reply::summary)
                        .toList();
                assertEquals(sent.subList(Math.max(0, sent.size() - got.size()), sent.size()), got);
            }
        }
    }

    @Test
    void triggersNotifyToo() throws Exception {
        String table = PostgresUnderTest.newName("notifying");
        b.query("create table " + table + " (i int)");
        b.query("create function " + table + "() returns trigger language plpgsql as $$ begin" + " perform pg_notify('"
                + news + "', new.i::text); return new; end $$");
        b.query("create trigger t after insert on " + table + " for each row execute function " + table + "()");
        a.query("listen " + news);
        assertEquals("C:INSERT_0_1 A:" + news + "=1 Z:I", a.query("insert into " + table + " values (1)"));
    }

    @Test
    void whatWasNotifiedBeforeARequestComesWithItsAnswer() throws Exception {
        a.query("listen " + news);
        for (int i = 0; i < 100; i++) {
            b.query("notify " + news + ", '" + i + "'");
            a.send(Wire.query("select 1"));
            String replies = a.replies();
            assertTrue(replies.contains("A:" + news + "=" + i), replies);
        }
    }

    @Test
    void whatWasNotifiedBeforeUnlistenComesWithItsAnswer() throws Exception {
        for (int i = 0; i < 50; i++) {
            a.query("listen " + news);
            b.query("notify " + news + ", '" + i + "'");
            assertEquals("A:" + news + "=" + i + " C:UNLISTEN Z:I", a.query("unlisten " + news));
        }
    }

    @Test
    void theyComeInOrderAndOnce() throws Exception {
        a.query("listen " + news);
        List<String> expected = new ArrayList<>();
        List<String> got = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            ScriptedClient notifier = i % 3 == 0 ? a : b;
            expected.add("A:" + news + "=" + i);
            notifier.send(Wire.query("notify " + news + ", '" + i + "'"));
            notifier.untilReady().stream()
                    .filter(reply -> reply.type() == 'A')
                    .forEach(reply -> got.add(reply.summary()));
        }
        while (got.size() < expected.size()) {
            got.add(notification(a));
        }
        assertEquals(expected, got);
        assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
    }

    @Test
    void insideATransactionNothingIsDelivered() throws Exception {
        a.query("listen " + news);
        a.query("begin");
        for (int i = 0; i < 3; i++) {
            b.query("notify " + news + ", '" + i + "'");
        }
        assertEquals("T D:1 C:SELECT_1 Z:T", a.query("select 1"));
        assertEquals("C:COMMIT A:" + news + "=0 A:" + news + "=1 A:" + news + "=2 Z:I", a.query("commit"));
    }

    @Test
    void theProcessIdIsThatOfTheSession() throws Exception {
        a.query("listen " + news);
        for (int i = 0; i < 20; i++) {
            b.query("notify " + news);
            assertEquals(b.processId(), a.expect('A').buffer().getInt());
        }
        try (Connection direct = PostgresUnderTest.shared().connect(PostgresUnderTest.APP);
                Statement statement = direct.createStatement()) {
            statement.execute("notify " + news);
            assertEquals(
                    direct.unwrap(PGConnection.class).getBackendPID(),
                    a.expect('A').buffer().getInt());
        }
    }

    @Test
    void thoseOfOneServerConnectionAreToldApart() throws Exception {
        restart("default_pool_size=1");
        a.query("listen " + news);
        try (ScriptedClient c = proxy.login()) {
            for (int i = 0; i < 50; i++) {
                b.query("notify " + news);
                c.query("notify " + news);
                assertEquals(b.processId(), a.expect('A').buffer().getInt());
                assertEquals(c.processId(), a.expect('A').buffer().getInt());
            }
        }
    }

    @Test
    void aLostListenerListensAgain() throws Exception {
        a.query("listen " + news);
        int before = listener();
        assertEquals("t", PostgresUnderTest.shared().ask("select pg_terminate_backend(" + before + ")"));
        Reply notice = a.expect('N');
        assertTrue(notice.field('M').contains("may have been missed"), notice.field('M'));
        assertNotEquals(before, listener());
        b.query("notify " + news + ", 'x'");
        assertEquals("A:" + news + "=x", notification(a));
    }

    @Test
    void withoutRoomForAListenerTheSessionKeepsItsConnection() throws Exception {
        String database = PostgresUnderTest.shared().newDatabase("listening");
        try (ProxyUnderTest small = ProxyUnderTest.start("max_db_connections=2", "default_pool_size=2");
                ScriptedClient listener =
                        small.loginAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, database);
                ScriptedClient other = small.loginAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, database)) {
            other.query("begin");
            assertEquals("C:LISTEN Z:I", listener.query("listen " + news));
            int backend = listener.backend();
            assertEquals("C:NOTIFY A:" + news + "=own Z:I", listener.query("notify " + news + ", 'own'"));
            other.query("notify " + news + ", 'x'");
            other.query("commit");
            assertEquals("A:" + news + "=x", notification(listener));
            assertEquals(backend, listener.backend());
            listener.query("unlisten *");
            assertEquals("0", other.value("select count(*) from pg_listening_channels()"));
        }
    }

    @Test
    void aSlowReaderHoldsUpNobody() throws Exception {
        restart("default_pool_size=3", "listen_queue_size=64kB");
        try (ScriptedClient slow = proxy.login()) {
            slow.query("listen " + news);
            slow.query("begin");
            a.query("listen " + news);
            String payload = "x".repeat(1000);
            for (int i = 0; i < 100; i++) {
                b.query("select pg_notify('" + news + "', '" + i + payload + "')");
                assertEquals("A:" + news + "=" + i + payload, notification(a));
            }
            assertEquals("53400", slow.expectFatal().field('C'));
        }
    }

    @Test
    void aSlowSocketHoldsUpNobody() throws Exception {
        restart("default_pool_size=3", "listen_queue_size=1MB");
        try (ScriptedClient slow = proxy.login()) {
            slow.query("listen " + news);
            a.query("listen " + news);
            assertEquals(3, proxy.sessions());
            // A batch fits into the queue of who reads it, however its socket takes it.
            String batch = "do $$ begin for i in 1..100 loop perform pg_notify('" + news
                    + "', i || repeat('x', 7000)); end loop; end $$";
            for (int rounds = 0; proxy.sessions() == 3; rounds++) {
                assertTrue(rounds < 100, "memory grows without bound");
                b.query(batch);
                for (int i = 0; i < 100; i++) {
                    notification(a);
                }
            }
        }
    }

    @Test
    void theDriverGetsItsNotifications() throws Exception {
        try (Connection one = proxy.connect();
                Connection two = proxy.connect()) {
            PGConnection mine = one.unwrap(PGConnection.class);
            Sql.run(one, "listen " + news, "notify " + news + ", 'own'");
            PGNotification[] got = mine.getNotifications();
            assertNotNull(got);
            assertEquals(1, got.length);
            assertEquals("own", got[0].getParameter());
            assertEquals(mine.getBackendPID(), got[0].getPID());
            Sql.run(two, "notify " + news + ", 'other'");
            got = mine.getNotifications(30_000);
            assertEquals("other", got[0].getParameter());
            assertNotEquals(mine.getBackendPID(), got[0].getPID());
            one.setAutoCommit(false);
            Sql.run(one, "notify " + news + ", 'later'");
            got = mine.getNotifications();
            assertTrue(got == null || got.length == 0);
            one.commit();
            got = mine.getNotifications();
            assertNotNull(got);
            assertEquals("later", got[0].getParameter());
        }
    }

    @Test
    void nobodyListensWhenNobodyListens() throws Exception {
        a.query("listen " + news);
        listener();
        a.close();
        Await.until(
                "the listener is gone",
                () -> PostgresUnderTest.shared()
                        .ask("select count(*) from (" + LISTENER + ") x")
                        .equals("0"));
    }
}

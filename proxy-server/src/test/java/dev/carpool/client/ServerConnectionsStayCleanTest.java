package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Whatever a client does, or however it leaves: the next one gets a clean server connection, and gets it at once. */
final class ServerConnectionsStayCleanTest {
    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void restart(String... settings) {
        proxy.close();
        proxy = ProxyOnOneLoop.with(settings);
    }

    /** Another client is answered at once, and no connection had to be opened for it. */
    private void assertNextClientIsServed(int backends) {
        TestClient next = proxy.login();
        assertEquals("TD(fine)C(SELECT 1)Z(I)", next.query("select fine"));
        assertEquals(backends, proxy.postgres.open);
        next.close();
    }

    @Test
    void requestsReachTheServerAndRepliesTheClient() {
        TestClient client = proxy.login();
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
        assertNextClientIsServed(1);
    }

    @Test
    void strayCopyDataHoldsNoConnection() {
        TestClient client = proxy.login();
        assertEquals("E(42601)Z(I)", client.query("nonsense"));
        client.send(Wire.empty().copyData("late").copyData("later").copyDone());
        assertNextClientIsServed(1);
        byte[] data = Wire.empty().copyData("in two pieces").copyFail().bytes();
        client.sendInPieces(data, 3, 9);
        assertNextClientIsServed(1);
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
    }

    @Test
    void halfAHeaderHoldsNoConnection() {
        TestClient client = proxy.login();
        byte[] query = Wire.empty().query("select a").bytes();
        client.send(Arrays.copyOf(query, 3));
        assertNextClientIsServed(1);
        client.send(Arrays.copyOfRange(query, 3, query.length));
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.transcript());
    }

    @Test
    void garbageBehindAGoodRequestCostsNothing() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("insert x").raw(new byte[] {'?', 0, 0, 0, 4}));
        assertTrue(client.transcript().endsWith("E(08P01)"), client.lastError());
        assertFalse(client.isOpen());
        assertNextClientIsServed(1);
    }

    @Test
    void garbageOfAWaiterHurtsNobodyElse() {
        TestClient holder = proxy.login();
        assertEquals("C(BEGIN)Z(T)", holder.query("begin"));
        TestClient waiter = proxy.login();
        waiter.send(Wire.empty().raw(new byte[] {'?', 0, 0, 0, 4}));
        TestClient third = proxy.login();
        third.send(Wire.empty().query("select three"));
        assertEquals("C(COMMIT)Z(I)", holder.query("commit"));
        assertEquals("E(08P01)", waiter.transcript());
        assertEquals("TD(three)C(SELECT 1)Z(I)", third.transcript());
        assertEquals("TD(a)C(SELECT 1)Z(I)", holder.query("select a"));
        assertEquals(1, proxy.postgres.open);
    }

    @Test
    void aBatchWithoutSyncIsRolledBackWhenItsClientVanishes() {
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("", "insert lost").run("").flush());
        assertEquals("12C(INSERT 0 1)", client.transcript());
        client.close();
        assertEquals(List.of(), proxy.postgres.committed);
        assertNextClientIsServed(1);
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void aCopyWithoutSyncIsRolledBackWhenItsClientVanishes() {
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("", "copyin").run("").sync());
        assertEquals("12G", client.transcript());
        client.send(Wire.empty().copyData("a").copyDone());
        assertEquals("C(COPY 1)", client.transcript());
        client.close();
        assertEquals(List.of(), proxy.postgres.committed);
        assertNextClientIsServed(1);
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void copyDoneAndSyncTogetherCommit() {
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("", "copyin").run("").sync());
        client.send(Wire.empty().copyData("a").copyDone().sync());
        assertEquals("12GC(COPY 1)Z(I)", client.transcript());
        assertEquals(List.of("copied"), proxy.postgres.committed);
        assertNextClientIsServed(1);
    }

    @Test
    void aQuerySkippedBehindAnErrorLeavesNobodySkipping() {
        TestClient client = proxy.login();
        client.send(Wire.empty().bind("", "nothing").query("select skipped"));
        assertEquals("E(26000)", client.transcript());
        client.close();
        assertNextClientIsServed(1);
    }

    @Test
    void clientsThatVanishInCopyCostNoConnection() {
        for (int cut = 0; cut < 20; cut++) {
            TestClient client = proxy.login();
            client.send(Wire.empty().query("copyin"));
            assertEquals("G", client.transcript());
            byte[] data = Wire.empty().copyData("0123456789").copyData("x").bytes();
            client.send(Arrays.copyOf(data, cut));
            client.close();
            assertNextClientIsServed(1);
        }
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void halfAQueryIsNeverCompletedByTheProxy() {
        TestClient client = proxy.login();
        byte[] query = Wire.empty().query("insert oops").bytes();
        assertEquals("C(BEGIN)Z(T)", client.query("begin"));
        client.send(Arrays.copyOf(query, 9));
        client.close();
        assertNextClientIsServed(1);
        for (ModelPostgres.Backend backend : proxy.postgres.backends) {
            assertFalse(backend.queries.toString().contains("oops"));
        }
    }

    @Test
    void statementModeEndsWithHalfAMessage() {
        restart("pool_mode=statement");
        TestClient client = proxy.login();
        byte[] begin = Wire.empty().query("begin").bytes();
        byte[] half = Arrays.copyOf(Wire.empty().query("insert oops").bytes(), 9);
        byte[] both = Arrays.copyOf(begin, begin.length + half.length);
        System.arraycopy(half, 0, both, begin.length, half.length);
        client.send(both);
        assertFalse(client.isOpen());
        assertNextClientIsServed(1);
        for (ModelPostgres.Backend backend : proxy.postgres.backends) {
            assertFalse(backend.queries.toString().contains("oops"), backend.queries.toString());
        }
    }

    @Test
    void settingsOfARolledBackTransactionAreKnownToBeGone() {
        TestClient client = proxy.login();
        client.query("begin");
        client.query("quietly application_name mine");
        client.close();
        proxy.postgres.last().settings.remove("application_name"); // the model rolls back no settings
        TestClient next = proxy.login();
        assertEquals("TD()C(SELECT 1)Z(I)", next.query("show application_name"));
    }

    @Test
    void theUnnamedStatementSurvivesAnEarlierErrorInThePipeline() {
        TestClient client = proxy.login();
        client.send(
                Wire.empty().parse("", "syntax").sync().parse("", "select good").sync());
        assertEquals("E(42601)Z(I)1Z(I)", client.transcript());
        client.send(Wire.empty().run("").sync());
        assertEquals("2D(good)C(SELECT 1)Z(I)", client.transcript());
    }

    @Test
    void theUnnamedStatementSurvivesBeingSkipped() {
        TestClient other = proxy.login();
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("", "select mine").sync());
        assertEquals("1Z(I)", client.transcript());
        other.send(Wire.empty().parse("", "select others").sync());
        assertEquals("1Z(I)", other.transcript());
        client.send(Wire.empty().bind("", "nothing").bind("", "").sync());
        assertEquals("E(26000)Z(I)", client.transcript());
        client.send(Wire.empty().run("").sync());
        assertEquals("2D(mine)C(SELECT 1)Z(I)", client.transcript());
        other.send(Wire.empty().run("").sync());
        assertEquals("2D(others)C(SELECT 1)Z(I)", other.transcript());
    }

    @Test
    void madeUpRepliesAreFlushed() {
        TestClient first = proxy.login();
        first.send(Wire.empty().parse("s", "select a").sync());
        assertEquals("1Z(I)", first.transcript());
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("mine", "select a").flush());
        assertEquals("1", client.transcript());
        client.send(Wire.empty().close('S', "mine").flush());
        assertEquals("3", client.transcript());
        client.send(Wire.empty().sync());
        assertEquals("Z(I)", client.transcript());
        assertNextClientIsServed(1);
    }

    @Test
    void madeUpRepliesWaitForTheEndOfAReplyInTransit() {
        TestClient client = proxy.login();
        client.send(Wire.empty()
                .parse("s", "select a")
                .parse("t", "hang")
                .parse("u", "select a")
                .sync());
        assertEquals("111Z(I)", client.transcript());
        client.send(Wire.empty().bind("", "t").describe('P', "").flush());
        assertEquals("2n", client.transcript());
        client.send(Wire.empty().execute("").flush());
        ByteBuf rest = Unpooled.buffer();
        WireWriter.commandComplete(rest, "HUNG");
        // Half of the message that ends the entry at the head of the queue: it streams.
        ByteBuf suspended = Unpooled.buffer().writeByte('D').writeInt(20).writeBytes(new byte[6]);
        proxy.postgres.last().unasked(suspended);
        proxy.run();
        client.send(Wire.empty().close('S', "s").flush());
        proxy.postgres.last().unasked(Unpooled.buffer().writeBytes(new byte[10]).writeBytes(rest));
        proxy.run();
        client.send(Wire.empty().close('S', "u").flush());
        assertEquals("DC(HUNG)33", client.replies().replace("DC", "DC(HUNG)"));
    }

    @Test
    void aMessageOnTheWayWhenATransactionEndsIsNotCutInTwo() {
        TestClient client = proxy.login();
        client.query("select a");
        proxy.postgres.mutation = bytes -> {
            ByteBuf out = Unpooled.buffer().writeBytes(bytes);
            ByteBuf notice = Unpooled.buffer();
            WireWriter.notice(notice, "NOTICE", "split", "");
            out.writeBytes(notice, 10);
            byte[] changed = new byte[out.readableBytes()];
            out.readBytes(changed);
            return changed;
        };
        client.send(Wire.empty().query("select a"));
        proxy.postgres.mutation = null;
        TestClient other = proxy.login();
        other.send(Wire.empty().query("select b"));
        ByteBuf notice = Unpooled.buffer();
        WireWriter.notice(notice, "NOTICE", "split", "");
        notice.skipBytes(10);
        proxy.postgres.last().unasked(notice);
        proxy.run();
        assertEquals("TD(a)C(SELECT 1)Z(I)N", client.transcript());
        assertEquals("TD(b)C(SELECT 1)Z(I)", other.transcript());
    }

    @Test
    void nothingIsWrittenIntoARowThatBroke() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("half"));
        assertEquals("T", client.transcript());
        assertFalse(client.isOpen());
        assertEquals(111, client.unfinished(), "the part of the row that came, and nothing behind it");
        assertNextClientIsServed(1);
    }

    @Test
    void anEndWithWordsIsNotWrittenIntoARow() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("hang"));
        proxy.postgres
                .last()
                .unasked(Unpooled.buffer().writeByte('D').writeInt(1000).writeBytes(new byte[50]));
        proxy.run();
        proxy.sessions().all().forEach(session -> session.kill(dev.carpool.error.CarpoolError.SHUTTING_DOWN.reply()));
        proxy.run();
        assertFalse(client.isOpen());
        assertEquals(55, client.unfinished());
    }

    @Test
    void whatEndsTheConnectionEndsTheSessionWhoseRequestRuns() {
        TestClient idle = proxy.login();
        for (String before : List.of("select a", "begin")) {
            TestClient client = proxy.login();
            client.query(before);
            assertEquals("E(57P01)", client.query("die"));
            assertEquals("FATAL", client.lastError().substring(0, 5));
            assertFalse(client.isOpen());
            assertEquals("TD(a)C(SELECT 1)Z(I)", idle.query("select a"));
        }
    }

    @Test
    void anAnswerThatComesTogetherWithTheEndOfTheConnectionArrives() {
        TestClient client = proxy.login();
        assertEquals("C(LAST)Z(I)", client.query("last"));
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
    }

    @Test
    void aServerLostWithoutWordsIsTold() {
        TestClient client = proxy.login();
        assertTrue(client.query("drop").endsWith("Z(I)"));
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
    }

    @Test
    void aQueryBehindWhichTheClientSaysGoodbyeIsCarriedOut() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("insert kept").terminate());
        assertFalse(client.isOpen());
        assertEquals(List.of("kept"), proxy.postgres.committed);
        assertEquals(0, proxy.postgres.cancels);
        assertNextClientIsServed(1);
    }

    @Test
    void aQueryThatQueuesIsCarriedOutWhenItsClientHasSaidGoodbye() {
        TestClient holder = proxy.login();
        holder.query("begin");
        TestClient client = proxy.login();
        client.send(Wire.empty()
                .query("insert kept")
                .query("big 200000")
                .query("insert too")
                .terminate());
        client.close();
        TestClient silent = proxy.login();
        silent.send(Wire.empty().query("insert lost"));
        silent.close();
        assertEquals(2, proxy.sessions().all().size());
        holder.query("commit");
        assertEquals(List.of("kept", "too"), proxy.postgres.committed);
        assertEquals(1, proxy.sessions().all().size());
        assertNextClientIsServed(1);
    }

    @Test
    void aQueryThatWaitsForItsSettingsIsCarriedOutWhenItsClientHasSaidGoodbye() {
        TestClient other = proxy.login();
        TestClient client = proxy.login("role", "somebody");
        other.query("select 1");
        ModelPostgres.Backend server = proxy.postgres.last();
        server.deaf = true;
        client.send(Wire.empty().query("insert kept").query("insert too").terminate());
        client.close();
        server.hear();
        proxy.run();
        assertEquals(List.of("kept", "too"), proxy.postgres.committed);
        assertEquals(0, proxy.postgres.cancels);
        assertEquals(1, proxy.sessions().all().size());
        assertNextClientIsServed(1);
    }

    /** The client's socket is reset: the proxy reads what has come before, and then an error. */
    private void reset(TestClient client) {
        Channel ofProxy = proxy.sessions().all().stream()
                .filter(session -> session.processId() == client.processId)
                .findAny()
                .orElseThrow()
                .channel();
        ofProxy.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        client.close();
    }

    @Test
    void aResetBehindAGoodbyeIsAGoodbye() {
        TestClient holder = proxy.login();
        holder.query("begin");
        TestClient client = proxy.login();
        client.send(Wire.empty().query("insert kept").query("insert too").terminate());
        reset(client);
        TestClient silent = proxy.login();
        silent.send(Wire.empty().query("insert lost"));
        reset(silent);
        assertEquals(2, proxy.sessions().all().size());
        ModelPostgres.Backend server = proxy.postgres.last();
        holder.query("commit");
        assertEquals(List.of("kept", "too"), proxy.postgres.committed);
        TestClient third = proxy.login("role", "somebody");
        holder.query("select 1");
        server.deaf = true;
        third.send(Wire.empty().query("insert third").query("insert last").terminate());
        reset(third);
        server.hear();
        proxy.run();
        assertEquals(List.of("kept", "too", "third", "last"), proxy.postgres.committed);
        assertEquals(0, proxy.postgres.cancels);
        assertEquals(1, proxy.sessions().all().size());
        assertNextClientIsServed(1);
    }

    @Test
    void aClientThatHasSaidGoodbyeAndCannotBeServedIsNotKept() {
        restart("query_wait_timeout=1ms");
        TestClient holder = proxy.login();
        holder.query("begin");
        TestClient client = proxy.login();
        client.send(Wire.empty().query("insert lost").terminate());
        client.close();
        assertEquals(2, proxy.sessions().all().size());
        for (long begun = System.nanoTime();
                proxy.sessions().all().size() > 1 && System.nanoTime() - begun < 10_000_000_000L; ) {
            proxy.pools().tick(); // the deadline is one of the clock on the wall
            proxy.run();
        }
        assertEquals(1, proxy.sessions().all().size());
        holder.query("commit");
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void aClientThatVanishesHasItsQueryCancelled() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("hang"));
        client.close();
        assertEquals(1, proxy.postgres.cancels);
        assertNextClientIsServed(1);
        assertEquals(
                1,
                proxy.postgres.backends.stream()
                        .filter(b -> b.requests.length() > 0)
                        .count());
    }

    @Test
    void aClientThatVanishesInABatchHasItCancelled() {
        TestClient client = proxy.login();
        client.send(Wire.empty()
                .parse("", "insert no")
                .run("")
                .parse("", "hang")
                .run("")
                .flush());
        client.close();
        assertEquals(1, proxy.postgres.cancels);
        assertNextClientIsServed(1);
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void aClientThatVanishesHasAllItsQueriesCancelled() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("hang").query("hang").query("select a").query("hang"));
        client.close();
        for (int i = 0; i < 3; i++) {
            proxy.pass(Duration.ofMillis(20));
        }
        assertEquals(3, proxy.postgres.cancels);
        assertNextClientIsServed(1);
    }

    @Test
    void theClientCancels() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("hang"));
        TestClient canceller = proxy.connect();
        canceller.send(Wire.of(out -> WireWriter.cancelRequest(out, client.processId, client.key)));
        assertFalse(canceller.isOpen());
        assertEquals("E(57014)Z(I)", client.transcript());
        assertNextClientIsServed(1);
    }

    @Test
    void repliesBehindAFailedSyncReachNobody() {
        TestClient client = proxy.login("application_name", "fine");
        TestClient other = proxy.login();
        other.query("select b");
        proxy.postgres.last().settings.put("application_name", "x");
        proxy.postgres.mutation = bytes -> {
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            if (!text.contains("set_config")) {
                return bytes;
            }
            ByteBuf out = Unpooled.buffer();
            WireWriter.error(out, "ERROR", "22023", "no longer valid", "");
            WireWriter.readyForQuery(out, (byte) 'I');
            // What belongs to the client's own query follows.
            int end = text.indexOf("Z\0\0\0\5I") + 6;
            out.writeBytes(bytes, end, bytes.length - end);
            byte[] changed = new byte[out.readableBytes()];
            out.readBytes(changed);
            return changed;
        };
        assertEquals("E(22023)", client.query("select a"));
        proxy.postgres.mutation = null;
        assertFalse(client.isOpen());
        assertNextClientIsServed(1);
    }

    @Test
    void whatWaitsBehindAnAnswerIsCarriedOutWhenItsClientHasSaidGoodbye() {
        proxy.postgres.piece = 10;
        TestClient client = proxy.login("application_name", "mine");
        client.query("select 1");
        ModelPostgres.Backend server = proxy.postgres.last();
        server.deaf = true;
        client.send(Wire.empty().query("reset all").query("insert kept").terminate());
        client.close();
        server.hear();
        proxy.run();
        assertEquals(List.of("kept"), proxy.postgres.committed);
        assertEquals(0, proxy.sessions().all().size());
        assertNextClientIsServed(1);
    }
}

package dev.carpool.client;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Prepared statements beyond what fits, and sides that do not take bytes for a while. */
final class StatementsAndBackpressureTest {
    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with("max_prepared_statements=2");

    @AfterEach
    void stop() {
        proxy.close();
    }

    private static String prepared(TestClient client, String name) {
        client.send(Wire.empty().parse(name, "select " + name).sync());
        return client.transcript();
    }

    private static String run(TestClient client, String name) {
        client.send(Wire.empty().run(name).sync());
        return client.transcript();
    }

    @Test
    void statementsUsedLongestAgoMakeRoom() {
        TestClient client = proxy.login();
        for (String name : new String[] {"a", "b", "c", "d"}) {
            assertEquals("1Z(I)", prepared(client, name));
            assertTrue(proxy.postgres.last().prepared.size() <= 2);
        }
        for (String name : new String[] {"a", "b", "a", "c", "d", "b"}) {
            assertEquals("2D(" + name + ")C(SELECT 1)Z(I)", run(client, name));
            assertTrue(proxy.postgres.last().prepared.size() <= 2);
        }
        client.send(Wire.empty().describe('S', "c").sync());
        assertEquals("tTZ(I)", client.transcript());
    }

    @Test
    void roomMadeInVainIsKnown() {
        TestClient client = proxy.login();
        prepared(client, "a");
        prepared(client, "b");
        client.send(Wire.empty().bind("", "none").parse("c", "select c").sync());
        assertEquals("E(26000)Z(I)", client.transcript());
        assertEquals("2D(a)C(SELECT 1)Z(I)", run(client, "a"));
        assertEquals("2D(b)C(SELECT 1)Z(I)", run(client, "b"));
        assertEquals("E(26000)Z(I)", run(client, "c"));
    }

    @Test
    void clientsShareWhatIsTheSame() {
        TestClient one = proxy.login();
        TestClient two = proxy.login();
        prepared(one, "a");
        two.send(Wire.empty().parse("mine", "select a").run("mine").sync());
        assertEquals("12D(a)C(SELECT 1)Z(I)", two.transcript());
        assertEquals(1, proxy.postgres.last().prepared.size());
        one.send(Wire.empty().close('S', "a").sync());
        assertEquals("3Z(I)", one.transcript());
        assertEquals("2D(a)C(SELECT 1)Z(I)", run(two, "mine"));
        assertEquals("E(26000)Z(I)", run(one, "a"));
    }

    @Test
    void statementsTooLargeToKeepKeepTheirConnection() {
        TestClient client = proxy.login();
        String large = "select " + "y".repeat(2 << 20);
        client.send(Wire.empty().parse("large", large).sync());
        assertEquals("1Z(I)", client.transcript());
        assertEquals("TD(q)C(SELECT 1)Z(I)", client.query("select q"));
        assertEquals("2D(2097152)C(SELECT 1)Z(I)", run(client, "large"));
        TestClient other = proxy.login();
        other.send(Wire.empty().query("select waits"));
        assertEquals("", other.transcript());
        client.close();
        assertEquals("TD(waits)C(SELECT 1)Z(I)", other.transcript());
        assertFalse(proxy.postgres.last().prepared.containsKey("large"));
    }

    @Test
    void aLargeUnnamedStatementKeepsItsConnectionUntilTheNext() {
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("", "select " + "y".repeat(2 << 20)).sync());
        assertEquals("1Z(I)", client.transcript());
        assertEquals("2D(2097152)C(SELECT 1)Z(I)", run(client, ""));
        assertEquals("TD(q)C(SELECT 1)Z(I)", client.query("select q"));
        TestClient other = proxy.login();
        assertEquals("TD(free)C(SELECT 1)Z(I)", other.query("select free"));
        assertEquals("E(26000)Z(I)", run(client, ""));
    }

    @Test
    void aServerIsNotReadWhileItsClientDoesNotRead() {
        TestClient client = proxy.login();
        ClientSession session = proxy.sessions().all().iterator().next();
        client.send(Wire.empty().query("hang"));
        Stalled stalled = new Stalled();
        session.channel().pipeline().addFirst(stalled);
        for (int i = 0; i < 3; i++) {
            proxy.postgres
                    .last()
                    .unasked(Unpooled.buffer().writeByte('D').writeInt(100_004).writeBytes(new byte[100_000]));
            proxy.run();
        }
        assertFalse(proxy.server().channel().config().isAutoRead());
        assertTrue(session.channel().bytesBeforeWritable() < 100_010, "one message, not three");
        session.channel().pipeline().remove(stalled);
        session.channel().flush();
        proxy.run();
        assertTrue(proxy.server().channel().config().isAutoRead());
        assertEquals("DDD", client.replies());
        client.close();
        assertEquals("TD(a)C(SELECT 1)Z(I)", proxy.login().query("select a"));
    }

    @Test
    void anUnreadReplyDoesNotStopTheNextOwner() {
        TestClient client = proxy.login();
        ClientSession session = proxy.sessions().all().iterator().next();
        Stalled stalled = new Stalled();
        session.channel().pipeline().addFirst(stalled);
        client.send(Wire.empty().query("big 200000"));
        assertEquals("TD(a)C(SELECT 1)Z(I)", proxy.login().query("select a"));
        assertTrue(proxy.server().channel().config().isAutoRead());
        session.channel().pipeline().remove(stalled);
        session.channel().flush();
        proxy.run();
        assertEquals("TD(200000)C(SELECT 1)Z(I)", client.transcript());
    }

    @Test
    void aClientIsNotReadWhileTheServerDoesNotRead() {
        TestClient client = proxy.login();
        ClientSession session = proxy.sessions().all().iterator().next();
        client.query("copyin");
        Stalled stalled = new Stalled();
        proxy.server().channel().pipeline().addFirst(stalled);
        String data = "z".repeat(50_000);
        for (int i = 0; i < 4; i++) {
            client.send(Wire.empty().copyData(data));
        }
        assertFalse(session.channel().config().isAutoRead());
        proxy.server().channel().pipeline().remove(stalled);
        proxy.server().channel().flush();
        proxy.run();
        assertTrue(session.channel().config().isAutoRead());
        client.send(Wire.empty().copyDone());
        assertEquals("C(COPY 1)Z(I)", client.transcript());
    }

    /** Keeps what is written from reaching the other side. */
    private static final class Stalled extends ChannelOutboundHandlerAdapter {
        @Override
        public void flush(ChannelHandlerContext context) {}
    }
}

package dev.carpool.it;

import java.io.DataInputStream;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Messages and results of any size pass through a proxy with 64 MB of heap and as much direct memory. By default results
 * of 160 MB; {@code -Dcarpool.it.streaming=full} makes that 1 GB, and fields and COPY 256 MB.
 */
class StreamingIT {
    private static final boolean FULL = "full".equals(System.getProperty("carpool.it.streaming"));
    private static final int MEGABYTE = 1 << 20;
    private static final int RESULT = FULL ? 1024 : 160;
    private static final int FIELD = FULL ? 256 : 96;

    private static final PostgresUnderTest POSTGRES = PostgresUnderTest.shared();
    private static ProxyProcess proxy;

    @BeforeAll
    static void start() throws Exception {
        proxy = ProxyProcess.start(
                List.of("-Xmx64m", "-XX:MaxDirectMemorySize=64m", "-Dio.netty.maxDirectMemory=67108864"),
                "default_pool_size=3");
    }

    @AfterAll
    static void stop() throws Exception {
        proxy.close();
    }

    @AfterEach
    void itIsWell() throws Exception {
        assertTrue(proxy.isAlive());
        try (ScriptedClient client = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
        assertFalse(
                proxy.log().stream().anyMatch(line -> line.contains("OutOf") || line.contains("SEVERE")),
                () -> proxy.log().toString());
    }

    /** Waits until the server cannot send any more: the stalled reader has made everybody stop. */
    private static void awaitStall(int backend) throws Exception {
        Await.until(
                "the server waits for its reader",
                () -> "ClientWrite"
                        .equals(POSTGRES.ask("select wait_event from pg_stat_activity where pid = ?", backend)));
    }

    private static void assertOthersAreServed() throws Exception {
        try (ScriptedClient other = proxy.login()) {
            for (int i = 0; i < 100; i++) {
                assertEquals("T D:" + i + " C:SELECT_1 Z:I", other.query("select " + i));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void longResults(boolean stalled) throws Exception {
        try (ScriptedClient client = proxy.login()) {
            client.query("begin");
            int backend = client.backend();
            client.send(Wire.query("select repeat('x', 65536) from generate_series(1, " + RESULT * 16 + ")"));
            if (stalled) {
                awaitStall(backend);
                assertOthersAreServed();
            }
            client.expect('T');
            long bytes = 0;
            Reply reply = client.next();
            while (reply.type() == 'D') {
                bytes += reply.body().length - 6;
                reply = client.next();
            }
            assertEquals((long) RESULT * MEGABYTE, bytes);
            assertEquals("C:SELECT_" + RESULT * 16, reply.summary());
            assertEquals("Z:T", client.replies());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLargeField(boolean stalled) throws Exception {
        try (ScriptedClient client = proxy.login()) {
            client.query("begin");
            int backend = client.backend();
            client.send(Wire.query("select repeat('x', " + FIELD * MEGABYTE + ")"));
            if (stalled) {
                awaitStall(backend);
                assertOthersAreServed();
            }
            client.expect('T');
            DataInputStream in = new DataInputStream(client.socket().getInputStream());
            assertEquals('D', in.read());
            int length = in.readInt();
            assertEquals(4 + 2 + 4 + FIELD * MEGABYTE, length);
            in.skipNBytes(6);
            assertOnlyX(in, length - 10);
            assertEquals("C:SELECT_1 Z:T", client.replies());
        }
    }

    private static void assertOnlyX(InputStream in, int length) throws Exception {
        byte[] buffer = new byte[MEGABYTE];
        byte[] expected = new byte[MEGABYTE];
        Arrays.fill(expected, (byte) 'x');
        for (int left = length; left > 0; ) {
            int n = in.readNBytes(buffer, 0, Math.min(left, buffer.length));
            assertTrue(n > 0 && Arrays.equals(buffer, 0, n, expected, 0, n));
            left -= n;
        }
    }

    @Test
    void aLargeParameter() throws Exception {
        try (ScriptedClient client = proxy.login()) {
            String text = "x".repeat(FIELD * MEGABYTE);
            assertEquals(
                    "1 2 D:" + FIELD * MEGABYTE + " C:SELECT_1 Z:I",
                    client.exchange(Wire.extended("select length($1)", text)));
        }
    }

    @Test
    void aLargeStatement() throws Exception {
        try (ScriptedClient client = proxy.login()) {
            String text = "x".repeat(FIELD * MEGABYTE / 4);
            assertEquals("T D:" + text.length() + " C:SELECT_1 Z:I", client.query("select length('" + text + "')"));
        }
    }

    @Test
    void aLongCopyInWithAServerThatStalls() throws Exception {
        String table = PostgresUnderTest.newName("streamed");
        try (ScriptedClient holder = proxy.login();
                ScriptedClient client = proxy.login()) {
            client.query("create unlogged table " + table + " (t text)");
            client.query("create function " + table + "() returns trigger language plpgsql as"
                    + " $$ begin perform pg_advisory_xact_lock(4242); return new; end $$");
            client.query("create trigger t before insert on " + table + " for each row when (new.t = 'stop')"
                    + " execute function " + table + "()");
            holder.query("begin");
            holder.query("select pg_advisory_xact_lock(4242)");
            client.send(Wire.query("copy " + table + " from stdin"));
            client.expect('G');
            AtomicLong sent = new AtomicLong();
            byte[] megabyte = Wire.copyData(("y".repeat(1023) + "\n").repeat(1024));
            Background<Boolean> writing = Background.start(() -> {
                client.send(Wire.copyData("first\nstop\n"));
                for (int i = 0; i < FIELD; i++) {
                    client.send(megabyte);
                    sent.incrementAndGet();
                }
                client.send(Wire.copyDone());
                return true;
            });
            Await.until(
                    "the server stalls",
                    () -> POSTGRES.ask("select count(*) from pg_stat_activity where wait_event = 'advisory'")
                            .equals("1"));
            assertOthersAreServed();
            assertTrue(sent.get() < 40, () -> "the proxy took " + sent + " MB in");
            holder.query("commit");
            writing.result(120);
            assertEquals("C:COPY_" + (FIELD * 1024 + 2) + " Z:I", client.replies());
            client.query("drop table " + table);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLongCopyOut(boolean stalled) throws Exception {
        try (ScriptedClient client = proxy.login()) {
            client.query("begin");
            int backend = client.backend();
            client.send(Wire.query(
                    "copy (select repeat('x', 1023) from generate_series(1, " + FIELD * 1024 + ")) to stdout"));
            if (stalled) {
                awaitStall(backend);
                assertOthersAreServed();
            }
            client.expect('H');
            long bytes = 0;
            Reply reply = client.next();
            while (reply.type() == 'd') {
                bytes += reply.body().length;
                reply = client.next();
            }
            assertEquals((long) FIELD * MEGABYTE, bytes);
            assertEquals("c", reply.summary());
            assertEquals("C:COPY_" + FIELD * 1024 + " Z:T", client.replies());
        }
    }

    @Test
    void manyStalledReadersAtOnce() throws Exception {
        try (ProxyProcess small = ProxyProcess.start(
                List.of("-Xmx64m", "-XX:MaxDirectMemorySize=64m", "-Dio.netty.maxDirectMemory=67108864"),
                "default_pool_size=40")) {
            ScriptedClient[] clients = new ScriptedClient[40];
            for (int i = 0; i < clients.length; i++) {
                clients[i] = small.login();
                clients[i].send(Wire.query("select repeat('x', 8192) from generate_series(1, 2560)"));
            }
            for (ScriptedClient client : clients) {
                int rows = 0;
                for (Reply reply : client.untilReady()) {
                    rows += reply.type() == 'D' ? 1 : 0;
                }
                assertEquals(2560, rows);
                client.close();
            }
            assertFalse(small.log().stream().anyMatch(line -> line.contains("OutOf") || line.contains("SEVERE")));
        }
    }
}

package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class StartupPhaseTest {
    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private static byte[] request(int code) {
        return Wire.of(out -> WireWriter.request(out, code)).bytes();
    }

    private static byte[] startup(int minor, String... parameters) {
        Map<String, String> pairs = new LinkedHashMap<>();
        pairs.put("user", "app");
        for (int i = 0; i < parameters.length; i += 2) {
            pairs.put(parameters[i], parameters[i + 1]);
        }
        return Wire.of(out -> WireWriter.startup(out, minor, pairs)).bytes();
    }

    @Test
    void encryptionIsRefusedPolitely() {
        TestClient client = proxy.connect();
        client.send(request(80877104));
        assertArrayEquals(new byte[] {'N'}, client.raw());
        client.send(request(80877103));
        assertArrayEquals(new byte[] {'N'}, client.raw());
        client.send(startup(0));
        assertTrue(client.replies().endsWith("KZ"));
    }

    @Test
    void anEncryptionRequestIsNotRepeated() {
        TestClient client = proxy.connect();
        client.send(request(80877103));
        client.raw();
        client.send(request(80877103));
        assertEquals("E(08P01)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void theNewestProtocolHasLongCancelKeys() {
        TestClient client = proxy.connect();
        client.send(startup(2));
        assertTrue(client.replies().matches("RS+KZ"));
        assertEquals(32, client.key.length);
        TestClient old = proxy.connect();
        old.send(startup(0));
        assertTrue(old.replies().matches("RS+KZ"));
        assertEquals(4, old.key.length);
    }

    @Test
    void newerProtocolsAndOptionsAreNegotiated() {
        TestClient client = proxy.connect();
        client.send(startup(9, "_pq_.compression", "on"));
        assertTrue(client.replies().matches("vRS+KZ"));
        TestClient option = proxy.connect();
        option.send(startup(0, "_pq_.compression", "on"));
        assertTrue(option.replies().matches("vRS+KZ"));
    }

    @Test
    void oldProtocolsAreRefused() {
        TestClient client = proxy.connect();
        byte[] two = startup(0);
        two[5] = 2;
        client.send(two);
        assertTrue(client.transcript().startsWith("E("));
        assertFalse(client.isOpen());
    }

    @Test
    void impossibleLengthsEndTheConnectionWithoutAWord() {
        for (int length : new int[] {-1, 0, 7, 10_001, Integer.MAX_VALUE}) {
            TestClient client = proxy.connect();
            client.send(Wire.of(out -> out.writeInt(length)).bytes());
            assertEquals("", client.transcript(), "length " + length);
            assertFalse(client.isOpen());
        }
    }

    @Test
    void packetsWithoutTerminatorAreRefused() {
        byte[] good = startup(0);
        byte[] bad = Arrays.copyOf(good, good.length - 1);
        bad[3]--;
        TestClient client = proxy.connect();
        client.send(bad);
        assertEquals("E(08P01)", client.transcript());
    }

    @Test
    void shortCancelRequestsDoNothing() {
        for (byte[] rest : new byte[][] {{}, {0, 0}, {0, 0, 0, 1}, {0, 0, 0, 1, 7}}) {
            TestClient client = proxy.connect();
            byte[] packet = Arrays.copyOf(request(80877102), 8 + rest.length);
            packet[3] = (byte) packet.length;
            System.arraycopy(rest, 0, packet, 8, rest.length);
            client.send(packet);
            assertEquals("", client.transcript());
            assertFalse(client.isOpen());
        }
    }

    @Test
    void cancelRequestsOfStrangersDoNothing() {
        TestClient victim = proxy.login();
        victim.send(Wire.empty().query("hang"));
        byte[] wrong = victim.key.clone();
        wrong[0]++;
        TestClient stranger = proxy.connect();
        stranger.send(Wire.of(out -> WireWriter.cancelRequest(out, victim.processId, wrong)));
        assertFalse(stranger.isOpen());
        assertEquals("", stranger.transcript());
        assertEquals(0, proxy.postgres.cancels);
        TestClient longer = proxy.connect();
        longer.send(Wire.of(out -> WireWriter.cancelRequest(out, victim.processId, new byte[300])));
        assertFalse(longer.isOpen());
        assertEquals(0, proxy.postgres.cancels);
    }

    @Test
    void cancelRequestsForAnotherProxyAreCounted() {
        TestClient victim = proxy.login();
        victim.send(Wire.empty().query("hang"));
        TestClient strayed = proxy.connect();
        strayed.send(Wire.of(out -> WireWriter.cancelRequest(out, victim.processId + (1 << 20), victim.key)));
        assertFalse(strayed.isOpen());
        assertEquals("", strayed.transcript());
        assertEquals(0, proxy.postgres.cancels);
        assertEquals(1, proxy.cancelKeys().foreign());
        TestClient guesser = proxy.connect();
        guesser.send(Wire.of(out -> WireWriter.cancelRequest(out, victim.processId, new byte[] {1, 2, 3, 4})));
        assertEquals(1, proxy.cancelKeys().foreign());
    }

    @Test
    void aQueuedRequestIsCancelled() {
        TestClient holder = proxy.login();
        TestClient queued = proxy.login();
        holder.query("begin");
        queued.send(Wire.empty().query("select a"));
        TestClient canceller = proxy.connect();
        canceller.send(Wire.of(out -> WireWriter.cancelRequest(out, queued.processId, queued.key)));
        assertEquals("E(57014)Z(I)", queued.transcript());
        assertEquals(0, proxy.postgres.cancels);
        assertEquals("C(COMMIT)Z(I)", holder.query("commit"));
        assertEquals("TD(a)C(SELECT 1)Z(I)", queued.query("select a"));
    }

    @Test
    void aUserIsNeeded() {
        TestClient client = proxy.connect();
        client.send(Wire.of(out -> WireWriter.startup(out, 0, Map.of("database", "app"))));
        assertEquals("E(28000)", client.transcript());
    }

    @Test
    void settingsOfTheStartupAreGivenToEveryConnection() {
        TestClient one = proxy.login("application_name", "one", "options", "-c a.b=c");
        TestClient two = proxy.login("application_name", "two");
        assertEquals("TD(one)C(SELECT 1)Z(I)", one.query("show application_name"));
        assertEquals("TD(two)C(SELECT 1)Z(I)", two.query("show application_name"));
        assertEquals("E(42704)Z(I)", two.query("show a.b")); // another's name
        assertEquals("TD(c)C(SELECT 1)Z(I)", one.query("show a.b"));
        assertEquals(1, proxy.postgres.open);
    }

    /** Values come in the encoding of the client, which need not be UTF-8. */
    @Test
    void settingsAreKeptByteForByte() {
        TestClient latin = proxy.login("client_encoding", "LATIN1");
        TestClient other = proxy.login();
        latin.send(Wire.of(out -> {
            int at = WireWriter.begin(out, (byte) 'Q');
            out.writeBytes("set application_name caf\u00e9\0".getBytes(StandardCharsets.ISO_8859_1));
            WireWriter.end(out, at);
        }));
        assertTrue(latin(latin).contains("application_name\0caf\u00e9\0"));
        assertEquals("TD()C(SELECT 1)Z(I)", other.query("show application_name"));
        latin.send(Wire.empty().query("show application_name"));
        assertTrue(latin(latin).contains("caf\u00e9"));
        assertEquals(1, proxy.postgres.open);
    }

    @Test
    void settingsOfTheStartupAreKeptByteForByte() {
        TestClient client = proxy.connect();
        byte[] startup = startup(0, "database", "app", "a.b", "caf@");
        for (int i = 0; i < startup.length; i++) {
            startup[i] = startup[i] == '@' ? (byte) 0xe9 : startup[i];
        }
        client.send(startup);
        assertTrue(client.replies().endsWith("Z"));
        client.send(Wire.empty().query("show a.b"));
        assertTrue(latin(client).contains("caf\u00e9"));
    }

    private static String latin(TestClient client) {
        return new String(client.raw(), StandardCharsets.ISO_8859_1);
    }

    @Test
    void aSettingTheServerRefusesEndsTheLogin() {
        TestClient client = proxy.connect();
        client.startup("application_name", "bad");
        assertEquals("E(22023)", client.transcript());
        assertFalse(client.isOpen());
        assertEquals("TD(a)C(SELECT 1)Z(I)", proxy.login().query("select a"));
    }
}

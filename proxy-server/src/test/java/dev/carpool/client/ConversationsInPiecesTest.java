package dev.carpool.client;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** How bytes are cut into packets makes no difference: each conversation whole, and cut at every position. */
final class ConversationsInPiecesTest {
    /** Requests with what they are answered. */
    private static final Map<String, Supplier<Wire>> CONVERSATIONS = conversations();

    private static Map<String, Supplier<Wire>> conversations() {
        Map<String, Supplier<Wire>> all = new LinkedHashMap<>();
        all.put("TD(a)C(SELECT 1)Z(I)", () -> Wire.empty().query("select a"));
        all.put(
                "C(BEGIN)Z(T)E(42601)Z(E)E(25P02)Z(E)C(ROLLBACK)Z(I)",
                () -> Wire.empty()
                        .query("begin")
                        .query("fail")
                        .query("select a")
                        .query("rollback"));
        all.put(
                "12TD(u)C(SELECT 1)Z(I)",
                () -> Wire.empty()
                        .parse("", "select u")
                        .bind("", "")
                        .describe('P', "")
                        .execute("")
                        .sync());
        all.put(
                "1tT2D(s)C(SELECT 1)Z(I)3Z(I)E(26000)Z(I)",
                () -> Wire.empty()
                        .parse("s", "select s")
                        .describe('S', "s")
                        .run("s")
                        .sync()
                        .close('S', "s")
                        .sync()
                        .run("s")
                        .sync());
        all.put(
                "1E(42P05)Z(I)2D(s)C(SELECT 1)Z(I)",
                () -> Wire.empty()
                        .parse("s", "select s")
                        .parse("s", "select other")
                        .bind("", "skipped")
                        .sync()
                        .run("s")
                        .sync());
        all.put(
                "E(26000)Z(I)E(42601)Z(I)1Z(I)",
                () -> Wire.empty()
                        .bind("", "none")
                        .parse("t", "select t")
                        .sync()
                        .parse("", "syntax")
                        .sync()
                        .parse("t2", "select t")
                        .sync());
        all.put(
                "GC(COPY 1)Z(I)GE(57014)Z(I)",
                () -> Wire.empty()
                        .query("copyin")
                        .copyData("one")
                        .copyData("two")
                        .copyDone()
                        .query("copyin")
                        .copyFail());
        all.put(
                "12GC(COPY 1)Z(I)12GE(57014)Z(I)",
                () -> Wire.empty()
                        .parse("", "copyin")
                        .run("")
                        .sync()
                        .copyData("x")
                        .copyDone()
                        .sync()
                        .parse("", "copyin")
                        .run("")
                        .query("eaten")
                        .sync());
        all.put(
                "HdddcC(COPY 3)Z(I)VZ(I)I",
                () -> Wire.empty().query("copyout 3").functionCall(952).query(""));
        all.put(
                "NC(INSERT 0 0)Z(I)SC(SET)Z(I)TD(x)C(SELECT 1)Z(I)",
                () -> Wire.empty()
                        .query("notice n")
                        .query("set application_name x")
                        .query("show application_name"));
        all.put(
                "12D(3000)C(SELECT 1)Z(I)",
                () -> Wire.empty()
                        .parse("", "big 3000")
                        .bind("", "", new byte[2500])
                        .execute("")
                        .sync());
        return all;
    }

    private static boolean fits(String expected, String transcript) {
        return transcript.startsWith(expected);
    }

    @Test
    void requestsCutAnywhere() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.counting()) {
            CONVERSATIONS.forEach((expected, wire) -> {
                byte[] bytes = wire.get().bytes();
                TestClient whole = proxy.login();
                whole.send(bytes);
                byte[] right = whole.raw();
                whole.close();
                int step = Math.max(1, bytes.length / 300);
                for (int cut = 0; cut <= bytes.length; cut += step) {
                    TestClient client = proxy.login();
                    client.sendInPieces(bytes, cut);
                    assertArrayEquals(right, client.raw(), expected + " cut at " + cut);
                    client.close();
                    assertEquals(0, proxy.buffered(), expected + " cut at " + cut);
                }
                TestClient bytewise = proxy.login();
                for (byte one : bytes) {
                    bytewise.send(new byte[] {one});
                }
                assertArrayEquals(right, bytewise.raw(), expected + " byte by byte");
                bytewise.close();
            });
            assertEquals(1, proxy.postgres.open);
        }
    }

    @Test
    void repliesCutAnywhere() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.counting()) {
            CONVERSATIONS.forEach((expected, wire) -> {
                byte[] bytes = wire.get().bytes();
                for (int piece = 0; piece < 40; piece++) {
                    proxy.postgres.piece = piece;
                    TestClient client = proxy.login();
                    client.send(bytes);
                    String transcript = client.transcript();
                    assertTrue(fits(expected, transcript), expected + " in pieces of " + piece + ": " + transcript);
                    assertEquals(0, client.unfinished());
                    client.close();
                    assertEquals(0, proxy.buffered(), expected + " in pieces of " + piece);
                }
            });
            assertEquals(1, proxy.postgres.open);
        }
    }

    @Test
    void loginsCutAnywhere() {
        try (ProxyOnOneLoop proxy = ProxyOnOneLoop.counting()) {
            byte[] ssl = Wire.of(out -> dev.carpool.protocol.WireWriter.request(out, 80877103))
                    .bytes();
            byte[] startup = Wire.of(out -> dev.carpool.protocol.WireWriter.startup(
                            out, 0, Map.of("user", "app", "application_name", "x")))
                    .bytes();
            for (int cut = 0; cut <= startup.length; cut++) {
                TestClient client = proxy.connect();
                client.sendInPieces(ssl, Math.min(cut, ssl.length));
                assertArrayEquals(new byte[] {'N'}, client.raw());
                client.sendInPieces(startup, cut);
                assertTrue(client.replies().matches("RS+KZ"), "cut at " + cut);
                client.send(Arrays.copyOf(Wire.empty().terminate().bytes(), 5));
                assertEquals(0, proxy.buffered());
            }
        }
    }
}

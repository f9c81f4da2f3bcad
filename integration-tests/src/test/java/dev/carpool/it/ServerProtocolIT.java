package dev.carpool.it;

import java.io.EOFException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Each message of a server belongs to a request; what does not costs the connection, and nobody else's replies. */
class ServerProtocolIT {
    private static byte[] answer(String query) {
        return Wire.all(Wire.row(query), Wire.complete("SELECT 1"), Wire.ready('I'));
    }

    private static ProxyUnderTest proxy(ScriptedServer server) throws Exception {
        return ProxyUnderTest.inFrontOf(server.url(), ProxyUnderTest.sharing("auth_type=trust", "default_pool_size=1"));
    }

    private static ScriptedServer serverThatAdds(byte[] surplus) throws Exception {
        AtomicInteger connections = new AtomicInteger();
        return ScriptedServer.start(peer -> {
            peer.welcome();
            boolean first = connections.incrementAndGet() == 1;
            while (true) {
                String query = peer.query();
                peer.send(first && query.equals("bad") ? Wire.all(answer(query), surplus) : answer(query));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"row", "complete", "ready", "bind", "error", "unknown", "copy"})
    void aMessageTooManyNeverReachesTheNextClient(String what) throws Exception {
        byte[] surplus = switch (what) {
            case "row" -> Wire.row("of somebody else");
            case "complete" -> Wire.complete("SELECT 99");
            case "ready" -> Wire.ready('I');
            case "bind" -> Wire.message('2', new byte[0]);
            case "error" -> Wire.error("ERROR", "XX000", "of somebody else");
            case "copy" -> Wire.message('d', new byte[10]);
            default -> Wire.message('%', new byte[10]);
        };
        try (ScriptedServer server = serverThatAdds(surplus);
                ProxyUnderTest proxy = proxy(server);
                ScriptedClient a = proxy.loginAs("app", "", "app");
                ScriptedClient b = proxy.loginAs("app", "", "app")) {
            assertEquals("D:1 C:SELECT_1 Z:I", a.query("1"));
            a.send(Wire.query("bad"));
            b.send(Wire.query("2"));
            assertEquals("D:2 C:SELECT_1 Z:I", b.replies());
            assertEquals("D:3 C:SELECT_1 Z:I", b.query("3"));
            Await.until("the connection is not used again", () -> {
                assertEquals("D:4 C:SELECT_1 Z:I", b.query("4"));
                return server.accepted() >= 2;
            });
        }
    }

    @Test
    void aMessageThatBelongsToNoRequestEndsTheSessionThatRuns() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    peer.welcome();
                    boolean first = connections.incrementAndGet() == 1;
                    while (true) {
                        String query = peer.query();
                        peer.send(first ? Wire.message('1', new byte[0]) : answer(query));
                    }
                });
                ProxyUnderTest proxy = proxy(server);
                ScriptedClient a = proxy.loginAs("app", "", "app");
                ScriptedClient b = proxy.loginAs("app", "", "app")) {
            a.send(Wire.query("1"));
            assertEquals("08006", a.expect('E').field('C'));
            assertEquals("D:2 C:SELECT_1 Z:I", b.query("2"));
        }
    }

    @Test
    void asynchronousMessagesMayComeAtAnyTime() throws Exception {
        byte[] notice = Wire.error("NOTICE", "00000", "hello");
        notice[0] = 'N';
        byte[] status = Wire.parameterStatus("DateStyle", "ISO, MDY");
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    peer.welcome();
                    peer.send(notice, status);
                    while (true) {
                        String query = peer.query();
                        peer.send(notice, status);
                        for (byte[] message :
                                List.of(Wire.row(query), Wire.complete("SELECT 1"), status, Wire.ready('I'), notice)) {
                            peer.send(message);
                        }
                    }
                });
                ProxyUnderTest proxy = proxy(server);
                ScriptedClient a = proxy.loginAs("app", "", "app");
                ScriptedClient b = proxy.loginAs("app", "", "app")) {
            for (int i = 0; i < 10; i++) {
                for (ScriptedClient client : List.of(a, b)) {
                    String replies = client.query("" + i).replaceAll("[NS]:\\S*( MDY)? ", "");
                    assertEquals("D:" + i + " C:SELECT_1 Z:I", replies);
                }
            }
            assertEquals(1, server.accepted());
        }
    }

    @Test
    void repliesInSmallestPiecesAreRelayed() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    peer.welcome();
                    while (true) {
                        byte[] answer = answer(peer.query());
                        for (int i = 0; i < answer.length; i++) {
                            peer.send(Wire.part(answer, i, i + 1));
                        }
                    }
                });
                ProxyUnderTest proxy = proxy(server);
                ScriptedClient client = proxy.loginAs("app", "", "app")) {
            for (int i = 0; i < 20; i++) {
                assertEquals("D:" + i + " C:SELECT_1 Z:I", client.query("" + i));
            }
        }
    }

    @Test
    void cutAtEachByteOfAReplyEndsCleanly() throws Exception {
        byte[] whole = answer("cut");
        AtomicInteger cut = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    peer.welcome();
                    while (true) {
                        String query = peer.query();
                        if (query.equals("cut")) {
                            peer.send(Wire.part(whole, 0, cut.get()));
                            return;
                        }
                        peer.send(answer(query));
                    }
                });
                ProxyUnderTest proxy = proxy(server)) {
            for (; cut.get() < whole.length; cut.incrementAndGet()) {
                try (ScriptedClient client = proxy.loginAs("app", "", "app")) {
                    client.send(Wire.query("cut"));
                    assertEndsCleanly(client, cut.get());
                }
            }
        }
    }

    /** The client gets what the server sent, then an error of its own or the end: never a message inside another. */
    private static void assertEndsCleanly(ScriptedClient client, int cut) throws Exception {
        List<String> replies = new ArrayList<>();
        try {
            do {
                replies.add(client.next().summary());
            } while (!replies.get(replies.size() - 1).startsWith("Z"));
        } catch (EOFException | SocketException e) {
            replies.add("end");
        }
        String whole = String.join(" ", replies);
        assertTrue(whole.matches("(D:cut )?(C:SELECT_1 )?(E:08006 )?(Z:I|end)"), () -> "cut at " + cut + ": " + whole);
    }

    @Test
    void cutAtEachStepOfTheLoginIsReported() throws Exception {
        byte[] login = Wire.all(
                Wire.authenticationOk(),
                Wire.parameterStatus("server_version", "18.0"),
                Wire.backendKeyData(1, new byte[4]),
                Wire.ready('I'));
        AtomicInteger cut = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
            peer.startup();
            peer.send(Wire.part(login, 0, cut.get()));
        })) {
            for (; cut.get() < login.length; cut.addAndGet(5)) {
                try (ProxyUnderTest proxy = proxy(server);
                        ScriptedClient client = proxy.client().startup("app", "app")) {
                    Reply error = client.expectFatal();
                    assertTrue(error.field('C').startsWith("08"), () -> "cut at " + cut + ": " + error);
                }
            }
        }
    }

    @Test
    void lengthsThatCannotBeEndTheConnection() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    peer.welcome();
                    boolean first = connections.incrementAndGet() == 1;
                    while (true) {
                        String query = peer.query();
                        peer.send(first ? new byte[] {'D', 0, 0, 0, 3} : answer(query));
                    }
                });
                ProxyUnderTest proxy = proxy(server);
                ScriptedClient a = proxy.loginAs("app", "", "app");
                ScriptedClient b = proxy.loginAs("app", "", "app")) {
            a.send(Wire.query("1"));
            assertEquals("08006", a.expect('E').field('C'));
            assertEquals("D:2 C:SELECT_1 Z:I", b.query("2"));
        }
    }
}

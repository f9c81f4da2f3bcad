package dev.carpool.metrics;

import dev.carpool.admin.TestProxy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class HttpRequestsTest {
    private static final InetSocketAddress LOOPBACK = new InetSocketAddress("127.0.0.1", 9432);
    private static final InetSocketAddress EVERYWHERE = new InetSocketAddress("0.0.0.0", 9432);

    private final TestProxy proxy = new TestProxy("admin_token=geheim");
    private EmbeddedChannel channel = open(LOOPBACK, proxy);

    private static EmbeddedChannel open(InetSocketAddress bound, TestProxy proxy) {
        EmbeddedChannel channel = new EmbeddedChannel();
        Access access = new Access(bound, () -> proxy.config().admin().token());
        HttpPort.addHandlers(channel, new HttpRequests(new Pages(proxy), access, proxy.expensive()));
        return channel;
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private String send(String text) {
        channel.writeInbound(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
        channel.runPendingTasks();
        return answer();
    }

    private String answer() {
        StringBuilder all = new StringBuilder();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            all.append(out.toString(StandardCharsets.UTF_8));
            out.release();
        }
        return all.toString();
    }

    private String get(String path, String... headers) {
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: x\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return send(request + "\r\n");
    }

    private void reopen(InetSocketAddress bound, TestProxy other) {
        channel.finishAndReleaseAll();
        channel = open(bound, other);
    }

    @Test
    void readyzFollowsTheProxy() {
        assertTrue(get("/readyz").startsWith("HTTP/1.1 200 OK"));
        proxy.ready = false;
        assertTrue(get("/readyz").startsWith("HTTP/1.1 503 "));
        assertTrue(get("/livez").startsWith("HTTP/1.1 200 OK"));
    }

    @Test
    void loopbackNeedsNoToken() {
        assertTrue(get("/api/stats").startsWith("HTTP/1.1 200 OK"));
    }

    @Test
    void elsewhereOnlyTheProbesGoWithoutToken() {
        reopen(EVERYWHERE, proxy);
        assertTrue(get("/livez").startsWith("HTTP/1.1 200 OK"));
        assertTrue(get("/readyz").startsWith("HTTP/1.1 200 OK"));
        for (String path : new String[] {"/health", "/metrics", "/api/stats", "/nothing", "/livez/../health"}) {
            String refused = get(path);
            assertTrue(refused.startsWith("HTTP/1.1 401 Unauthorized"), path);
            assertTrue(refused.contains("www-authenticate: Bearer"), path);
            assertTrue(refused.contains("\"error\""), path);
        }
        assertTrue(get("/health", "Authorization: Bearer geheim").startsWith("HTTP/1.1 200 OK"));
        assertTrue(get("/health", "authorization: bearer geheim").startsWith("HTTP/1.1 200 OK"));
        for (String wrong : new String[] {"Bearer geheiM", "Bearer", "Bearer ", "Basic geheim", "geheim", ""}) {
            assertTrue(get("/health", "Authorization: " + wrong).startsWith("HTTP/1.1 401"), wrong);
        }
    }

    @Test
    void elsewhereWithoutConfiguredTokenSaysHowToConfigureOne() {
        reopen(EVERYWHERE, new TestProxy());
        String refused = get("/metrics", "Authorization: Bearer ");
        assertTrue(refused.startsWith("HTTP/1.1 401"));
        assertTrue(refused.contains("set admin_token"));
    }

    @Test
    void headHasTheLengthButNoBody() {
        String head = send("HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n");
        assertTrue(head.contains("content-length: 6\r\n"));
        assertTrue(head.endsWith("\r\n\r\n"));
    }

    @Test
    void unknownPathsAreJson() {
        String answer = get("/nothing?x=1");
        assertTrue(answer.startsWith("HTTP/1.1 404 Not Found"));
        assertTrue(answer.contains("content-type: application/json"));
        assertTrue(answer.contains("/api/stats"));
    }

    @Test
    void otherMethodsAreRefused() {
        String answer = send("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab");
        assertTrue(answer.startsWith("HTTP/1.1 405"));
        assertTrue(answer.contains("allow: GET, HEAD"));
        assertTrue(get("/livez").startsWith("HTTP/1.1 200"), "the connection goes on");
    }

    @Test
    void answersPipelinedRequestsInOrder() {
        String both = send("GET /livez HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n");
        int first = both.indexOf("alive");
        int second = both.indexOf("404");
        int third = both.indexOf("ready\n");
        assertTrue(first >= 0 && second > first && third > second, both);
    }

    @Test
    void oneAnswerAfterTheOtherEvenWhenTheFirstTakesTime() {
        proxy.later = true;
        reopen(LOOPBACK, proxy);
        assertEquals("", send("GET /health HTTP/1.1\r\n\r\nGET /livez HTTP/1.1\r\n\r\n"));
        proxy.runLater();
        channel.runPendingTasks();
        String both = answer();
        assertTrue(both.indexOf("databases") > 0 && both.indexOf("alive") > both.indexOf("databases"), both);
    }

    @Test
    void closesWhenTheClientSaysSo() {
        assertTrue(get("/livez", "Connection: close").contains("connection: close"));
        assertFalse(channel.isOpen());
    }

    @Test
    void oldHttpIsAnsweredAndClosed() {
        assertTrue(send("GET /livez HTTP/1.0\r\n\r\n").contains("alive"));
        assertFalse(channel.isOpen());
    }

    @Test
    void hugeHeadersAreRefused() {
        assertTrue(get("/livez", "X: " + "y".repeat(20_000)).startsWith("HTTP/1.1 431"));
        assertFalse(channel.isOpen());
    }

    @Test
    void hugeRequestLinesAreRefused() {
        assertTrue(get("/" + "y".repeat(20_000)).startsWith("HTTP/1.1 414"));
        assertFalse(channel.isOpen());
    }

    @Test
    void nonsenseIsRefused() {
        assertTrue(send("\u0016\u0003\u0001 nonsense\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertFalse(channel.isOpen());
    }

    @Test
    void largeBodiesAreRefused() {
        String answer = send("POST /livez HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 413"), answer);
    }

    @Test
    void slowRequestsAreCutOff() {
        send("GET /livez HT");
        channel.advanceTimeBy(HttpRequests.FIRST_REQUEST - 1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertTrue(channel.isOpen());
        send("TP/1.1\r\n");
        channel.advanceTimeBy(2, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertFalse(channel.isOpen());
    }

    @Test
    void idleConnectionsAreClosedInTheEnd() {
        get("/livez");
        channel.advanceTimeBy(HttpRequests.NEXT_REQUEST - 1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertTrue(channel.isOpen());
        channel.advanceTimeBy(2, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertFalse(channel.isOpen());
    }

    @Test
    void noPageShowsTheToken() {
        for (String path : new String[] {"/health", "/metrics", "/api/stats"}) {
            assertFalse(get(path).contains("geheim"), path);
        }
    }
}

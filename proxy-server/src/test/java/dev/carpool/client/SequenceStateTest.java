package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** {@code lastval} tells a session what it has done itself, whatever server connection its transactions ran on. */
final class SequenceStateTest {
    private static final String UNDEFINED = "E(55000)Z(I)";

    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with("default_pool_size=2", "server_round_robin=1");

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void restart(String... settings) {
        proxy.close();
        proxy = ProxyOnOneLoop.with(settings);
    }

    /** Two clients; both server connections are open. */
    private TestClient[] clients() {
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        a.query("begin");
        b.query("begin");
        b.query("commit");
        a.query("commit");
        return new TestClient[] {a, b};
    }

    private static String row(int value) {
        return "TD(" + value + ")C(SELECT 1)Z(I)";
    }

    /** How often the servers were asked in the proxy's own name. */
    private long discards() {
        List<String> all = new ArrayList<>();
        proxy.postgres.backends.forEach(backend -> all.addAll(backend.queries));
        return all.stream().filter("DISCARD SEQUENCES"::equals).count();
    }

    @Test
    void nobodyReadsWhatOthersHaveDone() {
        restart("default_pool_size=1");
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        a.query("insert x");
        assertEquals(UNDEFINED, b.query("select lastval()"));
        assertEquals(UNDEFINED, a.query("select lastval()"), "it is lost");
        assertEquals(1, discards());
    }

    @Test
    void nobodyReadsWhatOthersHaveDoneInABatch() {
        restart("default_pool_size=1");
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        for (String name : List.of("", "s")) {
            a.query("insert x");
            b.send(Wire.empty().parse(name, "select lastval()").run(name).sync());
            assertEquals("12E(55000)Z(I)", b.transcript());
        }
        a.query("insert x");
        b.send(Wire.empty().run("s").sync());
        assertEquals("2E(55000)Z(I)", b.transcript());
        a.query("insert x");
        b.send(Wire.empty().run("").sync());
        assertEquals("2E(55000)Z(I)", b.transcript());
        b.send(Wire.empty().parse("", "insert y").run("").run("s").sync());
        assertEquals("12C(INSERT 0 1)2D(5)C(SELECT 1)Z(I)", b.transcript());
    }

    @Test
    void whatIsReadInItsOwnTransactionCostsNothing() {
        TestClient[] both = clients();
        for (int i = 0; i < 3; i++) {
            for (TestClient client : both) {
                client.query("begin");
                client.query("insert x");
                assertEquals("TD(" + proxy.postgres.sequence + ")C(SELECT 1)Z(T)", client.query("select lastval()"));
                client.query("commit");
            }
        }
        both[0].query("insert x; select lastval()");
        assertEquals(0, discards());
    }

    @Test
    void aSessionThatReadsKeepsItsConnection() {
        TestClient[] both = clients();
        both[0].query("select lastval()");
        both[0].query("insert x");
        both[1].query("insert y");
        both[1].query("insert y");
        assertEquals(row(1), both[0].query("select lastval()"));
        both[1].query("insert y");
        assertEquals(row(1), both[0].query("select lastval()"));
    }

    @Test
    void aReadGoesToWhereTheSessionWas() {
        TestClient[] both = clients();
        for (int i = 1; i < 4; i++) {
            both[0].query("insert x");
            assertEquals(row(i), both[0].query("select lastval()"));
            both[0].query("discard sequences");
            both[1].query("select a");
        }
    }

    @Test
    void aReadDoesNotWaitForAConnectionThatAnotherSessionKeeps() {
        TestClient[] both = clients();
        TestClient third = proxy.login();
        both[0].query("insert x");
        third.query("begin");
        both[1].query("begin");
        both[0].send(Wire.empty().query("select lastval()"));
        third.query("commit");
        assertEquals("", both[0].transcript(), "its connection may become free");
        both[1].query("select pg_backend_pid()");
        both[1].query("commit");
        proxy.sessions().all().forEach(session -> session.tick(System.nanoTime()));
        proxy.run();
        assertEquals(UNDEFINED, both[0].transcript());
        assertEquals("TD(b)C(SELECT 1)Z(I)", both[1].query("select b"));
    }

    @Test
    void aReadBehindBeginGoesToWhereTheSessionWas() {
        TestClient[] both = clients();
        both[0].query("insert x");
        both[0].send(Wire.empty()
                .parse("", "begin")
                .run("")
                .parse("", "select lastval()")
                .run("")
                .sync());
        assertEquals("12C(BEGIN)12D(1)C(SELECT 1)Z(T)", both[0].transcript());
    }

    @Test
    void aReadWaitsForTheConnectionWhereTheSessionWas() {
        TestClient[] both = clients();
        both[0].query("insert x");
        both[1].query("select a");
        both[1].query("begin");
        both[0].send(Wire.empty().query("select lastval()"));
        assertEquals("", both[0].transcript());
        both[1].query("commit");
        assertEquals(row(1), both[0].transcript());
    }

    @Test
    void whatIsLostWhileAReadWaitsIsNotRead() {
        TestClient[] both = clients();
        both[0].query("insert x");
        both[1].query("select a");
        both[1].query("begin");
        both[0].send(Wire.empty().query("select lastval()"));
        both[1].query("insert y");
        both[1].query("commit");
        assertEquals(UNDEFINED, both[0].transcript());
    }

    @Test
    void aReadThatWaitsIsServedWhenItsConnectionIsLost() {
        TestClient[] both = clients();
        both[0].query("insert x");
        both[1].query("select a");
        both[1].query("begin");
        both[0].send(Wire.empty().query("select lastval()"));
        both[1].query("drop");
        assertEquals(UNDEFINED, both[0].transcript());
    }

    @Test
    void aReadThatWaitsCanBeCancelled() {
        TestClient[] both = clients();
        both[0].query("insert x");
        both[1].query("select a");
        both[1].query("begin");
        both[0].send(Wire.empty().query("select lastval()"));
        TestClient canceller = proxy.connect();
        canceller.send(Wire.of(out -> WireWriter.cancelRequest(out, both[0].processId, both[0].key)));
        assertEquals("E(57014)Z(I)", both[0].transcript());
        both[1].query("commit");
        assertEquals(row(1), both[0].query("select lastval()"));
    }

    @Test
    void discardForgets() {
        TestClient[] both = clients();
        both[0].query("select lastval()");
        both[0].query("insert x");
        assertEquals(row(1), both[0].query("select lastval()"));
        both[0].query("discard sequences");
        assertEquals(UNDEFINED, both[0].query("select lastval()"));
        both[1].query("insert y");
        both[1].query("insert y");
        assertEquals(UNDEFINED, both[0].query("select lastval()"));
    }

    @Test
    void aFailedTransactionDiscardsNothing() {
        restart("default_pool_size=1");
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        a.query("insert x");
        b.send(Wire.empty()
                .query("begin")
                .query("fail")
                .query("select lastval()")
                .query("rollback"));
        assertEquals("C(BEGIN)Z(T)E(42601)Z(E)E(25P02)Z(E)C(ROLLBACK)Z(I)", b.transcript());
        assertEquals(UNDEFINED, b.query("select lastval()"));
    }

    @Test
    void aSkippedBatchDiscardsNothing() {
        restart("default_pool_size=1");
        TestClient a = proxy.login();
        TestClient b = proxy.login();
        a.query("insert x");
        b.send(Wire.empty()
                .parse("", "fail")
                .run("")
                .parse("", "select lastval()")
                .run("")
                .sync());
        assertEquals("12E(42601)Z(I)", b.transcript());
        assertEquals(UNDEFINED, b.query("select lastval()"));
    }
}

package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Server connections that are lost while the proxy has asked them something of its own: nobody's request is lost, none is
 * done twice, and no session ends that could go on.
 */
final class LostServersTest {
    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void restart(String... settings) {
        proxy.close();
        proxy = ProxyOnOneLoop.with(settings);
    }

    private ModelPostgres.Backend backend(int number) {
        return proxy.postgres.backends.get(number);
    }

    private void lose(ModelPostgres.Backend backend) {
        backend.close();
        proxy.run();
    }

    /** The server connection hears nothing more when it has answered with this. */
    private void deafBehind(ModelPostgres.Backend backend, String answer) {
        proxy.postgres.mutation = replies -> {
            backend.deaf |= new String(replies, StandardCharsets.ISO_8859_1).contains(answer);
            return replies;
        };
    }

    /** A client with a described statement that the server connection in use, which has served others, lacks. */
    private TestClient behindADescription() {
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("s", "select a").describe('S', "s").sync());
        assertEquals("1tTZ(I)", client.transcript());
        lose(backend(0));
        TestClient other = proxy.login();
        assertEquals("TD(b)C(SELECT 1)Z(I)", other.query("select b"));
        backend(1).deaf = true;
        return client;
    }

    @Test
    void aBindWhoseStatementIsBeingDescribedGoesElsewhere() {
        TestClient client = behindADescription();
        client.send(Wire.empty().run("s").sync());
        client.send(Wire.empty().query("insert x"));
        assertEquals("", client.transcript());
        lose(backend(1));
        assertEquals("2D(a)C(SELECT 1)Z(I)C(INSERT 0 1)Z(I)", client.transcript());
        assertEquals(List.of("x"), proxy.postgres.committed);
    }

    @Test
    void whatAnAdministratorEndsBeforeItHasARequestIsNobodysLoss() {
        TestClient client = behindADescription();
        client.send(Wire.empty().run("s").sync());
        backend(1).ends();
        proxy.run();
        assertEquals("2D(a)C(SELECT 1)Z(I)", client.transcript());
    }

    @Test
    void aBatchThatHasBegunIsNotHandedOn() {
        TestClient client = behindADescription();
        client.send(Wire.empty().parse("", "insert x").run("").run("s").sync());
        lose(backend(1));
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void aBatchThatHasBegunIsNotHandedOnThoughItsBeginningIsAnswered() {
        TestClient client = behindADescription();
        backend(1).deaf = false;
        client.send(Wire.empty().parse("", "insert x").run("").flush());
        assertEquals("12C(INSERT 0 1)", client.transcript());
        backend(1).deaf = true;
        client.send(Wire.empty().run("s").sync());
        lose(backend(1));
        assertEquals("E(08006)", client.transcript());
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void whatIsMadeUpForABatchIsAnsweredBeforeItGoesElsewhere() {
        TestClient client = behindADescription();
        backend(1).deaf = false;
        client.send(Wire.empty().parse("t", "select b").sync());
        assertEquals("1Z(I)", client.transcript());
        deafBehind(backend(1), "f()");
        assertEquals("TD(f())C(SELECT 1)Z(I)", client.query("select f()"));
        proxy.postgres.mutation = null;
        client.send(Wire.empty().close('S', "t").run("s").sync());
        assertEquals("", client.transcript());
        lose(backend(1));
        assertEquals("32D(a)C(SELECT 1)Z(I)", client.transcript());
        client.send(Wire.empty().run("t").sync());
        assertEquals("E(26000)Z(I)", client.transcript());
    }

    @Test
    void aTransactionIsNotHandedOn() {
        TestClient client = proxy.login();
        client.send(Wire.empty().parse("s", "select a").describe('S', "s").sync());
        client.transcript();
        lose(backend(0));
        assertEquals("C(BEGIN)Z(T)", client.query("begin"));
        backend(1).deaf = true;
        client.send(Wire.empty().run("s").sync());
        lose(backend(1));
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void requestsThatWaitForTheEndOfAQuestionGoElsewhere() {
        restart("server_function_check_delay=1min");
        TestClient client = proxy.login("work_mem", "mine");
        deafBehind(backend(0), "RESET");
        assertEquals("C(RESET)Z(I)", client.query("reset all"));
        assertTrue(proxy.server().isProbing());
        proxy.postgres.mutation = null;
        client.send(Wire.empty().query("show work_mem").query("insert x"));
        assertEquals("", client.transcript());
        lose(backend(0));
        assertEquals("TD(mine)C(SELECT 1)Z(I)C(INSERT 0 1)Z(I)", client.transcript());
        assertEquals(List.of("x"), proxy.postgres.committed);
    }

    @Test
    void aRequestBehindAQuestionIsToldOfTheLossOnce() {
        TestClient client = proxy.login();
        deafBehind(backend(0), "f()");
        assertEquals("TD(f())C(SELECT 1)Z(I)", client.query("select f()"));
        proxy.postgres.mutation = null;
        client.send(Wire.empty().query("insert x"));
        lose(backend(0));
        assertEquals("E(08006)Z(I)", client.transcript());
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void whatASessionMayHaveLeftIsNotLostSilently() {
        TestClient client = proxy.login();
        String lock = "select pg_advisory_lock(1)";
        deafBehind(backend(0), "pg_advisory");
        assertTrue(client.query(lock).endsWith("C(SELECT 1)Z(I)"));
        proxy.postgres.mutation = null;
        client.send(Wire.empty().query("insert x"));
        lose(backend(0));
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void requestsThatWaitForOthersGoElsewhere() {
        restart("default_pool_size=2");
        TestClient holder = proxy.login();
        TestClient meant = proxy.login();
        TestClient client = proxy.login();
        holder.query("begin");
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
        ModelPostgres.Backend server = proxy.postgres.last();
        client.send(Wire.empty().query("select pg_cancel_backend(" + meant.processId + ")"));
        assertEquals("", client.transcript()); // until the session that is meant has a server connection
        lose(server);
        assertEquals("", client.transcript());
        holder.query("commit");
        assertEquals("TD(pg_cancel_backend(0000001))C(SELECT 1)Z(I)", client.transcript());
    }

    @Test
    void aResetIsToldTheClientsOwnValues() {
        TestClient client = proxy.login("application_name", "mine");
        deafBehind(backend(0), "RESET");
        assertEquals("C(RESET)", client.query("reset all"));
        proxy.postgres.mutation = null;
        backend(0).close();
        proxy.run();
        String told = new String(client.raw(), StandardCharsets.ISO_8859_1);
        assertTrue(told.contains("mine"), told);
        assertTrue(told.endsWith("I"), told);
        assertEquals("TD(mine)C(SELECT 1)Z(I)", client.query("show application_name"));
    }

    @Test
    void aCopyIsAnswerEnoughInTheMiddleOfItsData() {
        TestClient client = proxy.login();
        byte[] data =
                Wire.empty().copyData("0123456789").copyDone().query("select a").bytes();
        for (int cut = 0; cut < 16; cut++) {
            assertEquals("G", client.query("copyin"));
            client.send(Arrays.copyOf(data, cut));
            lose(proxy.postgres.last());
            assertEquals("E(08006)Z(I)", client.transcript(), "cut at " + cut);
            client.send(Arrays.copyOfRange(data, cut, data.length));
            assertEquals("TD(a)C(SELECT 1)Z(I)", client.transcript(), "cut at " + cut);
        }
        assertEquals(List.of(), proxy.postgres.committed);
    }

    @Test
    void aQueryCutInTwoEndsTheSession() {
        TestClient client = proxy.login();
        byte[] query = Wire.empty().query("insert " + "x".repeat(20_000)).bytes();
        client.send(Arrays.copyOf(query, 18_000));
        lose(backend(0));
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void whatWasAskedBeforeAGoodbyeGoesElsewhere() {
        TestClient other = proxy.login();
        TestClient client = proxy.login("role", "somebody");
        other.query("select 1");
        backend(0).deaf = true;
        client.send(Wire.empty().query("insert x").query("insert y").terminate());
        client.close();
        lose(backend(0));
        assertEquals(List.of("x", "y"), proxy.postgres.committed);
        assertEquals(1, proxy.sessions().all().size());
    }

    @Test
    void aSessionThatGoesOnEndsWhenTheProxyStops() {
        TestClient client = proxy.login();
        client.send(Wire.empty().query("hang"));
        proxy.stopping = true;
        lose(backend(0));
        assertEquals("E(08006)Z(I)E(57P01)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void aSessionCancelledInTheQueueEndsWhenTheProxyStops() {
        TestClient holder = proxy.login();
        holder.query("begin");
        TestClient client = proxy.login();
        client.send(Wire.empty().query("select a"));
        proxy.stopping = true;
        TestClient cancelling = proxy.connect();
        cancelling.send(Wire.of(out -> WireWriter.cancelRequest(out, client.processId, client.key)));
        assertEquals("E(57014)Z(I)E(57P01)", client.transcript());
    }

    @Test
    void aLoginIsWelcomedByAnotherConnectionThanAnOldOneThatIsLost() {
        TestClient before = proxy.login();
        assertEquals("TD(a)C(SELECT 1)Z(I)", before.query("select a"));
        backend(0).deaf = true;
        TestClient client = proxy.connect();
        client.startup("work_mem", "mine");
        assertEquals("", client.transcript());
        proxy.postgres.deafAtBirth = true;
        lose(backend(0));
        assertEquals("", client.transcript());
        backend(1).hear();
        proxy.run();
        assertTrue(client.transcript().endsWith("Z(I)"));
        proxy.postgres.deafAtBirth = false;
        assertEquals("TD(mine)C(SELECT 1)Z(I)", client.query("show work_mem"));
    }

    @Test
    void aLoginFailsWhoseSettingsCostANewConnection() {
        proxy.postgres.deafAtBirth = true;
        TestClient client = proxy.connect();
        client.startup("work_mem", "mine");
        assertEquals("", client.transcript());
        lose(backend(0));
        assertEquals("E(57P03)", client.transcript());
        assertEquals(1, proxy.postgres.backends.size());
    }

    @Test
    void aQuestionOfTheProxysIsNoQueryThatTakesTooLong() {
        restart("query_timeout=1s", "transaction_timeout=2s");
        TestClient client = proxy.login();
        deafBehind(backend(0), "f()");
        assertEquals("TD(f())C(SELECT 1)Z(I)", client.query("select f()"));
        proxy.postgres.mutation = null;
        ClientSession session = proxy.sessions().all().iterator().next();
        session.tick(System.nanoTime() + Duration.ofSeconds(3).toNanos());
        proxy.run();
        assertEquals("", client.transcript());
        client.send(Wire.empty().query("insert x"));
        session.tick(System.nanoTime() + Duration.ofSeconds(1).toNanos());
        proxy.run();
        assertEquals("E(57014)", client.transcript());
        assertFalse(client.isOpen());
    }

    /** A client that has said LISTEN while the connection of the shared listener is deaf: it is the second one. */
    private TestClient listening() {
        TestClient other = proxy.login();
        assertEquals("C(LISTEN)Z(I)", other.query("listen other"));
        TestClient client = proxy.login();
        backend(1).deaf = true;
        client.send(Wire.empty().query("listen news"));
        assertEquals("C(LISTEN)", client.transcript());
        return client;
    }

    private void assertListens(TestClient client) {
        TestClient notifier = proxy.login();
        assertEquals("C(NOTIFY)Z(I)", notifier.query("notify news x"));
        assertEquals("A(news x)", client.transcript());
    }

    @Test
    void aConnectionLostWhileItHandsOverToTheSharedListenerIsNobodysLoss() {
        TestClient client = listening();
        backend(0).deaf = true;
        backend(1).hear();
        proxy.run();
        assertEquals("", client.transcript());
        lose(backend(0));
        assertEquals("Z(I)N", client.transcript()); // what was notified meanwhile may be lost
        assertListens(client);
    }

    @Test
    void aConnectionLostBeforeTheSharedListenerListensCostsTheListen() {
        TestClient client = listening();
        lose(backend(0));
        assertEquals("E(08006)Z(I)", client.transcript());
        backend(1).hear();
        proxy.run();
        assertEquals("NC(LISTEN)Z(I)", client.query("listen news"));
        assertListens(client);
    }

    @Test
    void aListenThatWasToldEarlyIsNotLostSilently() {
        TestClient client = listening();
        backend(0).deaf = true;
        client.send(Wire.empty().query("insert x"));
        assertEquals("Z(I)", client.transcript());
        lose(backend(0));
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void whatASessionKeepsThereIsNotLostSilently() {
        restart("default_pool_size=2");
        TestClient client = proxy.login();
        TestClient signalling = proxy.login();
        signalling.query("begin");
        assertTrue(client.query("select pg_backend_pid()").endsWith("Z(I)"));
        lose(proxy.postgres.last());
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }
}

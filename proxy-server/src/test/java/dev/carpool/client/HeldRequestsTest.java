package dev.carpool.client;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Requests behind a RESET are held until what the client started with is back, and are all answered in their order. */
final class HeldRequestsTest {
    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private TestClient login() {
        return proxy.login("application_name", "mine");
    }

    @Test
    void aResetMayComeInAnyPieces() {
        answersAreTheSameInAnyPieces(Wire.empty().query("reset all").query("select a"));
    }

    @Test
    void aResetInABatchMayComeInAnyPieces() {
        answersAreTheSameInAnyPieces(Wire.empty()
                .parse("", "reset all")
                .bind("", "")
                .execute("")
                .sync()
                .query("select a"));
    }

    private void answersAreTheSameInAnyPieces(Wire wire) {
        byte[] requests = wire.bytes();
        String whole = answers(requests);
        assertTrue(whole.endsWith("TD(a)C(SELECT 1)Z(I)"), whole);
        for (int cut = 1; cut < requests.length; cut++) {
            assertEquals(whole, answers(requests, cut), "cut at " + cut);
        }
    }

    private String answers(byte[] requests, int... cuts) {
        TestClient client = login();
        client.sendInPieces(requests, cuts);
        String transcript = client.transcript();
        client.close();
        return transcript;
    }

    @Test
    void aResetInAPipelineIsRestoredForWhatFollows() {
        TestClient client = login();
        client.send(Wire.empty().query("select a").query("reset all").query("show application_name"));
        assertEquals("TD(a)C(SELECT 1)Z(I)C(RESET)SZ(I)TD(mine)C(SELECT 1)Z(I)", client.transcript());
    }

    @Test
    void whatAResetBringsBackIsToldInFrontOfReadyForQuery() {
        TestClient client = login();
        client.query("quietly application_name else");
        assertEquals("C(RESET)SZ(I)", client.query("reset all"));
        client.query("select pg_catalog.set_config('application_name','',false)");
        assertEquals("C(RESET)SZ(I)", client.query("reset all"));
    }

    @Test
    void aResetWhoseSettingsCannotBeRestoredFailsItsTransaction() {
        TestClient client = login();
        client.query("begin");
        proxy.postgres.cancelledSettings = 1;
        assertEquals("C(RESET)E(57014)SZ(E)", client.query("reset all")); // the model rolls back no settings
        assertEquals("E(25P02)Z(E)", client.query("select a"));
        assertEquals("C(ROLLBACK)Z(I)", client.query("rollback"));
    }

    @Test
    void aBatchWhoseSettingsCannotBeRestoredFailsItsTransaction() {
        TestClient client = proxy.login("work_mem", "mine");
        client.query("begin");
        proxy.postgres.cancelledSettings = 1;
        client.send(Wire.empty().parse("", "reset all").run("").sync().query("select a"));
        assertEquals("12C(RESET)E(57014)Z(E)E(25P02)Z(E)", client.transcript());
        assertEquals("C(ROLLBACK)Z(I)", client.query("rollback"));
    }

    @Test
    void aResetWhoseAnswerIsLostHoldsNothingUp() {
        TestClient client = login();
        assertEquals("C(RESET)E(08006)Z(I)", client.query("reset all; drop"));
        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
    }

    /** A client whose next request waits until the only server connection, which is deaf, has its role. */
    private TestClient behindItsSettings() {
        TestClient client = login();
        client.query("set role other");
        TestClient another = login();
        another.query("select a");
        proxy.postgres.backends.get(0).deaf = true;
        return client;
    }

    @Test
    void requestsThatWaitForTheirSettingsGetAnotherConnectionWhenTheirsIsLost() {
        TestClient client = behindItsSettings();
        client.send(Wire.empty().query("select b").parse("", "show role"));
        client.send(Wire.empty().run("").sync());
        assertEquals("", client.transcript());
        proxy.postgres.backends.get(0).close();
        proxy.run();
        assertEquals("TD(b)C(SELECT 1)Z(I)12D(other)C(SELECT 1)Z(I)", client.transcript());
        assertEquals("TD(c)C(SELECT 1)Z(I)", client.query("select c"));
    }

    @Test
    void requestsWhoseNewConnectionsAreLostBeforeTheyHaveServedAnybodyEndTheSession() {
        TestClient client = behindItsSettings();
        client.send(Wire.empty().query("select b"));
        proxy.postgres.deafAtBirth = true;
        for (int lost = 0; lost < 4; lost++) {
            assertEquals("", client.transcript());
            proxy.postgres.backends.get(lost).close();
            proxy.run();
        }
        assertEquals("E(08006)", client.transcript());
        assertFalse(client.isOpen());
    }

    @Test
    void aParseWhoseAnswerIsLostIsTakenBack() {
        TestClient client = login();
        client.send(Wire.empty()
                .parse("", "drop")
                .bind("", "")
                .execute("")
                .parse("s", "select a")
                .sync());
        assertEquals("12E(08006)Z(I)", client.transcript());
        client.send(Wire.empty().parse("s", "select b").run("s").sync());
        assertEquals("12D(b)C(SELECT 1)Z(I)", client.transcript());
    }
}

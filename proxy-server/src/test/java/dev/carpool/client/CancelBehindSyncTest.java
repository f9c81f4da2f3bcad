package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A cancel request ends what its client has asked for, never what the proxy has asked in front of that or behind it. */
final class CancelBehindSyncTest {
    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.with();
    private TestClient client;
    private ModelPostgres.Backend backend;

    @BeforeEach
    void giveTheConnectionOtherSettings() {
        client = proxy.login("application_name", "mine");
        TestClient other = proxy.login("application_name", "theirs");
        assertEquals("TD(a)C(SELECT 1)Z(I)", other.query("select a"));
        backend = proxy.postgres.last();
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private TestClient cancel() {
        TestClient canceller = proxy.connect();
        canceller.send(Wire.of(out -> WireWriter.cancelRequest(out, client.processId, client.key)));
        return canceller;
    }

    private void hear() {
        backend.hear();
        proxy.run();
    }

    @Test
    void waitsUntilTheSettingsAreThere() {
        backend.deaf = true;
        client.send(Wire.empty().query("hang"));
        TestClient canceller = cancel();
        TestClient again = cancel();
        assertEquals(0, proxy.postgres.cancels);
        assertTrue(canceller.isOpen());
        hear();
        assertEquals(2, proxy.postgres.cancels);
        assertEquals("E(57014)Z(I)", client.transcript());
        assertFalse(canceller.isOpen());
        assertFalse(again.isOpen());
        assertEquals("TD(b)C(SELECT 1)Z(I)", client.query("select b"));
    }

    @Test
    void comesTooLateWhenOnlyTheProxyAsks() {
        proxy.postgres.mutation = replies -> {
            backend.deaf = true;
            return replies;
        };
        client.send(Wire.empty().query("select f()"));
        proxy.postgres.mutation = null;
        hear();
        assertEquals("TD(f())C(SELECT 1)Z(I)", client.transcript());
        backend.deaf = true;
        TestClient canceller = cancel();
        assertEquals(0, proxy.postgres.cancels);
        hear();
        assertEquals(0, proxy.postgres.cancels);
        assertFalse(canceller.isOpen());
        assertEquals("TD(b)C(SELECT 1)Z(I)", client.query("select b"));
    }

    @Test
    void waitsAlsoForAClientThatHasLeft() {
        backend.deaf = true;
        client.send(Wire.empty().query("hang"));
        client.close();
        assertEquals(0, proxy.postgres.cancels);
        hear();
        proxy.pass(Duration.ofMillis(20));
        assertEquals(1, proxy.postgres.cancels);
        assertEquals("TD(b)C(SELECT 1)Z(I)", proxy.login().query("select b"));
    }

    @Test
    void hasNothingToEndWhenTheServerIsLost() {
        backend.deaf = true;
        client.send(Wire.empty().query("hang"));
        TestClient canceller = cancel();
        backend.close();
        proxy.run();
        assertFalse(canceller.isOpen());
        assertEquals(0, proxy.postgres.cancels);
        assertEquals("E(08006)Z(I)", client.transcript());
    }
}

package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

/** Cancel requests for a client that queues, however its request has been cut into packets. */
final class CancelInQueueTest {
    private static final byte[] REQUEST = Wire.empty().query("select b").bytes();

    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.with();
    private TestClient holder;
    private TestClient queued;

    @BeforeEach
    void occupyTheOnlyConnection() {
        holder = proxy.login();
        queued = proxy.login();
        assertEquals("C(BEGIN)Z(T)", holder.query("begin"));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void cancel() {
        TestClient canceller = proxy.connect();
        canceller.send(Wire.of(out -> WireWriter.cancelRequest(out, queued.processId, queued.key)));
        assertFalse(canceller.isOpen());
    }

    private void assertBothGoOn() {
        assertEquals("C(COMMIT)Z(I)", holder.query("commit"));
        assertEquals("TD(x)C(SELECT 1)Z(I)", queued.query("select x"));
        assertEquals("C(BEGIN)Z(T)", holder.query("begin"));
    }

    @Test
    void endsARequestCutAnywhere() {
        for (int cut = 0; cut < REQUEST.length; cut++) {
            queued.sendInPieces(REQUEST, cut);
            cancel();
            assertEquals("E(57014)Z(I)", queued.transcript(), "cut at " + cut);
            assertBothGoOn();
        }
    }

    @Test
    void endsARequestWhoseHeaderCameBeforeTheQueue() {
        assertEquals("C(COMMIT)Z(I)", holder.query("commit"));
        byte[] two = Wire.empty().query("select a").query("select b").bytes();
        queued.send(Arrays.copyOf(two, two.length - REQUEST.length + 2));
        assertEquals("TD(a)C(SELECT 1)Z(I)", queued.transcript());
        assertEquals("C(BEGIN)Z(T)", holder.query("begin"));
        queued.send(Arrays.copyOfRange(two, two.length - REQUEST.length + 2, two.length));
        cancel();
        assertEquals("E(57014)Z(I)", queued.transcript());
        assertBothGoOn();
    }

    @Test
    void waitsForTheRestOfAMessage() {
        for (int cut = 5; cut < REQUEST.length; cut++) {
            queued.send(Arrays.copyOf(REQUEST, cut));
            cancel();
            assertEquals("", queued.transcript());
            queued.send(Arrays.copyOfRange(REQUEST, cut, REQUEST.length));
            assertEquals("E(57014)Z(I)", queued.transcript(), "cut at " + cut);
            assertBothGoOn();
        }
    }

    @Test
    void endsTheSessionInTheMiddleOfABatch() {
        queued.send(Wire.empty().parse("", "select b").flush());
        cancel();
        assertEquals("E(57014)", queued.transcript());
        assertFalse(queued.isOpen());
    }
}

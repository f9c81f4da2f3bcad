package dev.carpool.driver;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** pgjdbc itself against a port on loopback that behaves like a proxy which is not up yet. */
final class StartingProxyTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @Test
    void triesAgainUntilTheProxyAnswersInEarnest() throws Exception {
        try (ServerSocket port = new ServerSocket(0, 10, LOOPBACK)) {
            CompletableFuture<Void> proxy = CompletableFuture.runAsync(() -> {
                hangUp(port);
                answerStartup(port, "57P03", "the database system is starting up");
                answerStartup(port, "28P01", "password authentication failed");
            });
            SQLException failure = failure(port.getLocalPort());
            assertEquals("28P01", failure.getSQLState());
            String note = failure.getSuppressed()[0].getMessage();
            assertTrue(note.startsWith("carpool: 3 attempts in "), note);
            proxy.join();
        }
    }

    @Test
    void triesAgainWhenThePortIsClosed() throws Exception {
        ServerSocket closed = new ServerSocket(0, 10, LOOPBACK);
        closed.close();
        SQLException failure = failure(closed.getLocalPort());
        assertEquals("08001", failure.getSQLState());
        String note = failure.getSuppressed()[0].getMessage();
        assertTrue(note.matches("carpool: [0-9]+ attempts in [0-9.]+ m?s to connect to .*"), note);
    }

    /** Waits take no time, so that the clock moves only by what the attempts need. */
    private static SQLException failure(int port) {
        FakePacer pacer = new FakePacer();
        CarpoolDriver driver = new CarpoolDriver(new Login(PgConnector.PGJDBC, pacer));
        String url = "jdbc:carpool:postgresql://" + LOOPBACK.getHostAddress() + ":" + port
                + "/db?user=u&password=p&sslmode=disable&gssEncMode=disable&carpool.retryMaxBackoff=1min";
        try {
            driver.connect(url, new Properties());
        } catch (SQLException e) {
            assertTrue(pacer.pauses.get(0).compareTo(Duration.ZERO) > 0);
            return e;
        }
        throw new AssertionError("connected");
    }

    private static void hangUp(ServerSocket port) {
        try {
            port.accept().close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Reads the startup message whole, so that closing sends no reset, and answers with an ErrorResponse. */
    private static void answerStartup(ServerSocket port, String sqlState, String message) {
        try (Socket client = port.accept();
                OutputStream out = client.getOutputStream()) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            in.readNBytes(in.readInt() - 4);
            byte[] fields =
                    ("SFATAL\0VFATAL\0C" + sqlState + "\0M" + message + "\0\0").getBytes(StandardCharsets.UTF_8);
            out.write(ByteBuffer.allocate(5 + fields.length)
                    .put((byte) 'E')
                    .putInt(4 + fields.length)
                    .put(fields)
                    .array());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}

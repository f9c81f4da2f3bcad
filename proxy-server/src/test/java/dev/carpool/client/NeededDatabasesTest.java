package dev.carpool.client;

import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** A database is kept empty for a statement no longer than that statement may still succeed. */
final class NeededDatabasesTest {
    private final ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void isServedAgainWhenTheStatementHasFailedInATransactionThatIsStillOpen() {
        TestClient before = proxy.login("database", "other");
        assertEquals("TD(a)C(SELECT 1)Z(I)", before.query("select a"));
        before.close();
        TestClient client = proxy.login();
        client.query("begin");
        client.send(Wire.empty().query("fail; drop database other"));
        proxy.pass(Duration.ofMillis(20));
        assertEquals("E(42601)Z(E)", client.transcript());
        TestClient other = proxy.login("database", "other");
        assertEquals("TD(a)C(SELECT 1)Z(I)", other.query("select a"));
        assertEquals("C(ROLLBACK)Z(I)", client.query("rollback"));
    }
}

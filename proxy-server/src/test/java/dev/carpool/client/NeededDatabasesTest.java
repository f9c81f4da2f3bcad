package dev.carpool.client;

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
        TestClient client = proxy.login();
        client.query("begin");
        assertEquals("E(42601)Z(E)", client.query("fail; drop database other"));
        TestClient other = proxy.login("database", "other");
        assertEquals("TD(a)C(SELECT 1)Z(I)", other.query("select a"));
        assertEquals("C(ROLLBACK)Z(I)", client.query("rollback"));
    }
}

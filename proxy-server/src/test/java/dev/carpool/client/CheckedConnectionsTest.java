package dev.carpool.client;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A connection that has been idle for server_check_delay is checked before a session gets it. */
final class CheckedConnectionsTest {
    private final ProxyOnOneLoop proxy =
            ProxyOnOneLoop.with("default_pool_size=2", "server_check_delay=0", "server_check_query=select 1");

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void alsoWhenAnotherOneIsIdle() {
        TestClient client = proxy.login();
        TestClient other = proxy.login();
        client.query("begin");
        other.query("begin");
        client.query("commit");
        other.query("commit");
        assertEquals(2, proxy.pool().snapshot().idle());

        assertEquals("TD(a)C(SELECT 1)Z(I)", client.query("select a"));
        List<String> queries = proxy.postgres.backends.stream()
                .map(backend -> backend.queries)
                .filter(each -> each.contains("select a"))
                .findFirst()
                .orElseThrow();
        int at = queries.indexOf("select a");
        assertTrue(at > 0 && queries.get(at - 1).equals("select 1"), queries::toString);
    }
}

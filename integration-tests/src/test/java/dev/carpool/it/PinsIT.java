package dev.carpool.it;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Sessions that keep their server connection: who sees it, and what ends it. */
class PinsIT {
    private static final String TOKEN = "let-me-in";

    private ProxyUnderTest proxy;

    @BeforeEach
    void start() throws Exception {
        start("default_pool_size=3");
    }

    private void start(String... settings) throws Exception {
        if (proxy != null) {
            proxy.close();
        }
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("admin_token=" + TOKEN);
        proxy = ProxyUnderTest.start(all.toArray(String[]::new));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    /** The rows of a command of the console. */
    private static List<List<String>> rows(ScriptedClient console, String command) throws Exception {
        List<List<String>> rows = new ArrayList<>();
        for (Reply reply : console.send(Wire.query(command)).untilReady()) {
            if (reply.type() == 'D') {
                rows.add(reply.columns());
            }
        }
        return rows;
    }

    private ScriptedClient operator() throws Exception {
        return proxy.client().login("boss", TOKEN, "carpool");
    }

    private int pinned() {
        return proxy.proxy().pools().pools().stream()
                .mapToInt(pool -> pool.snapshot().pinned())
                .sum();
    }

    @Test
    void theConsoleTellsWhoIsPinnedAndWhy() throws Exception {
        try (ScriptedClient client = proxy.login("application_name", "worker");
                ScriptedClient operator = operator();
                ScriptedClient viewer =
                        proxy.loginAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, "carpool")) {
            client.query("select 1");
            assertEquals(List.of(), rows(operator, "SHOW PINS"));
            String statement = "create temp table größe (a int)";
            client.query(statement);
            Await.until("pinned", () -> pinned() == 1);
            List<String> row = rows(operator, "SHOW PINS").get(0);
            assertEquals(List.of(PostgresUnderTest.APP, PostgresUnderTest.APP, "worker"), row.subList(3, 6));
            assertEquals(String.valueOf(client.backend()), row.get(6));
            assertEquals(List.of("temp", statement), row.subList(9, 11));
            assertEquals(
                    List.of("temp", "null"), rows(viewer, "SHOW PINS").get(0).subList(9, 11));
            List<List<String>> clients = rows(operator, "SHOW CLIENTS EXTENDED");
            assertTrue(clients.stream().anyMatch(one -> one.get(one.size() - 1).equals(statement)));

            client.query("select pg_advisory_lock(1)");
            Await.until(
                    "two reasons",
                    () -> rows(operator, "SHOW PINS").get(0).get(9).equals("advisory_lock,temp"));
            client.query("drop table größe");
            client.query("select pg_advisory_unlock(1)");
            Await.until("unpinned", () -> pinned() == 0);
            assertEquals(List.of(), rows(operator, "SHOW PINS"));
        }
    }
}

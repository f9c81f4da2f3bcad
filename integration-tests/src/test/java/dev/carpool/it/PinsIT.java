package dev.carpool.it;

import dev.carpool.ReportCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

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

    @Test
    void aPinnedSessionThatIsIdleTooLongIsEnded() throws Exception {
        start("default_pool_size=1", "pin_timeout=1s");
        try (ScriptedClient client = proxy.login();
                ScriptedClient other = proxy.login()) {
            client.query("select pg_advisory_lock(815)");
            Reply error = client.expectFatal();
            assertEquals("57P05", error.field('C'));
            assertTrue(error.field('M').contains("advisory_lock"), error::toString);
            assertEquals("t", other.value("select pg_try_advisory_xact_lock(815)"));
        }
    }

    @Test
    void othersGoOnWhenTooManyWantToBePinned() throws Exception {
        start("default_pool_size=2", "max_pinned_share=50");
        try (ScriptedClient first = proxy.login();
                ScriptedClient second = proxy.login();
                ScriptedClient third = proxy.login()) {
            first.query("create temp table t (a int)");
            Await.until("pinned", () -> pinned() == 1);
            assertEquals("C:BEGIN Z:T", second.query("begin"));
            assertEquals("C:CREATE_TABLE Z:T", second.query("create temp table t (a int)"));
            assertEquals("C:COMMIT Z:I", second.query("commit"));
            Reply error = second.expectFatal();
            assertEquals("53400", error.field('C'));
            assertTrue(error.field('M').contains("(temp)"), error::toString);
            assertEquals("1", third.value("select 1"));
            assertEquals("0", first.value("select count(*) from t"));
            assertEquals("null", third.value("select to_regclass('pg_temp.t')"));
        }
    }

    @Test
    void settingsMoveWhereOtherStateIsAnError() throws Exception {
        start("default_pool_size=2", "session_state=error");
        try (ScriptedClient client = proxy.login()) {
            client.query("set statement_timeout to '11s'");
            client.query("select set_config('app.x', 'y', false)");
            assertEquals("11s", client.value("show statement_timeout"));
            client.query("begin");
            client.query("create temp table t (a int) on commit drop");
            assertEquals("C:COMMIT Z:I", client.query("commit"));
            assertEquals("y", client.value("select current_setting('app.x')"));
            client.query("select 1 from pg_advisory_lock(1)");
            Reply error = client.expectFatal();
            assertEquals("0A000", error.field('C'));
            assertTrue(error.field('M').contains("(advisory_lock)"), error::toString);
        }
        try (ScriptedClient next = proxy.login()) {
            assertEquals("t", next.value("select pg_try_advisory_xact_lock(1)"));
        }
    }

    @Test
    void oneUserIsWarned() throws Exception {
        start("default_pool_size=2", "users." + PostgresUnderTest.APP + ".session_state=warn");
        try (ScriptedClient client = proxy.login()) {
            client.query("create temp table t (a int)");
            Reply notice = client.expect('N');
            assertEquals("01000", notice.field('C'));
            assertEquals("WARNING", notice.field('V'));
            assertTrue(notice.field('M').contains("(temp)"), notice::toString);
            assertEquals("C:DROP_TABLE Z:I", client.query("drop table t"));
            Await.until("unpinned", () -> pinned() == 0);
            assertEquals("C:CREATE_TABLE Z:I", client.query("create temp table t (a int)"));
            Await.until("pinned again", () -> pinned() == 1);
            assertEquals("D:0 Z:I", client.query("select count(*) from t").replaceAll("T |C:SELECT_1 ", ""));
        }
    }

    @Test
    void theReportTellsInSessionModeWhatTransactionModeWouldCost() throws Exception {
        start("pool_mode=session", "report=on", "admin_listen=127.0.0.1:0");
        try (ScriptedClient client = proxy.login("application_name", "legacy");
                ScriptedClient operator = operator()) {
            client.query("set work_mem to '5MB'");
            client.query("select pg_advisory_lock(4711)");
            client.query("select pg_advisory_lock(4712)");
            List<List<String>> rows = rows(operator, "SHOW COMPATIBILITY");
            List<String> lock = rows.get(0);
            assertEquals(List.of("legacy", "pinned", "advisory_lock", "2", "0"), lock.subList(2, 7));
            assertEquals("select pg_advisory_lock(?)", lock.get(9));
            assertEquals("synced", rows.get(1).get(3));
            assertEquals("set work_mem to ?", rows.get(1).get(9));
            assertEquals(0, pinned());

            StringWriter said = new StringWriter();
            String port = "127.0.0.1:" + proxy.proxy().adminAddress().getPort();
            int exit = new CommandLine(new ReportCommand())
                    .setOut(new PrintWriter(said))
                    .execute("--admin", port);
            assertEquals(0, exit);
            assertTrue(said.toString().contains(" legacy: 2 x pinned (advisory_lock) since "), said::toString);
        }
    }
}

package dev.carpool.it;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** pg_terminate_backend and pg_cancel_backend reach the session whose client was told the process id, and nobody else. */
class SignalledSessionsIT {
    /** pg_proc.dat. */
    private static final int PG_TERMINATE_BACKEND = 2096;

    private final PostgresUnderTest postgres = PostgresUnderTest.shared();
    private ProxyUnderTest proxy;
    private ScriptedClient meant;
    private ScriptedClient other;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("server_round_robin=1", "default_pool_size=3");
        meant = proxy.login();
        other = proxy.login();
        assertEquals("1", meant.value("select 1"));
    }

    @AfterEach
    void stop() throws Exception {
        assertEquals("2", other.value("select 2"));
        other.close();
        meant.close();
        proxy.close();
    }

    private void sleeps() throws Exception {
        meant.send(Wire.query("select pg_sleep(60)"));
        Await.until(
                "it runs",
                () -> postgres.ask("select count(*) from pg_stat_activity where query = 'select pg_sleep(60)'")
                        .equals("1"));
    }

    private static Reply last(List<Reply> replies) {
        return replies.get(replies.size() - 1);
    }

    /** The SQLSTATE of what ends the session behind the beginning of an answer. */
    private static String end(ScriptedClient client) throws Exception {
        Reply error = last(client.until('E'));
        client.expectClosed();
        return error.field('C');
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pg_terminate_backend(ID)",
                "select pg_catalog.pg_terminate_backend('ID', 1000)",
                "select pg_terminate_backend(pid) from pg_stat_activity where pid = ID",
                "select x.* from (select pg_terminate_backend( /* it */ ID::int)) as x",
            })
    void endsASessionWithoutServerConnection(String sql) throws Exception {
        assertEquals("t", other.value(sql.replace("ID", Integer.toString(meant.processId()))));
        assertEquals("57P01", meant.expectFatal().field('C'));
    }

    @Test
    void endsASessionInATransaction() throws Exception {
        meant.query("begin");
        assertEquals("t", other.value("select pg_terminate_backend(" + meant.processId() + ")"));
        assertEquals("57P01", meant.expectFatal().field('C'));
    }

    @Test
    void endsASessionInTheMiddleOfAStatement() throws Exception {
        sleeps();
        assertEquals("t", other.value("select pg_terminate_backend(" + meant.processId() + ")"));
        assertEquals("57P01", end(meant));
    }

    @Test
    void constantsOfTheExtendedProtocol() throws Exception {
        String sql = "select pg_terminate_backend(" + meant.processId() + ")";
        assertTrue(other.exchange(Wire.parse("", sql), Wire.bind("", ""), Wire.execute("", 0), Wire.sync())
                .startsWith("1 2 D"));
        assertEquals("57P01", meant.expectFatal().field('C'));
        // The same statement once more: nobody has this process id any more.
        assertEquals(
                "2 N D C:SELECT_1 Z:I",
                other.exchange(Wire.bind("", ""), Wire.execute("", 0), Wire.sync())
                        .replaceAll("N:\\w+", "N")
                        .replaceAll("D:\\S+", "D"));
    }

    @Test
    void constantsOfNamedStatements() throws Exception {
        String sql = "select pg_cancel_backend(" + meant.processId() + ")";
        assertEquals("1 Z:I", other.exchange(Wire.parse("s", sql), Wire.sync()));
        for (int i = 0; i < 3; i++) {
            sleeps();
            assertEquals("2 D:t C:SELECT_1 Z:I", other.exchange(Wire.bind("", "s"), Wire.execute("", 0), Wire.sync()));
            assertEquals("57014", last(meant.until('E')).field('C'));
            meant.untilReady();
        }
    }

    /** What is prepared is run when the session may have another server process. */
    @Test
    void preparedInSqlTheyAreNobodys() throws Exception {
        other.query("prepare p as select pg_terminate_backend(" + meant.processId() + ")");
        assertTrue(other.query("execute p").contains("D:f"));
        assertEquals("3", meant.value("select 3"));
    }

    @Test
    void functionCalls() throws Exception {
        other.send(Wire.functionCall(PG_TERMINATE_BACKEND, Wire.int4(meant.processId()), new byte[8]));
        assertEquals("V", other.untilReady().get(0).summary());
        assertEquals("57P01", meant.expectFatal().field('C'));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"prepareThreshold=1", "prepareThreshold=-1", "prepareThreshold=0", "preferQueryMode=simple"})
    void boundParameters(String property) throws Exception {
        String[] pair = property.split("=");
        try (Connection victim = proxy.connect();
                Connection killer = proxy.connect(pair[0], pair[1]);
                PreparedStatement kill = killer.prepareStatement("select pg_terminate_backend(?)")) {
            for (int i = 0; i < 3; i++) {
                try (Connection again = proxy.connect()) {
                    kill.setInt(1, again.unwrap(PGConnection.class).getBackendPID());
                    try (ResultSet row = kill.executeQuery()) {
                        assertTrue(row.next());
                        assertTrue(row.getBoolean(1));
                    }
                    assertEquals("57P01", Sql.state(() -> Sql.run(again, "select 1")));
                }
            }
            Sql.run(victim, "select 1");
        }
    }

    @Test
    void cancelsWhatASessionDoes() throws Exception {
        sleeps();
        assertEquals("t", other.value("select pg_cancel_backend(" + meant.processId() + ")"));
        assertEquals(
                "57014", meant.expect('T').type() == 'T' ? meant.expect('E').field('C') : "");
        meant.untilReady();
        assertEquals("t", other.value("select pg_cancel_backend(" + meant.processId() + ")"));
        assertEquals("3", meant.value("select 3"));
    }

    @Test
    void endsItself() throws Exception {
        meant.send(Wire.query("select pg_terminate_backend(" + meant.processId() + ")"));
        assertEquals("57P01", end(meant));
    }

    @Test
    void allThatATransactionSignalsAreLetGo() throws Exception {
        try (ScriptedClient another = proxy.login()) {
            another.query("select 1");
            other.query("begin");
            assertEquals("t", other.value("select pg_cancel_backend(" + meant.processId() + ")"));
            assertEquals("t", other.value("select pg_cancel_backend(" + another.processId() + ")"));
            other.query("commit");
            Await.until("no session keeps a server connection", () -> proxy.idle() == proxy.open());
        }
    }

    @Test
    void postgresJudgesWhoMay() throws Exception {
        try (ScriptedClient admin = proxy.loginAs(postgres.superuser(), postgres.superuserPassword(), "app")) {
            String sql = "select pg_terminate_backend(" + admin.processId() + ")";
            assertEquals("T E:42501 Z:I", other.query(sql).replaceAll("T:\\S+", "T"));
            assertEquals("4", admin.value("select 4"));
        }
    }
}

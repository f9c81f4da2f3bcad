package dev.carpool.it;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/**
 * A process id that a client was told means the server process that its session has at the moment, to whoever asks. The
 * calls that signal are in {@link SignalledSessionsIT}.
 */
class ToldProcessIdsIT {
    private static final String LOCK = "select pg_advisory_xact_lock(7300)";

    /** pg_proc.dat. */
    private static final int PG_BLOCKING_PIDS = 2561;

    private final PostgresUnderTest postgres = PostgresUnderTest.shared();
    private ProxyUnderTest proxy;
    private ScriptedClient holder;
    private ScriptedClient waiter;
    private ScriptedClient asker;
    private String holding;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("server_round_robin=1", "default_pool_size=5");
        holder = proxy.login();
        waiter = proxy.login();
        asker = proxy.login();
        holder.query("begin");
        holder.value(LOCK);
        holding = Integer.toString(holder.backend());
    }

    @AfterEach
    void stop() throws Exception {
        asker.close();
        waiter.close();
        holder.close();
        proxy.close();
    }

    /** From here on the waiter waits for the holder. */
    private void waits() throws Exception {
        waiter.send(Wire.query(LOCK));
        Await.until(
                "it waits",
                () -> postgres.ask("select count(*) from pg_locks where not granted and locktype = 'advisory'")
                        .equals("1"));
    }

    private void goesOn() throws Exception {
        holder.query("commit");
        waiter.untilReady();
    }

    private String with(String sql) {
        return sql.replace("WAITER", Integer.toString(waiter.processId()))
                .replace("HOLDER", Integer.toString(holder.processId()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pg_blocking_pids(WAITER)",
                "select pg_catalog.pg_blocking_pids('WAITER'::int)",
                "select * from (select pg_blocking_pids(WAITER)) as x",
            })
    void constants(String sql) throws Exception {
        waits();
        assertEquals("{" + holding + "}", asker.value(with(sql)));
        assertEquals("{}", asker.value(with(sql.replace("WAITER", "HOLDER"))));
        goesOn();
        assertEquals("{}", asker.value(with(sql)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pg_isolation_test_session_is_blocked(WAITER, '{HOLDER}')",
                "select pg_isolation_test_session_is_blocked('WAITER', '{1, HOLDER}'::int[])",
                "select pg_isolation_test_session_is_blocked(WAITER, array[HOLDER, 1])",
            })
    void constantArrays(String sql) throws Exception {
        waits();
        assertEquals("t", asker.value(with(sql)));
        assertEquals("f", asker.value(with(sql.replace("HOLDER", "WAITER"))));
        goesOn();
        assertEquals("f", asker.value(with(sql)));
    }

    /** As PostgreSQL's own isolation tests ask. */
    @Test
    void constantsAndParametersOfANamedStatement() throws Exception {
        asker.exchange(
                Wire.parse("s", with("select pg_isolation_test_session_is_blocked($1, '{HOLDER}')")), Wire.sync());
        byte[][] bind = {Wire.bind("", "s", Integer.toString(waiter.processId())), Wire.execute("", 0), Wire.sync()};
        assertEquals("2 D:f C:SELECT_1 Z:I", asker.exchange(bind));
        waits();
        for (int i = 0; i < 3; i++) {
            assertEquals("2 D:t C:SELECT_1 Z:I", asker.exchange(bind));
        }
        assertEquals("t T Z:I", asker.exchange(Wire.describe('S', "s"), Wire.sync()));
        goesOn();
        assertEquals("2 D:f C:SELECT_1 Z:I", asker.exchange(bind));
        assertEquals("D:1", asker.query("select 1").split(" ")[1]);
    }

    /** The statement in the place of the client's own does not stand in the way of its unnamed one. */
    @Test
    void manyInOneBatch() throws Exception {
        waits();
        String named = with("select pg_blocking_pids(WAITER)");
        assertEquals(
                "1 1 2 D:{" + holding + "} C:SELECT_1 2 D:5 C:SELECT_1 2 D:{" + holding + "} C:SELECT_1 Z:I",
                asker.exchange(
                        Wire.parse("n", named),
                        Wire.parse("", "select 5"),
                        Wire.bind("", "n"),
                        Wire.execute("", 0),
                        Wire.bind("", ""),
                        Wire.execute("", 0),
                        Wire.bind("", "n"),
                        Wire.execute("", 0),
                        Wire.sync()));
        assertEquals("2 D:5 C:SELECT_1 Z:I", asker.exchange(Wire.bind("", ""), Wire.execute("", 0), Wire.sync()));
        goesOn();
    }

    /** The processes are those at the time of the Bind. */
    @Test
    void theUnnamedStatementOfAnEarlierBatch() throws Exception {
        asker.exchange(Wire.parse("", with("select pg_blocking_pids(WAITER)")), Wire.sync());
        waits();
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    "2 D:{" + holding + "} C:SELECT_1 Z:I",
                    asker.exchange(Wire.bind("", ""), Wire.execute("", 0), Wire.sync()));
        }
        goesOn();
        assertEquals("2 D:{} C:SELECT_1 Z:I", asker.exchange(Wire.bind("", ""), Wire.execute("", 0), Wire.sync()));
    }

    @Test
    void arraysAsParameters() throws Exception {
        String sql = "select pg_isolation_test_session_is_blocked($1, $2)";
        String told = Integer.toString(waiter.processId());
        waits();
        assertEquals(
                "1 2 D:t C:SELECT_1 Z:I",
                asker.exchange(
                        Wire.parse("", sql),
                        Wire.bind("", "", told, with("{ HOLDER, \"1\"}")),
                        Wire.execute("", 0),
                        Wire.sync()));
        goesOn();
    }

    @Test
    void functionCalls() throws Exception {
        waits();
        asker.send(Wire.functionCall(PG_BLOCKING_PIDS, Wire.int4(waiter.processId())));
        List<Reply> replies = asker.untilReady();
        byte[] array = replies.get(0).body();
        assertEquals(Integer.parseInt(holding), ByteBuffer.wrap(array).getInt(array.length - 4));
        goesOn();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select pid from pg_stat_activity where pid = HOLDER",
                "select a.pid from pg_stat_activity a join pg_locks l on l.pid = a.pid where l.pid in (1, HOLDER) limit 1",
                "select distinct pid from pg_locks where pid = any ('{HOLDER, 1}')",
                "select blocked[1] from (select pg_blocking_pids(WAITER) as blocked) as b where HOLDER = any(blocked) "
                        + "or HOLDER = any(pg_blocking_pids(WAITER))",
            })
    void compared(String sql) throws Exception {
        waits();
        assertEquals(holding, asker.value(with(sql)));
        goesOn();
    }

    @Test
    void comparedWithAParameter() throws Exception {
        String sql = "select pid from pg_stat_activity where pid = $1";
        assertEquals("1 Z:I", asker.exchange(Wire.parse("s", sql), Wire.sync()));
        for (int i = 0; i < 2; i++) {
            assertEquals(
                    "2 D:" + holding + " C:SELECT_1 Z:I",
                    asker.exchange(
                            Wire.bind("", "s", Integer.toString(holder.processId())),
                            Wire.execute("", 0),
                            Wire.sync()));
        }
        holder.query("commit");
    }

    /** Who is only looked at is not given a server connection. */
    @Test
    void aSessionWithoutServerConnection() throws Exception {
        try (ScriptedClient idle = proxy.login()) {
            idle.value("select 1");
            asker.value("select 1");
            Await.until("only the holder works", () -> proxy.open() - proxy.idle() == 1);
            int open = proxy.open();
            assertEquals("{}", asker.value("select pg_blocking_pids(" + idle.processId() + ")"));
            assertEquals(open, proxy.open());
            Await.until("only the holder works", () -> proxy.open() - proxy.idle() == 1);
        }
        holder.query("commit");
    }
}

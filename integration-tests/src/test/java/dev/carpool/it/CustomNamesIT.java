package dev.carpool.it;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * PostgreSQL keeps the name of a custom setting for the life of a server process; a session sees those names alone that it
 * has had itself.
 */
class CustomNamesIT extends TwoClients {
    private static final int CONNECTIONS = 2;

    @BeforeEach
    void start() throws Exception {
        login(ProxyUnderTest.inTurn(CONNECTIONS));
    }

    /** Client a runs this on every server connection. */
    private void everywhere(String sql) throws Exception {
        for (int i = 0; i < CONNECTIONS; i++) {
            proxy.awaitTurn();
            a.query(sql);
        }
        proxy.awaitTurn();
    }

    private Set<Integer> backends() throws Exception {
        Set<Integer> found = new HashSet<>();
        for (int i = 0; i < 2 * CONNECTIONS; i++) {
            proxy.awaitTurn();
            found.add(b.backend());
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set app.others to 'x'",
                "begin; set app.others to 'x'; rollback",
                "begin; set local app.others to 'x'; commit",
                "set local app.others to 'x'",
                "select set_config('app.others', 'x', true)",
                "select set_config('app.others', 'x', false)",
                "reset app.others",
            })
    void namesOfOthersAreMissing(String sql) throws Exception {
        everywhere(sql);
        for (int i = 0; i < 4; i++) {
            assertEquals("E:42704 Z:I", b.query("show app.others"));
            assertEquals("T E:42704 Z:I", b.query("select current_setting('app.others')"));
            assertEquals("t", b.value("select current_setting('App.Others', true) is null"));
            everywhere(sql);
        }
    }

    @Test
    void namesOfOthersAreMissingInExtendedRequests() throws Exception {
        String sql = "select current_setting('app.others', true) is null";
        b.exchange(Wire.parse("kept", sql), Wire.sync());
        for (int i = 0; i < 4; i++) {
            everywhere("set app.others to 'x'");
            assertEquals("t", b.exchange(Wire.run("kept")).replaceFirst("^2 D:(.) .*", "$1"));
            everywhere("set app.others to 'x'");
            assertEquals("t", b.exchange(Wire.extended(sql)).replaceFirst("^1 2 D:(.) .*", "$1"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set app.own to 'x'; reset app.own",
                "begin; set app.own to 'x'; rollback",
                "begin; set local app.own to 'x'; commit",
                "set local app.own to 'x'",
                "select set_config('app.own', 'x', true)",
                "reset app.own",
            })
    void ownNamesAreThereOnEveryConnection(String sql) throws Exception {
        a.query(sql);
        for (int i = 0; i < 2 * CONNECTIONS; i++) {
            proxy.awaitTurn();
            assertEquals("", a.value("select current_setting('app.own')"));
            assertEquals("", a.value("show app.own"));
            b.query("select 1");
        }
    }

    @Test
    void parametersNameSettings() throws Exception {
        a.exchange(Wire.extended("select set_config($1, 'x', true)", "app.own"));
        for (int i = 0; i < 2 * CONNECTIONS; i++) {
            assertEquals("", a.value("show app.own"));
        }
    }

    @Test
    void capsHold() throws Exception {
        everywhere("set app.others to 'x'");
        Set<Integer> before = backends();
        for (int i = 0; i < 4; i++) {
            assertEquals("E:42704 Z:I", b.query("show app.others"));
            assertEquals("x", a.value("show app.others"));
            assertTrue(proxy.open() <= CONNECTIONS, () -> proxy.open() + " connections");
        }
        assertEquals(CONNECTIONS, before.size());
    }

    @Test
    void whatConnectionsBeginWithReplacesNoneForLong() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("begins");
        postgres.execute("alter role " + role + " set app.born to ''");
        try (ScriptedClient first = proxy.loginAs(role, role, PostgresUnderTest.APP);
                ScriptedClient second = proxy.loginAs(role, role, PostgresUnderTest.APP)) {
            first.query("set app.born to 'x'");
            Set<Integer> seen = new HashSet<>();
            for (int i = 0; i < 12; i++) {
                assertEquals("", second.value("show app.born"));
                seen.add(second.backend());
                first.query("select 1");
            }
            assertTrue(seen.size() <= CONNECTIONS + 1, () -> seen.size() + " server processes");
        }
    }

    @Test
    void settingsOfModulesReplaceNothing() throws Exception {
        everywhere("do $$ begin end $$; set plpgsql.check_asserts to off");
        Set<Integer> before = backends();
        assertEquals("on", b.value("show plpgsql.check_asserts"));
        assertEquals(before, backends());
    }

    @Test
    void settingsThatALanguageDoesNotKnow() throws Exception {
        everywhere("do $$ begin end $$");
        assertEquals("C:SET Z:I", b.query("set plpgsql.no_such to true"));
        assertEquals("true", b.value("show plpgsql.no_such"));
        b.leave();
        for (int i = 0; i < 2 * CONNECTIONS; i++) {
            proxy.awaitTurn();
            assertEquals("C:DO Z:I", a.query("do $$ begin end $$"));
        }
        b = proxy.login();
    }

    /** PostgreSQL says so before it finds out that prepared transactions are disabled. */
    @Test
    void makingTheTemporarySchemaForbidsTwoPhaseCommit() throws Exception {
        everywhere("begin; create temp table gone (i int) on commit drop; commit");
        b.query("set search_path to 'pg_temp'");
        b.query("begin");
        assertTrue(b.value("select current_schema()").startsWith("pg_temp_"));
        assertEquals("E:0A000 Z:I", b.query("prepare transaction 'mine'"));
    }

    @Test
    void capsHoldWhileManySetAndRead() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("capped");
        a.query("reset app.others"); // from now on the proxy knows that there is such a name
        String processes = "select count(*) from pg_stat_activity where usename = '" + role + "'";
        proxy.loginAs(role, role, PostgresUnderTest.APP).leave(); // the password is proved beside the pool
        Await.until("the proof is over", () -> Integer.parseInt(postgres.ask(processes)) <= 1);
        AtomicBoolean ended = new AtomicBoolean();
        List<Background<Integer>> running = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            boolean sets = i % 2 == 0;
            running.add(Background.start(() -> {
                try (ScriptedClient c = proxy.loginAs(role, role, PostgresUnderTest.APP)) {
                    for (int turn = 0; turn < 15; turn++) {
                        if (sets) {
                            c.query("begin; set local app.others to '" + turn + "'; commit");
                            assertEquals("", c.value("show app.others"));
                        } else {
                            assertEquals("E:42704 Z:I", c.query("show app.others"));
                        }
                    }
                }
                return 0;
            }));
        }
        Background<Integer> most = Background.start(() -> {
            int seen = 0;
            while (!ended.get()) {
                seen = Math.max(seen, Integer.parseInt(postgres.ask(processes)));
            }
            return seen;
        });
        for (Background<Integer> one : running) {
            one.result();
        }
        ended.set(true);
        int seen = most.result();
        assertTrue(seen >= 1 && seen <= CONNECTIONS, () -> seen + " server processes");
    }

    @Test
    void clientsThatLeaveWhileAConnectionIsChosenCostNone() throws Exception {
        for (int i = 0; i < 10; i++) {
            everywhere("set app.others to 'x'");
            ScriptedClient c = proxy.login();
            c.send(Wire.query("show app.others"));
            c.vanish();
            for (int j = 0; j < CONNECTIONS; j++) {
                proxy.awaitTurn();
                assertEquals("x", a.value("show app.others"), "what is asked resets the setting");
            }
        }
        proxy.awaitTurn();
        assertTrue(proxy.open() <= CONNECTIONS, () -> proxy.open() + " connections");
        assertEquals("E:42704 Z:I", b.query("show app.others"));
        assertEquals("x", a.value("show app.others"));
    }

    @Test
    void whoReadsWhileServerProcessesEndIsServedInTheEnd() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        for (int i = 0; i < 30; i++) {
            everywhere("set app.others to 'x'");
            try (ScriptedClient c = proxy.login()) {
                c.send(Wire.query("show app.others"));
                postgres.ask(
                        "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where usename = 'app'");
                String state = c.expect('E').field('C');
                // The request itself may have been hit.
                assertTrue(state.equals("42704") || state.equals("57P01"), state);
            }
        }
    }
}

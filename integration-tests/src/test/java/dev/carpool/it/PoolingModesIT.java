package dev.carpool.it;

import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PoolingModesIT {
    private static final String APP = PostgresUnderTest.APP;

    @Test
    void sessionModeKeepsStateAndConnectionUntilTheClientLeaves() throws Exception {
        try (ProxyUnderTest proxy =
                        ProxyUnderTest.start(ProxyUnderTest.sharing("pool_mode=session", "default_pool_size=1"));
                ScriptedClient a = proxy.login()) {
            int backend = a.backend();
            a.query("create temp table mine (i int)");
            a.query("set work_mem to '11MB'");
            a.query("prepare p as select 'prepared'");
            assertEquals("0", a.value("select count(*) from mine"));
            assertEquals("11MB", a.value("show work_mem"));
            assertEquals("T D:prepared C:SELECT_1 Z:I", a.query("execute p"));
            try (ScriptedClient b = proxy.login()) {
                b.send(Wire.query("show work_mem"));
                Await.until("the second client waits", () -> proxy.waiting() == 1);
                assertEquals(backend, a.backend());
                a.leave();
                assertEquals("T D:4MB C:SHOW Z:I", b.replies());
                assertEquals(backend, b.backend());
                assertEquals("true", b.value("select (to_regclass('pg_temp.mine') is null)::text"));
                assertEquals("E:26000 Z:I", b.query("execute p"));
            }
        }
    }

    @Test
    void sessionModeDeliversNotifications() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("pool_mode=session", "default_pool_size=2");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.query("listen news");
            b.query("notify news, 'hello'");
            assertEquals("A:news=hello", a.next().summary());
        }
    }

    @Test
    void statementModeTakesStatementsOnly() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("pool_mode=statement", "default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
            assertEquals("T D:1 C:SELECT_1 T D:2 C:SELECT_1 Z:I", a.query("select 1; select 2"));
            assertEquals("1 2 D:3 C:SELECT_1 Z:I", a.exchange(Wire.parse("s", "select 3"), Wire.run("s")));
            b.send(Wire.query("begin"));
            Reply error = b.until('E').stream().reduce((x, y) -> y).orElseThrow();
            assertEquals("FATAL", error.field('V'));
            assertTrue(error.field('M').contains("CP601"), error::toString);
            b.expectClosed();
            assertEquals("2 D:3 C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
        }
    }

    @Test
    void databasesAndUsersHaveModesOfTheirOwn() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("sticky");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                        "default_pool_size=1",
                        "databases.direct.dbname=app",
                        "databases.direct.pool_mode=session",
                        "users." + role + ".pool_mode=session");
                ScriptedClient transactions = proxy.login();
                ScriptedClient byDatabase = proxy.loginAs(APP, PostgresUnderTest.APP_PASSWORD, "direct");
                ScriptedClient byUser = proxy.loginAs(role, role, APP)) {
            for (ScriptedClient client : List.of(transactions, byDatabase, byUser)) {
                client.query("set work_mem to '11MB'");
                assertEquals("C:BEGIN Z:T", client.query("begin"));
                client.query("commit");
            }
            assertEquals("11MB", byDatabase.value("show work_mem"));
            assertEquals("11MB", byUser.value("show work_mem"));
            assertEquals(APP, byDatabase.value("select current_database()"));
            try (ScriptedClient other = proxy.login()) {
                assertEquals("4MB", other.value("show work_mem"));
            }
        }
    }

    @Test
    void transactionModeAlternatesBetweenClients() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(ProxyUnderTest.sharing("default_pool_size=1"));
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            int backend = a.backend();
            for (int i = 0; i < 20; i++) {
                assertEquals("C:BEGIN Z:T", a.query("begin"));
                assertEquals(backend, a.backend());
                assertEquals("C:COMMIT Z:I", a.query("commit"));
                assertEquals(backend, b.backend());
            }
        }
    }
}

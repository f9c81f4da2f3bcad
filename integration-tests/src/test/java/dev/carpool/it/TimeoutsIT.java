package dev.carpool.it;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class TimeoutsIT {
    private static void assertEnds(ScriptedClient client, String state, String code) throws Exception {
        Reply last = client.next();
        while (last.type() != 'E') {
            last = client.next();
        }
        assertEquals("FATAL", last.field('V'));
        assertEquals(state, last.field('C'));
        assertTrue(last.field('M').startsWith("carpool: " + code + " "), last::toString);
        client.expectClosed();
    }

    private static void assertConnectionIsFree(ProxyUnderTest proxy) throws Exception {
        try (ScriptedClient next = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", next.query("select 1"));
        }
        assertEquals(1, proxy.open());
    }

    @ParameterizedTest
    @CsvSource({"query_timeout, 57014, CP401", "transaction_timeout, 25P04, CP402"})
    void endsWhatRunsTooLong(String setting, String state, String code) throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", setting + "=500ms");
                ScriptedClient client = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
            client.send(Wire.query("select pg_sleep(600)"));
            assertEnds(client, state, code);
            assertConnectionIsFree(proxy);
        }
    }

    @Test
    void endsTransactionsThatTakeTooLongAltogether() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "transaction_timeout=500ms");
                ScriptedClient client = proxy.login()) {
            client.query("begin");
            assertEnds(client, "25P04", "CP402");
            assertConnectionIsFree(proxy);
        }
    }

    @Test
    void endsIdleTransactions() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "idle_transaction_timeout=500ms");
                ScriptedClient client = proxy.login()) {
            client.query("begin");
            assertEquals("T D: C:SELECT_1 Z:T", client.query("select pg_sleep(1)"), "that was not idle");
            assertEnds(client, "25P03", "CP403");
            assertConnectionIsFree(proxy);
        }
    }

    @ParameterizedTest
    @CsvSource({"transaction", "session"})
    void endsIdleClients(String mode) throws Exception {
        try (ProxyUnderTest proxy =
                        ProxyUnderTest.start("default_pool_size=1", "client_idle_timeout=500ms", "pool_mode=" + mode);
                ScriptedClient client = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
            assertEnds(client, "57P05", "CP404");
            assertConnectionIsFree(proxy);
        }
    }

    @Test
    void endsClientsThatNeverRequestAnything() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("client_idle_timeout=500ms");
                ScriptedClient client = proxy.login()) {
            assertEnds(client, "57P05", "CP404");
        }
    }

    @Test
    void endsLoginsThatTakeTooLong() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("client_login_timeout=500ms");
                ScriptedClient silent = proxy.client();
                ScriptedClient secretive = proxy.client().startup("app", "app")) {
            secretive.expect('R');
            Reply last = secretive.expectFatal();
            assertTrue(last.field('M').startsWith("carpool: CP006 "), last::toString);
            // Before its startup message a client may not understand an error.
            int first = silent.nextByte();
            assertTrue(first < 0 || first == 'E', () -> "byte " + first);
        }
    }

    @Test
    void usersAndDatabasesHaveTimeoutsOfTheirOwn() throws Exception {
        String role = PostgresUnderTest.shared().newRole("hurried");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                        "users." + role + ".query_timeout=500ms",
                        "databases.slow.dbname=app",
                        "databases.slow.query_timeout=1min");
                ScriptedClient hurried = proxy.loginAs(role, role, "app");
                ScriptedClient slow = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, "slow")) {
            slow.send(Wire.query("select pg_sleep(1.2)"));
            hurried.send(Wire.query("select pg_sleep(600)"));
            assertEnds(hurried, "57014", "CP401");
            assertEquals("T D: C:SELECT_1 Z:I", slow.replies());
        }
    }

    @Test
    void timeoutsOfPostgresAreForwarded() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient client = proxy.login("options", "-c statement_timeout=300ms");
                ScriptedClient idler = proxy.login("options", "-c idle_in_transaction_session_timeout=300ms")) {
            assertEquals("T E:57014 Z:I", client.query("select pg_sleep(600)"));
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
            assertEquals("C:BEGIN Z:T", idler.query("begin"));
            Reply error = idler.expect('E');
            assertEquals("25P03", error.field('C'));
            idler.expectClosed();
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
    }
}

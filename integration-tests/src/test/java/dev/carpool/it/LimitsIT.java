package dev.carpool.it;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class LimitsIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    private static void assertRefused(ScriptedClient client, String code) throws Exception {
        Reply error = client.expectFatal();
        assertEquals("53300", error.field('C'));
        assertTrue(error.field('M').startsWith("carpool: " + code + " "), error::toString);
    }

    /** Starts a query and returns when it queues as number {@code place}. */
    private static void queue(ProxyUnderTest proxy, ScriptedClient client, int place) throws Exception {
        client.send(Wire.query("select 'served'"));
        Await.until("client queues at " + place, () -> proxy.waiting() == place);
    }

    private static void assertServed(ScriptedClient client) throws Exception {
        assertEquals("T D:served C:SELECT_1 Z:I", client.replies());
    }

    @Test
    void poolSizeHoldsAndWaitersAreServedInOrder() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(ProxyUnderTest.sharing("default_pool_size=1"));
                ScriptedClient holder = proxy.login()) {
            List<ScriptedClient> waiters = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                waiters.add(proxy.login());
            }
            holder.query("begin");
            String log = PostgresUnderTest.newName("served");
            holder.query("create table " + log + " (position serial, client int)");
            for (int i = 0; i < waiters.size(); i++) {
                int place = i + 1;
                waiters.get(i).send(Wire.query("insert into " + log + " (client) values (" + i + ")"));
                Await.until("client queues at " + place, () -> proxy.waiting() == place);
            }
            assertEquals("C:COMMIT Z:I", holder.query("commit"));
            for (ScriptedClient waiter : waiters) {
                assertEquals("C:INSERT_0_1 Z:I", waiter.replies());
                waiter.close();
            }
            assertEquals(
                    "0,1,2,3,4,5,6,7,8,9",
                    holder.value("select string_agg(client::text, ',' order by position) from " + log));
            assertEquals(1, proxy.open());
        }
    }

    @Test
    void capOfADatabaseHoldsOverItsUsers() throws Exception {
        String other = postgres.newRole("second");
        String database = postgres.newDatabase("capped");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("max_db_connections=2");
                ScriptedClient a = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database);
                ScriptedClient b = proxy.loginAs(other, other, database);
                ScriptedClient c = proxy.loginAs(other, other, database)) {
            a.query("begin");
            b.query("begin");
            queue(proxy, c, 1);
            assertEquals(2, postgres.backends(database));
            a.query("commit");
            assertServed(c);
            assertTrue(postgres.backends(database) <= 2);
            b.query("commit");
        }
    }

    @Test
    void capOfAUserHoldsOverDatabases() throws Exception {
        String role = postgres.newRole("roaming");
        String second = postgres.newDatabase("second");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("users." + role + ".max_user_connections=1");
                ScriptedClient a = proxy.loginAs(role, role, "app");
                ScriptedClient b = proxy.loginAs(role, role, second)) {
            a.query("begin");
            queue(proxy, b, 1);
            a.query("commit");
            assertServed(b);
            assertEquals("1", postgres.ask("select count(*) from pg_stat_activity where usename = ?", role));
        }
    }

    @Test
    void capOfTheHostHoldsOverDatabasesAndEvictsIdleConnections() throws Exception {
        List<String> databases = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            databases.add(postgres.newDatabase("hosted"));
        }
        String role = postgres.newRole("hosted");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("max_server_connections=2", "fair_share_quantum=1ms")) {
            for (int round = 0; round < 3; round++) {
                for (String database : databases) {
                    try (ScriptedClient client = proxy.loginAs(role, role, database)) {
                        assertEquals(database, client.value("select current_database()"));
                        String open = postgres.ask("select count(*) from pg_stat_activity where usename = ?", role);
                        assertTrue(Integer.parseInt(open) <= 2, open);
                    }
                }
            }
        }
    }

    @Test
    void reserveIsForThoseWhoHaveWaited() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                        "default_pool_size=1", "reserve_pool_size=1", "reserve_pool_timeout=300ms");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login();
                ScriptedClient c = proxy.login()) {
            a.query("begin");
            long since = System.nanoTime();
            b.query("begin");
            assertTrue(System.nanoTime() - since >= Duration.ofMillis(300).toNanos(), "used the reserve at once");
            assertEquals(2, proxy.open());
            queue(proxy, c, 1);
            b.query("commit");
            assertServed(c);
            a.query("commit");
        }
    }

    @Test
    void queueHasADeadline() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "query_wait_timeout=300ms");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login();
                ScriptedClient c = proxy.login()) {
            a.query("begin");
            long since = System.nanoTime();
            queue(proxy, b, 1);
            assertRefused(b, "CP201");
            Duration waited = Duration.ofNanos(System.nanoTime() - since);
            assertTrue(waited.toMillis() >= 290 && waited.toSeconds() < 10, waited::toString);
            queue(proxy, c, 1);
            a.query("commit");
            assertServed(c);
        }
    }

    @Test
    void queueHasALength() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "max_waiting_clients=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login();
                ScriptedClient c = proxy.login()) {
            a.query("begin");
            queue(proxy, b, 1);
            c.send(Wire.query("select 1"));
            assertRefused(c, "CP202");
            a.query("commit");
            assertServed(b);
        }
    }

    @Test
    void clientsAreLimitedInAll() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("max_client_conn=2");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            try (ScriptedClient c = proxy.client().startup("app", "app")) {
                assertRefused(c, "CP203");
            }
            assertEquals("T D:1 C:SELECT_1 Z:I", b.query("select 1"));
            a.leave();
            Await.until("the place is free", () -> proxy.sessions() == 1);
            try (ScriptedClient c = proxy.login()) {
                assertEquals("T D:1 C:SELECT_1 Z:I", c.query("select 1"));
            }
        }
    }

    @Test
    void clientsAreLimitedPerDatabase() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("max_db_client_connections=1");
                ScriptedClient a = proxy.login()) {
            try (ScriptedClient b = proxy.client().startup("app", "app")) {
                assertRefused(b, "CP204");
            }
            try (ScriptedClient b = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, "postgres")) {
                assertEquals("T D:1 C:SELECT_1 Z:I", b.query("select 1"));
            }
            assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
        }
    }

    @Test
    void clientsAreLimitedPerUser() throws Exception {
        String role = postgres.newRole("second");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("max_user_client_connections=1");
                ScriptedClient a = proxy.login()) {
            try (ScriptedClient b = proxy.client().startup("app", "postgres")) {
                assertRefused(b, "CP205");
            }
            try (ScriptedClient b = proxy.loginAs(role, role, "app")) {
                assertEquals("T D:1 C:SELECT_1 Z:I", b.query("select 1"));
            }
            assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
        }
    }

    @Test
    void idleClientsHoldNoServerConnection() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=2")) {
            List<ScriptedClient> clients = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                clients.add(proxy.login());
            }
            for (ScriptedClient client : clients) {
                assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
            }
            assertTrue(proxy.open() <= 2);
            assertEquals(100, proxy.sessions());
            for (ScriptedClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void keepsTheMinimumWarmAndClosesWhatIsUnused() throws Exception {
        String database = postgres.newDatabase("warm");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("min_pool_size=3", "server_idle_timeout=1s");
                ScriptedClient a = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
            assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
            Await.until("the minimum is open", () -> postgres.backends(database) >= 3);
            List<ScriptedClient> busy = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                ScriptedClient client = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database);
                client.query("begin");
                busy.add(client);
            }
            assertTrue(postgres.backends(database) >= 5);
            for (ScriptedClient client : busy) {
                client.query("commit");
            }
            Await.until("the unused are closed", () -> postgres.backends(database) == 3);
            for (ScriptedClient client : busy) {
                client.close();
            }
        }
    }

    @Test
    void replacesOldConnections() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                        "default_pool_size=1", "server_lifetime=500ms", "server_lifetime_jitter=0");
                ScriptedClient a = proxy.login()) {
            int first = a.backend();
            Await.until("there is a new connection", () -> a.backend() != first);
            a.query("begin");
            int second = a.backend();
            long since = System.nanoTime();
            Await.until(
                    "the lifetime is over",
                    () -> System.nanoTime() - since > Duration.ofMillis(700).toNanos());
            assertEquals(second, a.backend(), "inside a transaction");
            a.query("commit");
        }
    }

    @Test
    void runsTheConnectQueryOnNewConnections() throws Exception {
        try (ProxyUnderTest proxy =
                        ProxyUnderTest.start("databases.app.connect_query=set search_path to 'made by connect_query'");
                ScriptedClient a = proxy.login()) {
            assertEquals(
                    "\"made by connect_query\"", a.value("show search_path").replace("'", "\""));
        }
    }

    @Test
    void forgetsDatabasesMadeFromTheWildcard() throws Exception {
        String database = postgres.newDatabase("passing");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("autodb_idle_timeout=1s", "server_idle_timeout=1s")) {
            try (ScriptedClient a = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
                assertEquals(database, a.value("select current_database()"));
            }
            Await.until("its connections are closed", () -> postgres.backends(database) == 0);
            Await.until(
                    "its pools are forgotten",
                    () -> proxy.proxy().pools().pools().isEmpty());
            try (ScriptedClient a = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
                assertEquals(database, a.value("select current_database()"));
            }
            assertFalse(proxy.proxy().pools().pools().isEmpty());
        }
    }
}

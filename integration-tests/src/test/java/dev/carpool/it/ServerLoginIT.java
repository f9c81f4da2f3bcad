package dev.carpool.it;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What clients are told when the proxy cannot log in to the server, and how it keeps trying. */
class ServerLoginIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    private static Reply refusal(ProxyUnderTest proxy, String user, String password, String database) throws Exception {
        long since = System.nanoTime();
        try (ScriptedClient client = proxy.client().startup(user, database)) {
            Reply reply = client.next();
            if (reply.type() == 'R') {
                client.send(Wire.password(password));
                reply = client.next();
            }
            assertEquals('E', reply.type());
            assertEquals("FATAL", reply.field('V'));
            client.expectClosed();
            assertTrue(Duration.ofNanos(System.nanoTime() - since).toSeconds() < 5, "it took its time");
            return reply;
        }
    }

    @Test
    void wrongPassword() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            Reply error = refusal(proxy, "app", "wrong", "app");
            assertEquals("28P01", error.field('C'));
            assertEquals("password authentication failed for user \"app\"", error.field('M'));
        }
    }

    @Test
    void unknownUser() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            assertEquals("28P01", refusal(proxy, "nobody_at_all", "x", "app").field('C'));
        }
    }

    @Test
    void unknownDatabase() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            Reply error = refusal(proxy, "app", PostgresUnderTest.APP_PASSWORD, "no_such_database");
            assertEquals("3D000", error.field('C'));
            assertEquals("database \"no_such_database\" does not exist", error.field('M'));
        }
    }

    @Test
    void databaseThatIsNotConfigured() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.inFrontOf(
                postgres.url(),
                "upstream=",
                "databases.app.host=" + postgres.host(),
                "databases.app.port=" + postgres.port())) {
            assertEquals("3D000", refusal(proxy, "app", "x", "postgres").field('C'));
            try (ScriptedClient client = proxy.login()) {
                assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
            }
        }
    }

    @Test
    void roleThatMayNotLogIn() throws Exception {
        String role = PostgresUnderTest.newName("sleeper");
        postgres.execute("create role " + role + " nologin password 'x'");
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            String state = refusal(proxy, role, "x", "app").field('C');
            assertEquals("28000", state);
        }
    }

    @Test
    void rejectedByTheServersRules() throws Exception {
        String role = postgres.newRole("banned");
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            assertEquals("28000", refusal(proxy, role, role, "app").field('C'));
        }
    }

    @Test
    void noPrivilegeToConnect() throws Exception {
        String database = postgres.newDatabase("private");
        postgres.execute("revoke connect on database " + database + " from public");
        String role = postgres.newRole("outsider");
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            assertEquals("42501", refusal(proxy, role, role, database).field('C'));
        }
    }

    @Test
    void serverThatIsDown() throws Exception {
        String gone;
        try (ScriptedServer server = ScriptedServer.start(peer -> {})) {
            gone = server.url();
        }
        try (ProxyUnderTest proxy = ProxyUnderTest.inFrontOf(gone)) {
            for (int i = 0; i < 3; i++) {
                Reply error = refusal(proxy, "app", "x", "app");
                assertEquals("08001", error.field('C'));
                assertTrue(error.field('M').startsWith("carpool: CP301 "), error::toString);
            }
        }
    }

    @Test
    void hostThatHasNoAddress() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.inFrontOf("postgresql://no-such-host.invalid:5432")) {
            assertEquals("08001", refusal(proxy, "app", "x", "app").field('C'));
        }
    }

    @Test
    void serverThatSaysNothing() throws Exception {
        try (ScriptedServer silent = ScriptedServer.start(peer -> peer.next());
                ProxyUnderTest proxy = ProxyUnderTest.inFrontOf(silent.url(), "server_connect_timeout=500ms")) {
            assertEquals("08001", refusal(proxy, "app", "x", "app").field('C'));
        }
    }

    @Test
    void waitsForAServerThatStarts() throws Exception {
        AtomicBoolean up = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    if (up.get()) {
                        peer.welcome();
                        while (true) {
                            peer.query();
                            peer.send(Wire.complete("SELECT 0"), Wire.ready('I'));
                        }
                    }
                    peer.startup();
                    refused.incrementAndGet();
                    peer.send(Wire.error("FATAL", "57P03", "the database system is starting up"));
                });
                ProxyUnderTest proxy = ProxyUnderTest.inFrontOf(server.url(), "auth_type=trust")) {
            Background<ScriptedClient> login = Background.start(() -> proxy.loginAs("app", "x", "app"));
            Await.until("the server has refused three times", () -> refused.get() >= 3);
            assertTrue(!login.isDone());
            up.set(true);
            try (ScriptedClient client = login.result()) {
                assertEquals("C:SELECT_0 Z:I", client.query("select"));
            }
        }
    }

    @Test
    void doesNotStampedeARestartedServer() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(peer -> {
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    try {
                        peer.startup();
                        // A login that takes its time.
                        peer.pause(Duration.ofMillis(20));
                    } finally {
                        now.decrementAndGet();
                    }
                    peer.welcomed();
                    while (true) {
                        peer.query();
                        peer.pause(Duration.ofMillis(50));
                        peer.send(Wire.complete("SELECT 0"), Wire.ready('I'));
                    }
                });
                ProxyUnderTest proxy = ProxyUnderTest.inFrontOf(
                        server.url(), "auth_type=trust", "default_pool_size=30", "max_concurrent_logins=3")) {
            java.util.List<ScriptedClient> clients = new java.util.ArrayList<>();
            for (int i = 0; i < 30; i++) {
                clients.add(proxy.loginAs("app", "x", "app"));
            }
            for (ScriptedClient client : clients) {
                client.send(Wire.query("select"));
            }
            for (ScriptedClient client : clients) {
                assertEquals("C:SELECT_0 Z:I", client.replies());
                client.close();
            }
            assertTrue(most.get() <= 3, () -> most + " logins at once");
        }
    }
}

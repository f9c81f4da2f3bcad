package dev.carpool.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

/** How clients prove who they are, and how the proxy proves itself to the server for them. */
class AuthenticationIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    @TempDir
    private Path directory;

    private Path file(String name, String... lines) throws Exception {
        return Files.write(directory.resolve(name), List.of(lines));
    }

    private String verifier(String role) throws Exception {
        return postgres.ask("select rolpassword from pg_authid where rolname = ?", role);
    }

    private static void assertAdmitted(ProxyUnderTest proxy, String user, String password) throws Exception {
        try (Connection connection = proxy.connectAs(user, password, "app")) {
            assertEquals(user, Sql.value(connection, "select session_user"));
        }
    }

    private static void assertRefused(ProxyUnderTest proxy, String user, String password) {
        assertEquals(
                "28P01", Sql.state(() -> proxy.connectAs(user, password, "app").close()));
    }

    @Test
    void trustAdmitsWhomTheServerTrusts() throws Exception {
        String role = postgres.newRole("trusty");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_type=trust")) {
            assertAdmitted(proxy, role, "anything");
            // The server wants a password that nobody has given to the proxy.
            assertEquals("28000", Sql.state(() -> proxy.connect().close()));
        }
    }

    @Test
    void rejectAdmitsNobody() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_type=reject")) {
            assertEquals("28000", Sql.state(() -> proxy.connect().close()));
        }
    }

    @Test
    void passthroughProvesEachPasswordAtTheServer() throws Exception {
        String role = postgres.newRole("passing");
        String trusty = postgres.newRole("trusty");
        String md5 = PostgresUnderTest.newName("md5");
        String plain = postgres.newRole("plain");
        try (Connection admin = postgres.connect("postgres")) {
            Sql.run(admin, "set password_encryption to 'md5'", "create role " + md5 + " login password '" + md5 + "'");
        }
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            for (int i = 0; i < 2; i++) {
                for (String user : List.of(role, trusty, md5, plain)) {
                    assertAdmitted(proxy, user, user);
                }
                for (String user : List.of(role, md5, plain)) {
                    assertRefused(proxy, user, "wrong");
                }
            }
        }
    }

    /** Ends the server connections of a role, and waits until the proxy knows. */
    private void terminate(String role, ProxyUnderTest proxy) throws Exception {
        int open = proxy.open();
        int ended = Integer.parseInt(postgres.ask(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '" + role + "'"));
        Await.until("the proxy has noticed", () -> proxy.open() <= open - ended);
    }

    @Test
    void passthroughFollowsAChangedPassword() throws Exception {
        String role = postgres.newRole("changing");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_passthrough_ttl=0", "default_pool_size=1")) {
            assertAdmitted(proxy, role, role);
            postgres.execute("alter role " + role + " password 'new'");
            assertRefused(proxy, role, role);
            assertAdmitted(proxy, role, "new");
            // New server connections are made with the new password.
            terminate(role, proxy);
            assertAdmitted(proxy, role, "new");
            assertRefused(proxy, role, role);
        }
    }

    @Test
    void passthroughTakesTheNewPasswordWhileTheOldOneIsRemembered() throws Exception {
        String role = postgres.newRole("changing");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1")) {
            assertAdmitted(proxy, role, role);
            postgres.execute("alter role " + role + " password 'new'");
            assertAdmitted(proxy, role, "new");
            terminate(role, proxy);
            assertAdmitted(proxy, role, "new");
        }
    }

    @Test
    void passthroughNeverMixesUsersUp() throws Exception {
        String one = postgres.newRole("one");
        String two = postgres.newRole("two");
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            assertAdmitted(proxy, one, one);
            assertAdmitted(proxy, two, two);
            assertRefused(proxy, one, two);
            assertRefused(proxy, two, one);
            assertRefused(proxy, one, "");
        }
    }

    @Test
    void userListHasPlainSecretsMd5HashesAndVerifiers() throws Exception {
        String plain = postgres.newRole("listed");
        String scram = postgres.newRole("listed");
        String md5 = postgres.newRole("trusty_md5");
        String hash = postgres.ask("select 'md5' || md5(? || ?)", md5, md5);
        Path users = file(
                "users.txt",
                "\"" + plain + "\" \"" + plain + "\"",
                "\"" + scram + "\" \"" + verifier(scram) + "\"",
                "\"" + md5 + "\" \"" + hash + "\"");
        for (String type : List.of("scram-sha-256", "md5", "plain")) {
            try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_type=" + type, "auth_file=" + users)) {
                assertAdmitted(proxy, plain, plain);
                assertRefused(proxy, plain, "wrong");
                assertRefused(proxy, scram, "wrong");
                assertRefused(proxy, md5, "wrong");
                assertRefused(proxy, "nobody_at_all", "wrong");
                if (type.equals("scram-sha-256")) {
                    // The ClientKey from the client's own proof logs in to the server.
                    assertAdmitted(proxy, scram, scram);
                }
                if (type.equals("md5")) {
                    assertAdmitted(proxy, md5, md5);
                }
            }
        }
    }

    @Test
    void authQueryFindsVerifiersAndNoPlainPasswordExists() throws Exception {
        String role = postgres.newRole("queried");
        String other = postgres.newRole("queried");
        Path users = file("users.txt", "\"postgres\" \"" + postgres.superuserPassword() + "\"");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                "auth_type=scram-sha-256",
                "auth_file=" + users,
                "auth_user=" + postgres.superuser(),
                "auth_dbname=postgres")) {
            assertAdmitted(proxy, role, role);
            assertAdmitted(proxy, other, other);
            assertRefused(proxy, role, other);
            assertRefused(proxy, role, "wrong");
            assertRefused(proxy, "nobody_at_all", "wrong");
            // The key is good for more server connections than the first.
            terminate(role, proxy);
            assertAdmitted(proxy, role, role);
        }
    }

    @Test
    void authQueryMayBeAFunctionForAnOrdinaryRole() throws Exception {
        String role = postgres.newRole("queried");
        String asker = postgres.newRole("asker");
        String function = PostgresUnderTest.newName("look_up");
        postgres.executeIn(
                "postgres",
                "create function " + function + "(name text) returns table (usename name, passwd text) language sql"
                        + " security definer as $$ select rolname, rolpassword from pg_authid where rolname = name $$",
                "revoke all on function " + function + " from public",
                "grant execute on function " + function + " to " + asker);
        Path users = file("users.txt", "\"" + asker + "\" \"" + asker + "\"");
        String[] settings = {
            "auth_type=scram-sha-256",
            "auth_file=" + users,
            "auth_user=" + asker,
            "auth_dbname=postgres",
            "auth_query=select usename, passwd from " + function + "($1)"
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(settings)) {
            assertAdmitted(proxy, role, role);
            assertRefused(proxy, role, "wrong");
            assertRefused(proxy, "o'; drop table x; --", "wrong");
        }
        settings[0] = "auth_type=plain";
        try (ProxyUnderTest proxy = ProxyUnderTest.start(settings)) {
            assertRefused(proxy, role, "wrong");
            assertAdmitted(proxy, role, role); // the server wants a proof, for which the verifier alone is not enough
        }
    }

    @Test
    void rulesDecideByUserDatabaseAndAddress() throws Exception {
        String trusty = postgres.newRole("trusty");
        String listed = postgres.newRole("listed");
        String outlaw = postgres.newRole("outlaw");
        Path users = file("users.txt", "\"" + listed + "\" \"" + listed + "\"", "\"" + outlaw + "\" \"x\"");
        Path rules = file(
                "hba.conf",
                "# a comment",
                "host all " + outlaw + " 0.0.0.0/0 reject",
                "host app " + trusty + " 127.0.0.1/32 trust",
                "host app " + listed + " 10.0.0.0/8 trust",
                "hostssl app all 0.0.0.0/0 trust",
                "host app all 127.0.0.1/32 scram-sha-256");
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start("auth_type=hba", "auth_file=" + users, "auth_hba_file=" + rules)) {
            assertAdmitted(proxy, trusty, "anything");
            assertAdmitted(proxy, listed, listed);
            assertRefused(proxy, listed, "wrong");
            assertEquals(
                    "28000", Sql.state(() -> proxy.connectAs(outlaw, "x", "app").close()));
            assertEquals(
                    "28000",
                    Sql.state(() -> proxy.connectAs(listed, listed, "postgres").close()));
        }
    }

    @Test
    void oneUserOfTheServerForAllClients() throws Exception {
        String front = PostgresUnderTest.newName("front");
        Path users = file("users.txt", "\"" + front + "\" \"front secret\"");
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                        "auth_type=scram-sha-256",
                        "auth_file=" + users,
                        "databases.shared.dbname=app",
                        "databases.shared.user=app",
                        "databases.shared.password=" + PostgresUnderTest.APP_PASSWORD);
                Connection connection = proxy.connectAs(front, "front secret", "shared")) {
            assertEquals("app", Sql.value(connection, "select session_user"));
        }
    }

    @Test
    void throttlesAddressesThatFailTooOften() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_failure_limit=3")) {
            for (int i = 0; i < 3; i++) {
                assertRefused(proxy, "app", "wrong");
            }
            Await.until(
                    "the address is refused",
                    () -> "53300"
                            .equals(Sql.state(
                                    () -> proxy.connectAs("app", "wrong", "app").close())));
        }
    }

    @Test
    void wrongPasswordsOfOthersDoNotKeepOutWhoHasLoggedIn() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_failure_limit=3")) {
            proxy.connectAs("app", PostgresUnderTest.APP_PASSWORD, "app").close();
            Await.until(
                    "the address is refused",
                    () -> "53300"
                            .equals(Sql.state(() ->
                                    proxy.connectAs("stranger", "wrong", "app").close())));
            proxy.connectAs("app", PostgresUnderTest.APP_PASSWORD, "app").close();
            assertRefused(proxy, "app", "wrong");
            proxy.connectAs("app", PostgresUnderTest.APP_PASSWORD, "app").close();
        }
    }

    @Test
    void anUnknownUserLooksLikeAWrongPassword() throws Exception {
        Path users = file("users.txt", "\"app\" \"" + PostgresUnderTest.APP_PASSWORD + "\"");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("auth_type=scram-sha-256", "auth_file=" + users)) {
            String known = Sql.failure(
                            () -> proxy.connectAs("app", "wrong", "app").close())
                    .getMessage();
            String unknown = Sql.failure(
                            () -> proxy.connectAs("app2", "wrong", "app").close())
                    .getMessage();
            assertEquals(known, String.valueOf(unknown).replace("app2", "app"));
        }
    }

    @Test
    void otherMessagesInsteadOfAPasswordEndTheLogin() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start();
                ScriptedClient client = proxy.client().startup("app", "app")) {
            client.expect('R');
            client.send(Wire.query("select 1"));
            assertEquals("08P01", client.expectFatal().field('C'));
        }
        try (ProxyUnderTest proxy = ProxyUnderTest.start();
                ScriptedClient client = proxy.client().startup("app", "app")) {
            client.expect('R');
            client.send(Wire.message('p', new byte[20_000]));
            assertNotEquals("", client.expectFatal().field('C'));
        }
    }
}

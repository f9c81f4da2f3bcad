package dev.carpool.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What a client does to roles and databases by way of the proxy holds for whoever comes next. */
class ChangedRolesIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();
    private ProxyUnderTest proxy;
    private ScriptedClient admin;

    @TempDir
    private Path directory;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("server_round_robin=1", "default_pool_size=5");
        admin = proxy.loginAs(postgres.superuser(), postgres.superuserPassword(), "postgres");
    }

    @AfterEach
    void stop() throws Exception {
        admin.close();
        proxy.close();
    }

    /** What a new session of a role sees, which has its name as password. */
    private String seen(String role, String database, String sql) throws Exception {
        try (ScriptedClient client = proxy.loginAs(role, role, database)) {
            return client.value(sql);
        }
    }

    private static String refusal(ProxyUnderTest of, String role, String password) {
        return Sql.state(() -> of.connectAs(role, password, "app").close());
    }

    private static void assertAdmitted(ProxyUnderTest of, String role, String password) throws Exception {
        try (Connection connection = of.connectAs(role, password, "app")) {
            assertEquals(role, Sql.value(connection, "select session_user"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "alter role ROLE set statement_timeout to '11s'",
                "alter user ROLE in database app set statement_timeout to '11s'",
                "begin; alter role ROLE set statement_timeout to '11s'; commit",
                "/* more than 16 kB */ alter role ROLE set statement_timeout to '11s'; select 'LONG'",
            })
    void newSessionsBeginWithTheDefaultsOfTheirRole(String sql) throws Exception {
        String role = postgres.newRole("defaults");
        assertEquals("0", seen(role, "app", "show statement_timeout"));
        admin.query(sql.replace("ROLE", role).replace("LONG", "x".repeat(20_000)));
        for (int i = 0; i < 3; i++) {
            assertEquals("11s", seen(role, "app", "show statement_timeout"));
        }
        admin.exchange(
                Wire.parse("s", "alter role " + role + " reset all"),
                Wire.bind("", "s"),
                Wire.execute("", 0),
                Wire.sync());
        admin.exchange(
                Wire.parse("", "alter role " + role + " in database app reset all"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.sync());
        assertEquals("0", seen(role, "app", "show statement_timeout"));
    }

    @Test
    void newSessionsBeginWithTheDefaultsOfTheirDatabase() throws Exception {
        String role = postgres.newRole("defaults");
        String database = postgres.newDatabase("defaults");
        assertEquals("0", seen(role, database, "show statement_timeout"));
        admin.query("alter database " + database + " set statement_timeout to '12s'");
        assertEquals("12s", seen(role, database, "show statement_timeout"));
        assertEquals("0", seen(role, "app", "show statement_timeout"));
    }

    @Test
    void earlierSessionsKeepWhatTheyWereTold() throws Exception {
        String role = postgres.newRole("defaults");
        try (ScriptedClient early = proxy.loginAs(role, role, "app", "IntervalStyle", "iso_8601")) {
            String before = early.value("show datestyle");
            admin.query("alter role " + role + " set datestyle to 'german'");
            admin.query("alter role " + role + " set intervalstyle to 'sql_standard'");
            try (ScriptedClient late = proxy.loginAs(role, role, "app")) {
                String changed = late.value("show datestyle");
                assertNotEquals(before, changed);
                for (int i = 0; i < 3; i++) {
                    assertEquals(changed, late.value("show datestyle"));
                    assertEquals(changed, late.parameters().get("DateStyle"));
                    assertEquals("sql_standard", late.value("show intervalstyle"));
                    assertEquals(before, early.value("show datestyle"));
                    assertEquals("iso_8601", early.value("show intervalstyle"));
                }
                early.query("set datestyle to '" + changed + "'");
                assertEquals(changed, early.value("show datestyle"));
                assertEquals(changed, early.value("show datestyle"));
                early.query("reset datestyle");
                assertEquals(before, early.value("show datestyle"));
                assertEquals(before, early.value("show datestyle"));
                assertEquals(changed, late.value("show datestyle"));
            }
        }
    }

    @Test
    void aChangeThatIsRolledBackIsNone() throws Exception {
        String role = postgres.newRole("defaults");
        try (ScriptedClient client = proxy.loginAs(role, role, "app")) {
            int before = client.backend();
            admin.query("begin");
            admin.query("alter role " + role + " set statement_timeout to '11s'");
            admin.query("drop role " + role);
            admin.query("rollback");
            admin.query("alter role " + role + " set nonsense to '11s'");
            assertEquals(before, client.backend());
        }
        assertAdmitted(proxy, role, role);
    }

    @ParameterizedTest
    @ValueSource(strings = {"passthrough", "scram-sha-256", "md5"})
    void aNewPasswordHoldsAtOnce(String authType) throws Exception {
        String role = postgres.newRole(authType.equals("md5") ? "md5" : "changing");
        Path users = Files.write(
                directory.resolve("users"),
                List.of("\"" + postgres.superuser() + "\" \"" + postgres.superuserPassword() + "\""));
        String[] settings = authType.equals("passthrough")
                ? new String[] {"server_round_robin=1"}
                : new String[] {"auth_type=" + authType, "auth_file=" + users, "auth_user=" + postgres.superuser()};
        try (ProxyUnderTest other = ProxyUnderTest.start(settings);
                Connection changer = other.connectAs(postgres.superuser(), postgres.superuserPassword(), "postgres")) {
            assertAdmitted(other, role, role);
            for (String method : List.of("scram-sha-256", authType.equals("md5") ? "md5" : "scram-sha-256")) {
                Sql.run(changer, "set password_encryption to '" + method + "'");
                Sql.run(changer, "alter role " + role + " password 'new " + method + "'");
                assertAdmitted(other, role, "new " + method);
                assertEquals("28P01", refusal(other, role, role));
                assertAdmitted(other, role, "new " + method);
                Sql.run(changer, "drop role " + role);
                assertTrue(refusal(other, role, "new " + method).startsWith("28"));
                Sql.run(changer, "create role " + role + " login password '" + role + "'");
                assertAdmitted(other, role, role);
                assertEquals("28P01", refusal(other, role, "new " + method));
                Sql.run(changer, "alter role " + role + " rename to " + role + "_2");
                assertTrue(refusal(other, role, role).startsWith("28"));
                Sql.run(changer, "alter role " + role + "_2 rename to " + role);
                Sql.run(changer, "alter role " + role + " password '" + role + "'");
                assertAdmitted(other, role, role);
            }
        }
    }

    @Test
    void aPasswordChangedInSessionsKeepsThem() throws Exception {
        String role = postgres.newRole("changing");
        try (ScriptedClient client = proxy.loginAs(role, role, "app")) {
            assertEquals("1", client.value("select 1"));
            admin.query("alter role " + role + " password 'new'");
            assertEquals("2", client.value("select 2"));
        }
    }

    @Test
    void aRoleMadeAnewIsAnotherOne() throws Exception {
        String role = postgres.newRole("again");
        String oid = "select oid from pg_roles where rolname = session_user";
        String before = seen(role, "app", oid);
        try (ScriptedClient old = proxy.loginAs(role, role, "app")) {
            assertEquals(before, old.value(oid));
            admin.query("drop role " + role);
            admin.query("create role " + role + " login password '" + role + "'");
            String after = seen(role, "app", oid);
            assertNotEquals(before, after);
            assertEquals(after, seen(role, "app", "select session_user::regrole::oid"));
            // The old session is none of the new role.
            assertEquals("57P01", old.send(Wire.query(oid)).expectFatal().field('C'));
        }
    }

    /** Has the administrator's pool open that many server connections besides. */
    private void openConnections(int number) throws Exception {
        List<ScriptedClient> clients = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            ScriptedClient client = proxy.loginAs(postgres.superuser(), postgres.superuserPassword(), "postgres");
            clients.add(client);
            client.query("begin");
        }
        for (ScriptedClient client : clients) {
            client.query("commit");
            client.leave();
        }
    }

    /** Server connections on which the role was set before are not those of the new one. */
    @Test
    void setRoleFindsTheRoleThatHasTheNameNow() throws Exception {
        String role = PostgresUnderTest.newName("set");
        admin.query("create role " + role);
        openConnections(4);
        try (ScriptedClient client = proxy.loginAs(postgres.superuser(), postgres.superuserPassword(), "postgres")) {
            for (int round = 0; round < 3; round++) {
                client.query("set role " + role);
                for (int i = 0; i < 7; i++) {
                    assertEquals(role, client.value("select current_user"));
                }
                client.query("reset role");
                admin.query("drop role " + role);
                admin.query("create role " + role);
            }
        } finally {
            admin.query("drop role " + role);
        }
    }
}

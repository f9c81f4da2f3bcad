package dev.carpool.it;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Statements that need a database without anybody connected to it: idle server connections are not in their way. */
class NeededDatabasesIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();
    private ProxyUnderTest proxy;
    private ScriptedClient admin;
    private String database;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("server_round_robin=1", "default_pool_size=5", "server_idle_timeout=600");
        admin = proxy.loginAs(postgres.superuser(), postgres.superuserPassword(), "postgres");
        database = postgres.newDatabase("needed");
    }

    @AfterEach
    void stop() throws Exception {
        admin.close();
        proxy.close();
    }

    private ScriptedClient client(String name) throws Exception {
        return proxy.loginAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, name);
    }

    /** Leaves idle server connections behind. */
    private void use(String name) throws Exception {
        try (ScriptedClient a = client(name);
                ScriptedClient b = client(name)) {
            a.query("begin");
            b.query("begin");
            a.query("commit");
            b.query("commit");
        }
        Await.until("its connections are idle", () -> postgres.backends(name) == 2 && proxy.sessions() == 1);
    }

    private String exists(String name) throws Exception {
        return postgres.ask("select count(*) from pg_database where datname = ?", name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "drop database NAME",
                "drop database if exists NAME",
                "drop database NAME with (force)",
                "alter database NAME rename to NAME_2",
                "create database NAME_2 template NAME strategy file_copy",
            })
    void idleConnectionsAreNotInTheWay(String sql) throws Exception {
        use(database);
        String tag = sql.substring(0, sql.indexOf(' ')).toUpperCase(java.util.Locale.ROOT);
        assertEquals("C:" + tag + "_DATABASE Z:I", admin.query(sql.replace("NAME", database)));
        assertEquals("1", admin.value("select 1"));
    }

    @Test
    void theExtendedProtocolDoesTheSame() throws Exception {
        use(database);
        String drop = "drop database " + database;
        admin.exchange(Wire.parse("s", drop), Wire.sync());
        assertEquals("2 C:DROP_DATABASE Z:I", admin.exchange(Wire.bind("", "s"), Wire.execute("", 0), Wire.sync()));
        admin.query("create database " + database + " strategy file_copy");
        use(database);
        try (Connection connection = proxy.connectAs(postgres.superuser(), postgres.superuserPassword(), "postgres")) {
            Sql.run(connection, drop, "create database " + database + " owner app strategy file_copy");
        }
        use(database);
    }

    @Test
    void aDatabaseMadeAnewIsAnotherOne() throws Exception {
        use(database);
        admin.query("drop database " + database);
        assertEquals(
                "3D000",
                Sql.state(() -> proxy.connectAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, database)
                        .close()));
        admin.query("create database " + database + " owner app strategy file_copy");
        try (ScriptedClient client = client(database)) {
            assertEquals(database, client.value("select current_database()"));
        }
    }

    @Test
    void sessionsAreInTheWay() throws Exception {
        try (ScriptedClient idle = client(database)) {
            assertEquals("1", idle.value("select 1"));
            assertEquals("E:55006 Z:I", admin.query("drop database " + database));
            assertEquals("2", idle.value("select 2"));
            // Also where none of their server connections is left.
            postgres.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database + "'");
            Await.until("it is gone", () -> postgres.backends(database) == 0);
            assertEquals("E:55006 Z:I", admin.query("drop database " + database));
            assertEquals("3", idle.value("select 3"));
        }
        Await.until("it has left", () -> proxy.sessions() == 1);
        assertEquals("C:DROP_DATABASE Z:I", admin.query("drop database " + database));
    }

    @Test
    void forceEndsSessions() throws Exception {
        try (ScriptedClient idle = client(database);
                ScriptedClient active = client(database)) {
            assertEquals("1", idle.value("select 1"));
            active.query("begin");
            assertEquals("C:DROP_DATABASE Z:I", admin.query("drop database " + database + " (force)"));
            assertEquals("57P01", idle.expectFatal().field('C'));
            assertEquals("57P01", active.expectFatal().field('C'));
        }
        assertEquals("0", exists(database));
    }

    @Test
    void aFailedForceEndsNobody() throws Exception {
        try (ScriptedClient idle = client(database);
                ScriptedClient other = client("app")) {
            String postgresOwns = "alter database " + database + " owner to " + postgres.superuser();
            admin.query(postgresOwns);
            assertEquals("E:42501 Z:I", other.query("drop database " + database + " (force)"));
            assertEquals("1", idle.value("select 1"));
        }
    }

    @Test
    void theMinimumIsNotOpenedMeanwhile(@TempDir Path directory) throws Exception {
        String entry = "{host: " + postgres.host() + ", port: " + postgres.port();
        Path file = Files.writeString(directory.resolve("carpool.yaml"), """
                databases:
                  %s: %s, user: app, password: %s, min_pool_size: 2}
                  postgres: %s}
                """.formatted(
                        database, entry, PostgresUnderTest.APP_PASSWORD, entry));
        try (ProxyUnderTest warm = ProxyUnderTest.fromFile(file);
                ScriptedClient owner = warm.loginAs(postgres.superuser(), postgres.superuserPassword(), "postgres")) {
            Await.until("the minimum is there", () -> postgres.backends(database) == 2);
            assertEquals("C:DROP_DATABASE Z:I", owner.query("drop database " + database));
        }
    }
}

package dev.carpool.it;

import dev.carpool.demo.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The PostgreSQL that all classes share: an embedded one, or with {@code -Dcarpool.it.postgres=container} one that
 * Testcontainers runs from the image {@code -Dcarpool.it.image} (postgres:18). Started when first asked for, stopped with
 * the JVM. Tests that stop or kill a server start one of their own.
 */
final class PostgresUnderTest {
    /** An ordinary role, owner of the database of the same name. */
    static final String APP = "app";

    static final String APP_PASSWORD = "app-secret";

    private static final int MAX_CONNECTIONS = 300;
    private static final int MAX_PREPARED_TRANSACTIONS = 20;

    /** Role names tell how PostgreSQL lets them in; all others prove themselves with SCRAM. */
    /** Patterns for names need PostgreSQL 16: with an older image, tests that log in directly by password fail. */
    private static final List<String> HBA = List.of(
            "host all /^trusty all trust",
            "host all /^md5 all md5",
            "host all /^plain all password",
            "host all /^banned all reject",
            "host replication /^trusty all trust");

    private static final AtomicInteger NAMES = new AtomicInteger();

    private static final class Shared {
        private static final PostgresUnderTest INSTANCE = start();
    }

    private final String host;
    private final int port;
    private final String superuser;
    private final String superuserPassword;

    private PostgresUnderTest(String host, int port, String superuser, String superuserPassword) {
        this.host = host;
        this.port = port;
        this.superuser = superuser;
        this.superuserPassword = superuserPassword;
    }

    static PostgresUnderTest shared() {
        return Shared.INSTANCE;
    }

    private static PostgresUnderTest start() {
        PostgresUnderTest postgres = inContainer() ? container() : embedded();
        try {
            postgres.execute("create role app login password '" + APP_PASSWORD + "'", "create database app owner app");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return postgres;
    }

    static boolean inContainer() {
        return System.getProperty("carpool.it.postgres", "embedded").equals("container");
    }

    private static PostgresUnderTest embedded() {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setting("max_connections", Integer.toString(MAX_CONNECTIONS))
                .setting("max_prepared_transactions", Integer.toString(MAX_PREPARED_TRANSACTIONS))
                .setting("wal_level", "logical")
                .setting("shared_buffers", "128MB");
        HBA.forEach(builder::hba);
        EmbeddedPostgres postgres = builder.start(); // its exit hook stops it
        return new PostgresUnderTest(
                postgres.host(), postgres.port(), postgres.superuser(), postgres.superuserPassword());
    }

    @SuppressWarnings("resource") // Testcontainers removes it after the JVM
    private static PostgresUnderTest container() {
        String image = System.getProperty("carpool.it.image", "postgres:18");
        String hba = "local all all trust\n" + String.join("\n", HBA) + "\nhost all all all scram-sha-256\n"
                + "host replication all all scram-sha-256\n";
        PostgreSQLContainer container =
                new PostgreSQLContainer(DockerImageName.parse(image).asCompatibleSubstituteFor("postgres"));
        container.withUsername("postgres").withPassword("postgres").withDatabaseName("postgres");
        container.withCopyToContainer(Transferable.of(hba), "/etc/carpool_hba.conf");
        container.setCommand(
                "postgres",
                "-c",
                "hba_file=/etc/carpool_hba.conf",
                "-c",
                "fsync=off",
                "-c",
                "wal_level=logical",
                "-c",
                "max_prepared_transactions=" + MAX_PREPARED_TRANSACTIONS,
                "-c",
                "max_connections=" + MAX_CONNECTIONS);
        container.waitingFor(Wait.forLogMessage(".*database system is ready to accept connections.*\\s", 2));
        container.start();
        return new PostgresUnderTest(container.getHost(), container.getMappedPort(5432), "postgres", "postgres");
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    String superuser() {
        return superuser;
    }

    String superuserPassword() {
        return superuserPassword;
    }

    /** As {@code --upstream} takes it. */
    String url() {
        return "postgresql://" + host + ":" + port;
    }

    /** A name nothing else has. */
    static String newName(String prefix) {
        return prefix + "_" + NAMES.incrementAndGet();
    }

    /** Makes a role that can log in, with its name as password. */
    String newRole(String prefix) throws SQLException {
        String name = newName(prefix);
        execute("create role " + name + " login password '" + name + "'");
        return name;
    }

    /** Makes a database whose owner is {@link #APP}. */
    String newDatabase(String prefix) throws SQLException {
        String name = newName(prefix);
        execute("create database " + name + " owner app strategy file_copy");
        return name;
    }

    /** A direct connection as superuser. */
    Connection connect(String database) throws SQLException {
        return connect(database, superuser, superuserPassword);
    }

    /** A direct connection. */
    Connection connect(String database, String user, String password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        return DriverManager.getConnection("jdbc:postgresql://" + host + ":" + port + "/" + database, properties);
    }

    /** Runs statements as superuser in the database postgres. */
    void execute(String... statements) throws SQLException {
        executeIn("postgres", statements);
    }

    void executeIn(String database, String... statements) throws SQLException {
        try (Connection connection = connect(database)) {
            Sql.run(connection, statements);
        }
    }

    /** One value, asked as superuser in the database postgres. */
    String ask(String sql, Object... parameters) throws SQLException {
        try (Connection connection = connect("postgres")) {
            return Sql.value(connection, sql, parameters);
        }
    }

    /** How many backends serve clients of this database. */
    int backends(String database) throws SQLException {
        return Integer.parseInt(ask(
                "select count(*) from pg_stat_activity where datname = ? and backend_type = 'client backend'"
                        + " and pid <> pg_backend_pid()",
                database));
    }
}

package dev.carpool.it;

import dev.carpool.config.ConfigReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** With all logging on, logins of each kind, right and wrong, leave no trace of a secret. */
class SecretsStayOutOfLogsIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();
    private final Logger logger = Logger.getLogger("");
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final List<String> secrets = new ArrayList<>();
    private Level before;

    @TempDir
    private Path directory;

    private final Handler collector = new Handler() {
        private final SimpleFormatter format = new SimpleFormatter();

        @Override
        public void publish(LogRecord line) {
            if (!String.valueOf(line.getLoggerName()).startsWith("org.postgresql")) { // the test's own driver
                lines.add(format.format(line));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        before = logger.getLevel();
        logger.setLevel(Level.ALL);
        collector.setLevel(Level.ALL);
        logger.addHandler(collector);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(collector);
        logger.setLevel(before);
    }

    private String role(String prefix, String encryption) throws Exception {
        String name = PostgresUnderTest.newName(prefix);
        String password = "Sesame" + name + "Open";
        secrets.add(password);
        try (Connection admin = postgres.connect("postgres")) {
            Sql.run(
                    admin,
                    "set password_encryption to '" + encryption + "'",
                    "create role " + name + " login password '" + password + "'");
        }
        String stored = postgres.ask("select rolpassword from pg_authid where rolname = ?", name);
        // Of a verifier the parts behind the salt are secret.
        secrets.addAll(List.of(stored.substring(stored.lastIndexOf('$') + 1).split(":")));
        return name;
    }

    private void logIn(ProxyUnderTest proxy, String user) throws SQLException {
        for (String password : List.of("Sesame" + user + "Open", "WrongSesame" + user)) {
            try (Connection connection = proxy.connectAs(user, password, "app")) {
                Sql.value(connection, "select 'SecretInSql'");
                Sql.value(connection, "select ?", "SecretParameter");
            } catch (SQLException e) {
                String shown = e.getMessage();
                assertFalse(shown.contains("Sesame"), shown);
            }
        }
    }

    @Test
    void whateverTheLogin() throws Exception {
        String scram = role("scram", "scram-sha-256");
        String md5 = role("md5", "md5");
        String plain = role("plain", "scram-sha-256");
        String asker = role("asker", "scram-sha-256");
        postgres.execute("grant pg_read_all_data to " + asker, "alter role " + asker + " superuser");
        Path users = Files.writeString(
                directory.resolve("users.txt"),
                "\"" + plain + "\" \"Sesame" + plain + "Open\"\n\"" + asker + "\" \"Sesame" + asker + "Open\"\n\""
                        + scram + "\" \""
                        + postgres.ask("select rolpassword from pg_authid where rolname = ?", scram) + "\"\n");
        secrets.addAll(List.of("WrongSesame", "SecretInSql", "SecretParameter", "TokenSesame", "ForcedSesame"));
        List<String[]> kinds = List.of(
                new String[] {"auth_type=passthrough"},
                new String[] {"auth_type=scram-sha-256", "auth_file=" + users},
                new String[] {"auth_type=md5", "auth_file=" + users},
                new String[] {"auth_type=plain", "auth_file=" + users},
                new String[] {
                    "auth_type=scram-sha-256", "auth_file=" + users, "auth_user=" + asker, "auth_dbname=postgres"
                },
                new String[] {
                    "auth_type=trust",
                    "databases.app.user=app",
                    "databases.app.password=ForcedSesame",
                    "databases.app.dbname=app"
                });
        for (String[] kind : kinds) {
            String[] all = java.util.Arrays.copyOf(kind, kind.length + 2);
            all[kind.length] = "verbose=3";
            all[kind.length + 1] = "admin_token=TokenSesame";
            try (ProxyUnderTest proxy = ProxyUnderTest.start(all)) {
                for (String user : List.of(scram, md5, plain)) {
                    logIn(proxy, user);
                }
                lines.add(proxy.proxy().config() + " "
                        + proxy.proxy().pools().pools()
                        + proxy.proxy().sessions().all());
                proxy.proxy()
                        .pools()
                        .pools()
                        .forEach(pool -> lines.add(
                                pool + " " + pool.credentials() + " " + pool.snapshot() + " " + pool.connections()));
            }
        }
        assertTrue(lines.size() > 50, () -> "only " + lines.size() + " lines");
        assertFree();
    }

    @Test
    void badConfigurationsDoNotShowThemEither() throws Exception {
        secrets.add("Sesame");
        Path file = Files.writeString(directory.resolve("carpool.yaml"), """
                admin_token: [Sesame]
                databases:
                  app:
                    password: {Sesame: Sesame}
                    pool_size: x
                """);
        lines.add(String.valueOf(ConfigReader.create()
                .withFile(file)
                .with("databases.app.password=Sesame")
                .with("databases.app.passwort=Sesame")
                .read()));
        assertFree();
    }

    private void assertFree() {
        for (String secret : secrets) {
            String encoded = Base64.getEncoder().encodeToString(secret.getBytes(StandardCharsets.UTF_8));
            for (String line : lines) {
                assertFalse(line.contains(secret) || line.contains(encoded), () -> secret + " in " + line);
            }
        }
    }
}

package dev.carpool.demo;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class EmbeddedPostgresIT {
    @Test
    void isPostgres18AndDeletesItsDataOnClose() throws SQLException {
        Path data;
        try (EmbeddedPostgres postgres = EmbeddedPostgres.startNew()) {
            data = postgres.data();
            assertTrue(ask(postgres, "show server_version").startsWith("18."));
            assertEquals("UTF8", ask(postgres, "show server_encoding"));
        }
        assertFalse(Files.exists(data.getParent()));
    }

    @Test
    void takesSettingsRulesAndFiles() throws SQLException {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.builder()
                .setting("application_name", "it's me")
                .hba("host all trusty 127.0.0.1/32 trust")
                .file("extra.txt", "hello".getBytes(StandardCharsets.UTF_8))
                .start()) {
            postgres.execute("create role trusty login", "create role app login password 'right'");
            assertEquals("5", ask(postgres, "select length(pg_read_file('extra.txt'))"));
            DriverManager.getConnection(postgres.jdbcUrl("postgres"), "trusty", "")
                    .close();
            DriverManager.getConnection(postgres.jdbcUrl("postgres"), "app", "right")
                    .close();
            SQLException refused = assertThrows(
                    SQLException.class,
                    () -> DriverManager.getConnection(postgres.jdbcUrl("postgres"), "app", "wrong"));
            assertEquals("28P01", refused.getSQLState());
        }
    }

    @Test
    void comesBackOnTheSamePortAfterStopAndKill() throws SQLException {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.startNew()) {
            int port = postgres.port();
            postgres.execute("create table kept (id int)", "insert into kept values (1)");
            postgres.restart();
            assertEquals("1", ask(postgres, "select count(*) from kept"));
            try (Connection open = postgres.connect("postgres")) {
                postgres.kill();
                assertFalse(postgres.isRunning());
                assertThrows(SQLException.class, () -> postgres.connect("postgres"));
                assertFalse(open.isValid(5));
            }
            postgres.start();
            assertEquals("1", ask(postgres, "select count(*) from kept"));
            assertEquals(port, postgres.port());
        }
    }

    @Test
    void frozenServerGoesOnWhereItStood() throws SQLException {
        try (EmbeddedPostgres postgres = EmbeddedPostgres.startNew();
                Connection open = postgres.connect("postgres")) {
            postgres.freeze();
            assertFalse(open.isValid(1));
            postgres.thaw();
            assertEquals("1", ask(postgres, "select 1"));
        }
    }

    @Test
    void saysWhyItDoesNotStart() {
        IllegalStateException failure = assertThrows(
                IllegalStateException.class,
                () -> EmbeddedPostgres.builder().setting("no_such_setting", "1").start());
        assertTrue(failure.getMessage().contains("no_such_setting"), failure::getMessage);
    }

    private static String ask(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (Connection connection = postgres.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}

package dev.carpool.it;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.function.Executable;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** One-line JDBC. */
final class Sql {
    private Sql() {}

    static void run(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** The first column of the first row, as text. */
    static String value(Connection connection, String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            try (ResultSet rows = statement.executeQuery()) {
                assertTrue(rows.next(), () -> "no row: " + sql);
                return String.valueOf(rows.getString(1));
            }
        }
    }

    static int number(Connection connection, String sql, Object... parameters) throws SQLException {
        return Integer.parseInt(value(connection, sql, parameters));
    }

    /** The process of the server connection in use. */
    static int backend(Connection connection) throws SQLException {
        return number(connection, "select pid from pg_stat_activity where client_port = inet_client_port()");
    }

    /** The failure of something that must fail. */
    static SQLException failure(Executable what) {
        return assertThrows(SQLException.class, what);
    }

    /** The SQLSTATE of something that must fail. */
    static String state(Executable what) {
        return String.valueOf(failure(what).getSQLState());
    }
}

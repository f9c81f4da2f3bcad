package dev.carpool.driver;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Properties;

/** One attempt to connect; the seam at which tests replace pgjdbc. */
interface PgConnector {
    /** pgjdbc itself. */
    PgConnector PGJDBC = (url, info) -> {
        Connection connection = Pgjdbc.DRIVER.connect(url, info);
        if (connection == null) {
            throw new SQLException("carpool: pgjdbc does not take the URL " + url, SqlStates.INVALID_PARAMETER_VALUE);
        }
        return connection;
    };

    Connection connect(String url, Properties info) throws SQLException;

    /** Loads pgjdbc at the first connect, not while DriverManager loads this driver. */
    final class Pgjdbc {
        private static final Driver DRIVER = new org.postgresql.Driver();

        private Pgjdbc() {}
    }
}

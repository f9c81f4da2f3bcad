package dev.carpool.driver;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** The way from a URL to a connection, shared by {@link CarpoolDriver} and {@link CarpoolDataSource}. Stateless. */
final class Login {
    static final Login SYSTEM = new Login(PgConnector.PGJDBC, Pacer.SYSTEM);

    private final PgConnector connector;
    private final Pacer pacer;

    Login(PgConnector connector, Pacer pacer) {
        this.connector = connector;
        this.pacer = pacer;
    }

    /** Connects; {@code given} is only read, and a data source's timeout of 0 seconds means it has none. */
    Connection connect(CarpoolUrl url, Properties given, int dataSourceSeconds) throws SQLException {
        LoginPlan plan = LoginPlan.of(url, given, dataSourceSeconds, DriverManager.getLoginTimeout());
        return new LoginAttempts(plan, connector, pacer).connect();
    }
}

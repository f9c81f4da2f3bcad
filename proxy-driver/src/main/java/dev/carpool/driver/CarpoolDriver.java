package dev.carpool.driver;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * JDBC driver for {@code jdbc:carpool:postgresql://host:port/database?...}. The connections it returns are pgjdbc's own,
 * so everything pgjdbc offers works. Stateless and safe for use by many threads; never changes the caller's properties.
 */
public final class CarpoolDriver implements Driver {
    static final int MAJOR_VERSION = 0;
    static final int MINOR_VERSION = 1;
    static final String LOGGER_NAME = "dev.carpool.driver";

    static {
        try {
            DriverManager.registerDriver(new CarpoolDriver());
        } catch (SQLException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Login login;

    public CarpoolDriver() {
        this(Login.SYSTEM);
    }

    CarpoolDriver(Login login) {
        this.login = login;
    }

    /**
     * Opens a connection, retrying while the proxy is not there yet.
     *
     * @return pgjdbc's connection; null when {@code url} is not a {@code jdbc:carpool:postgresql:} URL
     * @throws SQLException with SQLSTATE 22023 when the URL or a {@code carpool.*} property is wrong, otherwise pgjdbc's
     *     own exception of the last attempt
     */
    @Override
    public @Nullable Connection connect(String url, @Nullable Properties info) throws SQLException {
        if (!acceptsURL(url)) {
            return null;
        }
        return login.connect(CarpoolUrl.parse(url), info == null ? new Properties() : info, 0);
    }

    /**
     * Looks at the prefix only.
     *
     * @throws SQLException when {@code url} is null
     */
    @Override
    public boolean acceptsURL(@Nullable String url) throws SQLException {
        if (url == null) {
            throw new SQLException("carpool: url is null", SqlStates.INVALID_PARAMETER_VALUE);
        }
        return url.startsWith(CarpoolUrl.PREFIX);
    }

    /** All {@code carpool.*} properties, then pgjdbc's own, with the values they would have for this call. */
    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, @Nullable Properties info) throws SQLException {
        CarpoolUrl parsed = acceptsURL(url) ? CarpoolUrl.parse(url) : CarpoolUrl.EMPTY;
        return PropertyTable.of(parsed, info == null ? new Properties() : info);
    }

    @Override
    public int getMajorVersion() {
        return MAJOR_VERSION;
    }

    @Override
    public int getMinorVersion() {
        return MINOR_VERSION;
    }

    /** False, as for pgjdbc: PostgreSQL is not fully SQL-92 entry level. */
    @Override
    public boolean jdbcCompliant() {
        return false;
    }

    /** The logger of this driver; pgjdbc logs to {@code org.postgresql}. */
    @Override
    public Logger getParentLogger() {
        return Logger.getLogger(LOGGER_NAME);
    }
}

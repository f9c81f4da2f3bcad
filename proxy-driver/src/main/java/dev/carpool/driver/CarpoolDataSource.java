package dev.carpool.driver;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;

/**
 * {@link DataSource} for a {@code jdbc:carpool:postgresql:} URL. It opens a new session at each call and keeps none: put
 * a pool such as HikariCP in front. What is set here wins over the same parameter in the URL. Set it up first, then share
 * it between threads.
 */
public final class CarpoolDataSource implements DataSource {
    private final Login login;
    private final Properties properties = new Properties();
    private @Nullable String url;
    private int loginTimeoutSeconds;
    private @Nullable PrintWriter logWriter;

    public CarpoolDataSource() {
        this(Login.SYSTEM);
    }

    CarpoolDataSource(Login login) {
        this.login = login;
    }

    /** The URL as it was set, with its parameters; null when none is set. */
    public @Nullable String getUrl() {
        return url;
    }

    /**
     * Takes the URL; the next connection shows whether it is right.
     *
     * @throws IllegalArgumentException when it does not begin with {@code jdbc:carpool:postgresql:}
     */
    public void setUrl(String url) {
        if (!url.startsWith(CarpoolUrl.PREFIX)) {
            throw new IllegalArgumentException("carpool: the URL must begin with " + CarpoolUrl.PREFIX);
        }
        this.url = url;
    }

    public @Nullable String getUser() {
        return getProperty(PGProperty.USER.getName());
    }

    public void setUser(@Nullable String user) {
        setProperty(PGProperty.USER.getName(), user);
    }

    public void setPassword(@Nullable String password) {
        setProperty(PGProperty.PASSWORD.getName(), password);
    }

    /** The value of a pgjdbc or {@code carpool.*} property as set here; null when it is not set here. */
    public @Nullable String getProperty(String name) {
        return properties.getProperty(name);
    }

    /** Sets any pgjdbc or {@code carpool.*} property; null takes it away. */
    public void setProperty(String name, @Nullable String value) {
        if (value == null) {
            properties.remove(name);
        } else {
            properties.setProperty(name, value);
        }
    }

    /** Sets all of these as {@link #setProperty} does; others keep their value. */
    public void setProperties(Properties more) {
        more.stringPropertyNames().forEach(name -> setProperty(name, more.getProperty(name)));
    }

    @Override
    public Connection getConnection() throws SQLException {
        return connect(properties, properties.stringPropertyNames());
    }

    /** Connects as another user than the one set here or in the URL. A null password is looked up in {@code .pgpass}. */
    @Override
    public Connection getConnection(@Nullable String user, @Nullable String password) throws SQLException {
        Properties given = new Properties();
        given.putAll(properties);
        PGProperty.USER.set(given, user);
        PGProperty.PASSWORD.set(given, password);
        Set<String> names = new HashSet<>(given.stringPropertyNames());
        names.add(PGProperty.USER.getName());
        names.add(PGProperty.PASSWORD.getName());
        return connect(given, names);
    }

    /** Connects, without what the URL says about {@code hidden}. */
    private Connection connect(Properties given, Set<String> hidden) throws SQLException {
        if (url == null) {
            throw new SQLException("carpool: the data source has no url", SqlStates.INVALID_PARAMETER_VALUE);
        }
        return login.connect(CarpoolUrl.parse(url).without(hidden), given, loginTimeoutSeconds);
    }

    /** Seconds; 0 when none is set. */
    @Override
    public int getLoginTimeout() {
        return loginTimeoutSeconds;
    }

    /** Seconds for all attempts together; 0 takes it away. A shorter {@code loginTimeout} property still counts. */
    @Override
    public void setLoginTimeout(int seconds) {
        this.loginTimeoutSeconds = seconds;
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return logWriter;
    }

    /** Kept, but nothing is written to it: driver and pgjdbc use {@link java.util.logging}. */
    @Override
    public void setLogWriter(@Nullable PrintWriter out) {
        this.logWriter = out;
    }

    @Override
    public Logger getParentLogger() {
        return Logger.getLogger(CarpoolDriver.LOGGER_NAME);
    }

    @Override
    public boolean isWrapperFor(Class<?> iface) {
        return iface.isInstance(this);
    }

    @Override
    public <T> T unwrap(Class<T> iface) throws SQLException {
        if (!iface.isInstance(this)) {
            throw new SQLException("carpool: not a wrapper for " + iface.getName());
        }
        return iface.cast(this);
    }

    /** The URL without its parameters. */
    @Override
    public String toString() {
        return "CarpoolDataSource[" + address() + "]";
    }

    private String address() {
        if (url == null) {
            return "no url";
        }
        try {
            return CarpoolUrl.parse(url).toString();
        } catch (SQLException e) {
            return "wrong url";
        }
    }
}

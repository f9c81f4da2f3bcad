package dev.carpool.driver;

import java.util.Map;
import java.util.Properties;
import org.postgresql.PGProperty;

/**
 * Defaults of pgjdbc's properties that differ behind this driver. Anything the caller, the URL or a
 * {@code pg_service.conf} says wins.
 */
final class PgDefaults {
    static final int PORT = 6432;

    /**
     * PGPORT: the proxy's port. assumeMinServerVersion: application_name travels in the startup packet, so that opening a
     * session runs no SET, which would take a server connection. tcpKeepAlive: a session may idle for long.
     */
    static final Map<String, String> VALUES = Map.of(
            PGProperty.PG_PORT.getName(), Integer.toString(PORT),
            PGProperty.ASSUME_MIN_SERVER_VERSION.getName(), "9.0",
            PGProperty.TCP_KEEP_ALIVE.getName(), "true");

    private PgDefaults() {}

    /** A fresh object whose defaults are {@link #VALUES}; it has no entries of its own. */
    static Properties asDefaults() {
        Properties defaults = new Properties();
        defaults.putAll(VALUES);
        return new Properties(defaults);
    }
}

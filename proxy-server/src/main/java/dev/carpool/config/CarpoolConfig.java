package dev.carpool.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything the operator has decided. Immutable; a reload makes another one. Both maps keep the order of the file.
 *
 * @param databases by the name clients ask for
 * @param wildcard what any other name gets; null to refuse it
 * @param users by name; only those with settings of their own
 */
public record CarpoolConfig(
        ListenConfig listen,
        AdminConfig admin,
        RuntimeConfig runtime,
        AuthConfig auth,
        TlsConfig clientTls,
        TlsConfig serverTls,
        LimitsConfig limits,
        PoolConfig pool,
        ServerConfig server,
        TimeoutConfig timeouts,
        LogConfig log,
        Map<String, DatabaseConfig> databases,
        @Nullable DatabaseConfig wildcard,
        Map<String, UserConfig> users) {

    public CarpoolConfig {
        databases = Collections.unmodifiableMap(new LinkedHashMap<>(databases));
        users = Collections.unmodifiableMap(new LinkedHashMap<>(users));
    }

    /** Every default, and no database. */
    public static CarpoolConfig defaults() {
        return Defaults.CONFIG;
    }

    static CarpoolConfig of(
            SettingValues values,
            Map<String, DatabaseConfig> databases,
            @Nullable DatabaseConfig wildcard,
            Map<String, UserConfig> users) {
        return new CarpoolConfig(
                ListenConfig.of(values),
                AdminConfig.of(values),
                RuntimeConfig.of(values),
                AuthConfig.of(values),
                Settings.CLIENT_TLS_SETTINGS.of(values),
                Settings.SERVER_TLS_SETTINGS.of(values),
                LimitsConfig.of(values),
                PoolConfig.of(values),
                ServerConfig.of(values),
                TimeoutConfig.of(values),
                LogConfig.of(values),
                databases,
                wildcard,
                users);
    }

    /** Every default, and any database of one server. */
    public static CarpoolConfig fronting(String host, int port) {
        return defaults().withWildcard(DatabaseConfig.of(DatabaseConfig.WILDCARD, host, port));
    }

    /** The database's own entry, else the wildcard under that name, else null. */
    public @Nullable DatabaseConfig database(String name) {
        DatabaseConfig own = databases.get(name);
        if (own != null || wildcard == null) {
            return own;
        }
        return wildcard.named(name);
    }

    /** The pool of a database and a user: what the user has, else the database, else everybody. */
    public PoolConfig pool(DatabaseConfig database, String user) {
        PoolConfig ofDatabase = database.pool().over(pool);
        UserConfig own = users.get(user);
        return own == null ? ofDatabase : own.pool().over(ofDatabase);
    }

    /** The deadlines of a client session: what the user has, else the database, else everybody. */
    public TimeoutConfig timeouts(DatabaseConfig database, String user) {
        TimeoutConfig ofDatabase = database.timeouts().over(timeouts);
        UserConfig own = users.get(user);
        return own == null ? ofDatabase : own.timeouts().over(ofDatabase);
    }

    /** The database cap; 0 for none. */
    public int maxDbConnections(DatabaseConfig database) {
        Integer own = database.maxConnections();
        return own != null ? own : limits.maxDbConnections();
    }

    /** Most client sessions of a database; 0 for unlimited. */
    public int maxDbClientConnections(DatabaseConfig database) {
        Integer own = database.maxClients();
        return own != null ? own : limits.maxDbClientConnections();
    }

    /** Most server connections of a user over all databases; 0 for unlimited. */
    public int maxUserConnections(String user) {
        UserConfig own = users.get(user);
        return own != null && own.maxConnections() != null ? own.maxConnections() : limits.maxUserConnections();
    }

    /** Most client sessions of a user over all databases; 0 for unlimited. */
    public int maxUserClientConnections(String user) {
        UserConfig own = users.get(user);
        return own != null && own.maxClientConnections() != null
                ? own.maxClientConnections()
                : limits.maxUserClientConnections();
    }

    /** Age at which an idle server connection of a database is closed; zero closes it after one use. */
    public Duration serverLifetime(DatabaseConfig database) {
        Duration own = database.serverLifetime();
        return own != null ? own : server.lifetime();
    }

    /** How passwords of a database's users are looked up: the database's own settings over {@link #auth}. */
    public AuthConfig auth(DatabaseConfig database) {
        if (database.authUser() == null && database.authQuery() == null && database.authDbname() == null) {
            return auth;
        }
        return new AuthConfig(
                auth.type(),
                auth.file(),
                auth.hbaFile(),
                database.authUser() != null ? database.authUser() : auth.user(),
                database.authQuery() != null ? database.authQuery() : auth.query(),
                database.authDbname() != null ? database.authDbname() : auth.dbname(),
                auth.passthroughTtl(),
                auth.failureLimit(),
                auth.failureWindow(),
                auth.scramIterations());
    }

    private CarpoolConfig withWildcard(DatabaseConfig any) {
        return new CarpoolConfig(
                listen, admin, runtime, auth, clientTls, serverTls, limits, pool, server, timeouts, log, databases, any,
                users);
    }

    /** Made on first use, because the table of settings refers to this class. */
    private static final class Defaults {
        static final CarpoolConfig CONFIG =
                CarpoolConfig.of(new SettingValues(Dialect.CARPOOL), Map.of(), null, Map.of());
    }
}

package dev.carpool.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One database clients can name, or the wildcard.
 *
 * @param name what clients ask for; {@link #WILDCARD} for the wildcard itself
 * @param host name or address of PostgreSQL
 * @param dbname its name on that host
 * @param forcedUser the user of every server connection; null for the client's own user
 * @param password of the forced user
 * @param connectQuery run on each new server connection
 * @param maxConnections the database cap; null for {@code max_db_connections}
 * @param maxClients most client sessions; null for {@code max_db_client_connections}
 * @param weight share under the host cap in relation to other databases; 1 or more
 * @param guaranteed server connections other databases never take away under the host cap
 * @param serverLifetime null for {@code server_lifetime}
 * @param parameters startup parameters of each server connection that win over the client's, such as client_encoding
 * @param authUser null for {@code auth_user}
 * @param authQuery null for {@code auth_query}
 * @param authDbname null for {@code auth_dbname}
 */
public record DatabaseConfig(
        String name,
        String host,
        int port,
        String dbname,
        @Nullable String forcedUser,
        @Nullable Secret password,
        @Nullable String connectQuery,
        PoolOverrides pool,
        TimeoutOverrides timeouts,
        @Nullable Integer maxConnections,
        @Nullable Integer maxClients,
        int weight,
        int guaranteed,
        @Nullable Duration serverLifetime,
        Map<String, String> parameters,
        @Nullable String authUser,
        @Nullable String authQuery,
        @Nullable String authDbname) {

    /** The name of the entry for every database that has none of its own. */
    public static final String WILDCARD = "*";

    public DatabaseConfig {
        // One is made for each login of a wildcard database, most without parameters.
        parameters = parameters.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /** An entry; where it says nothing of host and port, those given here apply. */
    static DatabaseConfig of(String name, Upstream elsewhere, SettingValues values) {
        String host = orElse(values.find(Settings.HOST), elsewhere.host());
        int ownPort = values.find(Settings.HOST) == null ? elsewhere.port() : Upstream.POSTGRESQL_PORT;
        String ownName = name.equals(WILDCARD) ? orElse(elsewhere.dbname(), WILDCARD) : name;
        Map<String, String> parameters = new LinkedHashMap<>();
        for (Setting<String> parameter : Settings.STARTUP_PARAMETERS) {
            String value = values.find(parameter);
            if (value != null) {
                parameters.put(parameter.key(), value);
            }
        }
        return new DatabaseConfig(
                name,
                host,
                orElse(values.find(Settings.PORT), ownPort),
                orElse(values.find(Settings.DBNAME), ownName),
                values.find(Settings.FORCED_USER),
                orElse(values.find(Settings.PASSWORD), Optional.<Secret>empty()).orElse(null),
                values.find(Settings.CONNECT_QUERY),
                PoolOverrides.of(values),
                TimeoutOverrides.of(values),
                values.find(Settings.MAX_DB_CONNECTIONS),
                values.find(Settings.MAX_DB_CLIENT_CONNECTIONS),
                orElse(values.find(Settings.WEIGHT), 1),
                orElse(values.find(Settings.GUARANTEED_CONNECTIONS), 0),
                values.find(Settings.SERVER_LIFETIME),
                parameters,
                values.find(Settings.AUTH_USER),
                values.find(Settings.AUTH_QUERY),
                values.find(Settings.AUTH_DBNAME));
    }

    private static <T> T orElse(@Nullable T value, T other) {
        return value != null ? value : other;
    }

    /** A database without settings of its own. */
    public static DatabaseConfig of(String name, String host, int port) {
        return new DatabaseConfig(
                name,
                host,
                port,
                name,
                null,
                null,
                null,
                PoolOverrides.NONE,
                TimeoutOverrides.NONE,
                null,
                null,
                1,
                0,
                null,
                Map.of(),
                null,
                null,
                null);
    }

    /** This database for users of their own, as auth_user is. */
    public DatabaseConfig withoutForcedUser() {
        return new DatabaseConfig(
                name,
                host,
                port,
                dbname,
                null,
                null,
                connectQuery,
                pool,
                timeouts,
                maxConnections,
                maxClients,
                weight,
                guaranteed,
                serverLifetime,
                parameters,
                authUser,
                authQuery,
                authDbname);
    }

    /** This wildcard entry for the database a client named. */
    DatabaseConfig named(String asked) {
        return new DatabaseConfig(
                asked,
                host,
                port,
                dbname.equals(WILDCARD) ? asked : dbname,
                forcedUser,
                password,
                connectQuery,
                pool,
                timeouts,
                maxConnections,
                maxClients,
                weight,
                guaranteed,
                serverLifetime,
                parameters,
                authUser,
                authQuery,
                authDbname);
    }
}

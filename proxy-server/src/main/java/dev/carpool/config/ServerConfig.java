package dev.carpool.config;

import java.time.Duration;

/**
 * Server connections: how long they live, how they are checked and cleaned.
 *
 * @param lifetime age at which an idle connection is closed; zero closes it after one use
 * @param lifetimeJitter each lifetime is shortened by a random part of this, so that not all end at once
 * @param idleTimeout unused time after which a connection is closed; zero for never
 * @param checkDelay unused time after which a connection is checked before it is used; zero checks always
 * @param checkQuery the check; the empty string for none, {@link #EMPTY_QUERY} for a query without text
 * @param connectTimeout for connecting and logging in; zero for no limit
 * @param loginRetry longest pause between two logins to a server that refuses them
 * @param resetQuery run at release in session mode and when a connection may carry state; empty for none
 * @param resetQueryAlways run {@code resetQuery} at every release in the other modes as well
 * @param roundRobin take the connection unused for longest instead of the one used last
 * @param fastClose in session mode, close a connection that shall be replaced after its transaction
 * @param fairShareQuantum how long a database may keep connections beyond its share while others wait
 * @param functionCheckDelay how often each database is searched for functions that change session state behind triggers,
 *     views and the like; zero for never
 */
public record ServerConfig(
        Duration lifetime,
        Duration lifetimeJitter,
        Duration idleTimeout,
        Duration checkDelay,
        String checkQuery,
        Duration connectTimeout,
        Duration loginRetry,
        String resetQuery,
        boolean resetQueryAlways,
        boolean roundRobin,
        boolean fastClose,
        Duration fairShareQuantum,
        Duration functionCheckDelay) {

    /** PgBouncer's spelling of "send a query without text". */
    public static final String EMPTY_QUERY = "<empty>";

    public static ServerConfig defaults() {
        return CarpoolConfig.defaults().server();
    }

    static ServerConfig of(SettingValues values) {
        return new ServerConfig(
                values.get(Settings.SERVER_LIFETIME),
                values.get(Settings.SERVER_LIFETIME_JITTER),
                values.get(Settings.SERVER_IDLE_TIMEOUT),
                values.get(Settings.SERVER_CHECK_DELAY),
                values.get(Settings.SERVER_CHECK_QUERY),
                values.get(Settings.SERVER_CONNECT_TIMEOUT),
                values.get(Settings.SERVER_LOGIN_RETRY),
                values.get(Settings.SERVER_RESET_QUERY),
                values.get(Settings.SERVER_RESET_QUERY_ALWAYS),
                values.get(Settings.SERVER_ROUND_ROBIN),
                values.get(Settings.SERVER_FAST_CLOSE),
                values.get(Settings.FAIR_SHARE_QUANTUM),
                values.get(Settings.SERVER_FUNCTION_CHECK_DELAY));
    }
}

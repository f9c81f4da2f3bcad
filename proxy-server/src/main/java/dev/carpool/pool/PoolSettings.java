package dev.carpool.pool;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.LogConfig;
import dev.carpool.config.PoolConfig;
import dev.carpool.config.PoolingMode;
import dev.carpool.config.ServerConfig;
import java.time.Duration;

/**
 * What the configuration says about one pool, resolved once for each configuration.
 *
 * @param lifetime zero closes a connection after one use
 */
record PoolSettings(
        PoolingMode mode,
        PoolLimits limits,
        Duration lifetime,
        ServerConfig server,
        LogConfig log,
        int maxPreparedStatements,
        Duration resetTimeout) {
    static PoolSettings of(CarpoolConfig config, DatabaseConfig database, PoolKey key) {
        PoolConfig pool = config.pool(database, key.user());
        ServerConfig server = config.server();
        PoolLimits limits = switch (key.purpose()) {
            case SESSIONS ->
                new PoolLimits(
                        pool.size(),
                        pool.minSize(),
                        pool.reserveSize(),
                        pool.reserveTimeout().toNanos(),
                        server.idleTimeout().toNanos(),
                        config.limits().maxWaitingClients(),
                        server.roundRobin(),
                        !server.roundRobin());
            case PROOF, CONSOLE_PROOF, REPLICATION, LISTENER -> new PoolLimits(1, 0, 0, 0, 0, 0, false, false);
        };
        Duration wait = config.timeouts().cancelWait();
        return new PoolSettings(
                pool.mode(),
                limits,
                key.purpose() == PoolKey.Purpose.SESSIONS ? config.serverLifetime(database) : Duration.ZERO,
                server,
                config.log(),
                config.limits().maxPreparedStatements(),
                wait.isZero() ? Duration.ofSeconds(10) : wait);
    }
}

package dev.carpool.pool;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.LogConfig;
import dev.carpool.config.PoolConfig;
import dev.carpool.config.PoolingMode;
import dev.carpool.config.ServerConfig;
import dev.carpool.config.SessionStateMode;
import java.time.Duration;

/**
 * What the configuration says about one pool, resolved once for each configuration.
 *
 * @param mostPinned sessions that may keep a connection between transactions; 0 for no limit
 * @param lifetime zero closes a connection after one use
 */
record PoolSettings(
        PoolingMode mode,
        SessionStateMode sessionState,
        int mostPinned,
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
                pool.sessionState(),
                mostPinned(config, database, pool),
                limits,
                key.purpose() == PoolKey.Purpose.SESSIONS ? config.serverLifetime(database) : Duration.ZERO,
                server,
                config.log(),
                config.limits().maxPreparedStatements(),
                wait.isZero() ? Duration.ofSeconds(10) : wait);
    }

    /** A pool without a size of its own is as large as the caps above let it be. */
    private static int mostPinned(CarpoolConfig config, DatabaseConfig database, PoolConfig pool) {
        int size = Integer.MAX_VALUE;
        for (int cap : new int[] {
            pool.size(), config.maxDbConnections(database), config.limits().maxServerConnections()
        }) {
            size = cap == 0 ? size : Math.min(size, cap);
        }
        if (pool.maxPinnedShare() == 0 || size == Integer.MAX_VALUE) {
            return 0;
        }
        return (int) Math.max(1, (long) size * pool.maxPinnedShare() / 100);
    }
}

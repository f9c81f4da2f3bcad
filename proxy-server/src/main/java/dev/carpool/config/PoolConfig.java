package dev.carpool.config;

import java.time.Duration;

/**
 * One pool: the server connections of a database and a user.
 *
 * @param size most server connections; 0 leaves it to the caps above
 * @param minSize idle server connections kept while the pool has clients or a forced user
 * @param reserveSize more server connections for waiters that have waited {@code reserveTimeout}
 * @param reserveTimeout zero disables the reserve
 * @param maxPinnedShare percent of the size that sessions may keep between transactions; 0 is no limit
 */
public record PoolConfig(
        PoolingMode mode,
        int size,
        int minSize,
        int reserveSize,
        Duration reserveTimeout,
        SessionStateMode sessionState,
        int maxPinnedShare) {

    public static PoolConfig defaults() {
        return CarpoolConfig.defaults().pool();
    }

    static PoolConfig of(SettingValues values) {
        return new PoolConfig(
                values.get(Settings.POOL_MODE),
                values.get(Settings.DEFAULT_POOL_SIZE),
                values.get(Settings.MIN_POOL_SIZE),
                values.get(Settings.RESERVE_POOL_SIZE),
                values.get(Settings.RESERVE_POOL_TIMEOUT),
                values.get(Settings.SESSION_STATE),
                values.get(Settings.MAX_PINNED_SHARE));
    }
}

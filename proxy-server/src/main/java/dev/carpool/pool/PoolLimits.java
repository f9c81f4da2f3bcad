package dev.carpool.pool;

/**
 * The operator's limits for one pool. Times in nanoseconds. A size, idle timeout or queue length of 0 means no limit;
 * a reserve or reserve timeout of 0 means no reserve.
 *
 * @param size most server connections, {@code pool_size}
 * @param minSize kept open while there is room, {@code min_pool_size}
 * @param reserve further ones for waiters that have waited {@code reserveTimeout}, {@code reserve_pool_size}
 * @param idleTimeout {@code server_idle_timeout}
 * @param maxWaiting {@code max_waiting_clients}
 * @param roundRobin take the one that was idle longest, {@code server_round_robin}
 * @param sameLoopFirst whether round robin, too, prefers one on the asking loop
 */
record PoolLimits(
        int size,
        int minSize,
        int reserve,
        long reserveTimeout,
        long idleTimeout,
        int maxWaiting,
        boolean roundRobin,
        boolean sameLoopFirst) {

    boolean usesReserve() {
        return reserve > 0 && reserveTimeout > 0;
    }

    /** Limits with this size and nothing else. */
    static PoolLimits ofSize(int size) {
        return new PoolLimits(size, 0, 0, 0, 0, 0, false, false);
    }
}

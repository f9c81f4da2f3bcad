package dev.carpool.pool;

import dev.carpool.config.PoolingMode;

/**
 * One pool's accounts at a moment.
 *
 * @param pinned how many of those in use their sessions keep between transactions
 * @param longestWaitNanos how long the first in the queue has waited; 0 when nobody waits
 * @param bottleneck the setting or event the waiters wait for
 */
public record PoolSnapshot(
        PoolKey key,
        PoolingMode mode,
        int size,
        int reserve,
        int open,
        int opening,
        int idle,
        int inUse,
        int pinned,
        int waiting,
        long longestWaitNanos,
        String bottleneck,
        boolean paused) {}

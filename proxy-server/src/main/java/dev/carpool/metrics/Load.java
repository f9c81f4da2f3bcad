package dev.carpool.metrics;

import dev.carpool.pool.PoolSnapshot;

/**
 * Server connections and waiters of one pool, or of several together.
 *
 * @param open all that count against the caps: opening, idle, in use and closing
 * @param pinned those in use that their sessions keep between transactions
 * @param longestWaitNanos how long the first waiter has waited; 0 when nobody waits
 */
public record Load(int open, int opening, int idle, int inUse, int pinned, int waiting, long longestWaitNanos) {
    static final Load NONE = new Load(0, 0, 0, 0, 0, 0, 0);

    static Load of(PoolSnapshot pool) {
        return new Load(
                pool.open(),
                pool.opening(),
                pool.idle(),
                pool.inUse(),
                pool.pinned(),
                pool.waiting(),
                pool.longestWaitNanos());
    }

    Load plus(Load other) {
        return new Load(
                open + other.open,
                opening + other.opening,
                idle + other.idle,
                inUse + other.inUse,
                pinned + other.pinned,
                waiting + other.waiting,
                Math.max(longestWaitNanos, other.longestWaitNanos));
    }
}

package dev.carpool.pool;

/**
 * The operator's limits for one PostgreSQL server host. 0 means no limit.
 *
 * @param connections {@code max_server_connections}
 * @param concurrentLogins {@code max_concurrent_logins}
 * @param quantum slot time in nanoseconds by which a database may be ahead of one that waits; opening a connection
 *     has to be worth its price
 */
record HostLimits(int connections, int concurrentLogins, long quantum) {
    static final long DEFAULT_QUANTUM = 50_000_000;

    /** Limits with this cap and defaults for the rest. */
    static HostLimits ofConnections(int connections) {
        return new HostLimits(connections, 0, DEFAULT_QUANTUM);
    }
}

package dev.carpool.pool;

/** Why a waiter gets no server connection. */
public enum RefuseReason {
    /** It has waited until its deadline. */
    QUEUE_TIMEOUT,
    /** As many wait already as may wait. */
    QUEUE_FULL,
    /** The server cannot be reached, or refuses the login. */
    NO_SERVER,
    /** The database is disabled or no longer configured. */
    POOL_REMOVED,
    /** The proxy is shutting down. */
    SHUTDOWN
}

package dev.carpool.admin;

/** How SHUTDOWN ends the proxy. */
public enum ShutdownMode {
    /** At once, whatever clients are doing. */
    NOW,
    /** When the transactions that are open have ended. */
    WAIT_FOR_SERVERS,
    /** When the last client has left by itself. */
    WAIT_FOR_CLIENTS
}

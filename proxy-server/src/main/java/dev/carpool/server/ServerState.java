package dev.carpool.server;

/** What a server connection is doing. */
public enum ServerState {
    /** Connecting, TLS and authentication. */
    LOGIN,
    /** In its pool, nobody's. */
    IDLE,
    /** Linked with a client session. */
    LINKED,
    /** Its last client has left, and its replies are drained. */
    DRAINING,
    /** Cleaned before another session may use it. */
    RESETTING,
    /** Asked whether it still answers. */
    CHECKING,
    CLOSED
}

package dev.carpool.server;

/** Why a server connection is closed. Every closing names one; logs and counters use it. */
public enum CloseReason {
    REPLACED("had what the next session must not find, and no clean-up removes it"),
    IDLE_TIMEOUT("idle longer than server_idle_timeout"),
    LIFETIME("older than server_lifetime"),
    EVICTED("idle, and another pool needed the room"),
    FAIR_SHARE("ahead of its fair share while others waited"),
    POOL_SHRUNK("more connections than the limits allow after a change of settings"),
    RECONNECT("RECONNECT or changed server settings"),
    OUTDATED("its role or database was changed"),
    DATABASE_NEEDED("a statement needs its database without anybody connected to it"),
    OTHER_LOOP("its transport cannot move it to the event loop that needs it"),
    PAUSED("the pool is paused"),
    RESET_FAILED("could not be cleaned after use"),
    SYNC_FAILED("the settings of its next session could not be set"),
    CHECK_FAILED("did not answer the check query"),
    PROTOCOL_VIOLATION("sent a message that belongs to no request"),
    SERVER_CLOSED("the server closed the connection"),
    CLIENT_LEFT_DIRTY("its client left in the middle of work that could not be undone"),
    QUERY_TIMEOUT("a statement ran longer than allowed"),
    CANCEL_FAILED("a cancel request for it did not end in time"),
    PINNED_SESSION_ENDED("held state of a session that has ended"),
    SESSION_ENDED("its dedicated session ended"),
    NOBODY_LISTENS("no session listens any more"),
    CONNECT_FAILED("the server could not be reached"),
    CONNECT_TIMEOUT("connecting and logging in took longer than server_connect_timeout"),
    TLS_FAILED("TLS with the server failed"),
    LOGIN_FAILED("the server refused the login"),
    CONNECT_QUERY_FAILED("connect_query failed"),
    KILLED("closed by an administrator"),
    POOL_REMOVED("its database or user is no longer configured"),
    SHUTDOWN("the proxy is shutting down");

    private final String text;

    CloseReason(String text) {
        this.text = text;
    }

    /** The reason in words, for log lines: fits behind "closed: ". */
    public String text() {
        return text;
    }
}

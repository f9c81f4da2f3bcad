package dev.carpool.pool;

/** What the waiters of a pool wait for; names the setting to look at. */
public enum Bottleneck {
    NONE("nothing"),
    PAUSED("the database is paused"),
    OPENS_HELD("waiting before the next attempt to connect to the server"),
    LOGINS("max_concurrent_logins"),
    POOL_SIZE("pool_size"),
    USER_CAP("max_user_connections"),
    DATABASE_CAP("max_db_connections"),
    HOST_CAP("max_server_connections"),
    OPENING("a server connection is being opened");

    private final String text;

    Bottleneck(String text) {
        this.text = text;
    }

    /** The setting's name, or a short phrase. */
    public String text() {
        return text;
    }
}

package dev.carpool.prepared;

/** What a client calls a prepared statement and what it is called on the server, without terminating zeros. */
public final class StatementName {
    private final byte[] client;
    private final byte[] server;

    public StatementName(byte[] client, byte[] server) {
        this.client = client;
        this.server = server;
    }

    /** Not to be changed. */
    public byte[] client() {
        return client;
    }

    /** Not to be changed. */
    public byte[] server() {
        return server;
    }
}

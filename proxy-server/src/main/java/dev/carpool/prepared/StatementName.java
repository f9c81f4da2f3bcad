package dev.carpool.prepared;

/** What a client calls a prepared statement and what it is called on the server, without terminating zeros. */
public final class StatementName {
    private final byte[] client;
    private final byte[] server;
    private final boolean substitute;

    public StatementName(byte[] client, byte[] server) {
        this(client, server, false);
    }

    /** @param substitute whether it was not the client's own Parse that has made the server's statement */
    StatementName(byte[] client, byte[] server, boolean substitute) {
        this.client = client;
        this.server = server;
        this.substitute = substitute;
    }

    /**
     * Whether it was not the client's own Parse that has made the server's statement: its result may have changed since the
     * client's.
     */
    public boolean isSubstitute() {
        return substitute;
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

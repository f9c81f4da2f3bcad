package dev.carpool.server;

import org.jspecify.annotations.Nullable;

/**
 * What is known of the sequences of a server connection. PostgreSQL remembers for each server process what {@code
 * nextval} gave it last ({@code currval}, {@code lastval}); nothing shows that, and only DISCARD SEQUENCES changes it.
 */
public final class ServerSequences {
    private volatile @Nullable ServerConnection connection;

    /** Changes whenever somebody else than before may have advanced a sequence; written by the connection's owner. */
    private volatile long turn;

    /** Nothing has advanced a sequence since the login or the last DISCARD. */
    private boolean clean = true;

    ServerSequences(ServerConnection connection) {
        this.connection = connection;
    }

    /** The server connection, null when it is gone. Any thread. */
    public @Nullable ServerConnection connection() {
        return connection;
    }

    void closed() {
        connection = null;
    }

    /** Whoever has remembered it has been the last to advance a sequence here, as long as it stays the same. Any thread. */
    public long turn() {
        return turn;
    }

    public boolean isClean() {
        return clean;
    }

    /** Somebody new may advance sequences from now on; returns the new turn. */
    public long taken() {
        clean = false;
        long next = turn + 1;
        turn = next;
        return next;
    }

    /** Nobody else finds what was done here any more: somebody keeps the connection. */
    public void kept() {
        long next = turn + 1;
        turn = next;
    }

    /** The server has forgotten all about sequences. */
    public void discarded() {
        taken();
        clean = true;
    }
}

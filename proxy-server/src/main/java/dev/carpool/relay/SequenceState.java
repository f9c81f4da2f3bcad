package dev.carpool.relay;

import dev.carpool.protocol.TransactionStatus;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerSequences;
import dev.carpool.suspicion.Suspicion;
import org.jspecify.annotations.Nullable;

/**
 * Where a client session's {@code currval} and {@code lastval} are: on the server connection on which it last did what
 * may have advanced a sequence, as long as nobody else has done so there. On any other connection they must look as if
 * no sequence had ever been used: DISCARD SEQUENCES goes in front. Confined to the session's event loop.
 */
public final class SequenceState {
    private final SequenceReaders readers;
    private @Nullable ServerSequences home;
    private long turn;

    /** The session has read currval or lastval. */
    private boolean reads;

    /** This transaction may have advanced a sequence: what is read in it is there. */
    private boolean advanced;

    public SequenceState(SequenceReaders readers) {
        this.readers = readers;
    }

    /**
     * A request with these bits of {@link Suspicion} goes to the server next. Returns whether the connection must discard
     * what it knows of sequences before; it cannot in a failed transaction.
     */
    boolean uses(int bits, ServerConnection server) {
        ServerSequences there = server.sequences();
        boolean foreign = !isHome(server);
        boolean discardable = !there.isClean() && server.transactionStatus() != TransactionStatus.FAILED;
        boolean discards = false;
        if ((bits & Suspicion.SEQUENCE_READ) != 0) {
            reads = true;
            if (!advanced) {
                readers.seen();
                discards = foreign && discardable;
            }
        }
        boolean advances = (bits & Suspicion.ADVANCES) != 0;
        discards |= advances && foreign && discardable && readers.areSeen();
        if (discards) {
            there.discarded();
        }
        if (advances) {
            advanced = true;
            if (foreign) {
                turn = there.taken();
                home = server.sequences();
            }
        } else if ((bits & Suspicion.CHANGES) != 0 && foreign) {
            there.taken();
        }
        return discards;
    }

    /**
     * A request goes to the server whose text is too long to be known before. Returns whether the connection must discard
     * what it knows of sequences before.
     */
    boolean usesUnseen(ServerConnection server) {
        if (isHome(server)) {
            return false;
        }
        boolean discards = !server.sequences().isClean() && server.transactionStatus() != TransactionStatus.FAILED;
        turn = server.sequences().taken();
        home = server.sequences();
        return discards;
    }

    /** Where the session finds what it has done to sequences, null for nowhere (any more). May be a moment old. */
    public @Nullable ServerConnection home() {
        ServerSequences last = home;
        return last != null && last.turn() == turn ? last.connection() : null;
    }

    /** Whether sessions of this pool read what they have done in earlier transactions. */
    public boolean areRead() {
        return readers.areSeen();
    }

    /** Whether what the session may read next is on this connection. */
    boolean isHome(ServerConnection server) {
        return home == server.sequences() && server.sequences().turn() == turn;
    }

    /** Whether the session must keep this connection to read there what it has done. */
    boolean needs(ServerConnection server) {
        return reads && readers.areSeen() && isHome(server);
    }

    /** The session keeps this connection for a while: it is no use to wait for it. */
    void keeps(ServerConnection server) {
        if (!isHome(server)) {
            server.sequences().kept();
        }
    }

    /** DISCARD SEQUENCES or DISCARD ALL has taken place on the connection. */
    void discarded(ServerConnection server) {
        server.sequences().taken();
        home = null;
    }

    /** No transaction is open. */
    void transactionEnded() {
        advanced = false;
    }
}

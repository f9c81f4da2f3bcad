package dev.carpool.client;

import io.netty.buffer.ByteBuf;

/** What a client session is doing; the session holds exactly one. All calls happen on the session's event loop. */
abstract class ClientPhase {
    /** Becomes the session's phase. */
    void entered() {}

    /** Is the session's phase no longer. */
    void left() {}

    /** Bytes from the client; takes ownership. */
    abstract void bytesArrived(ByteBuf in);

    /** Everything that one read brought has been handed over. */
    void bytesRead() {}

    void writabilityChanged(boolean writable) {}

    /** Whether a notification may be written to the client now: between transactions, and not inside a message. */
    boolean mayNotify() {
        return false;
    }

    /** Whether the client's socket may be gone: it has said goodbye behind requests that have not got to a server yet. */
    boolean needsNoClient() {
        return false;
    }

    /** The client's socket is gone; the session enters {@link ClosedPhase} next. */
    void clientGone() {}

    /** Periodic look at deadlines. */
    void tick(long now) {}

    /** As SHOW CLIENTS calls it: login, idle, active, waiting. */
    abstract String state();
}

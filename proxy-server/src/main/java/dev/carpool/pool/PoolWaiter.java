package dev.carpool.pool;

import dev.carpool.error.ErrorReply;
import dev.carpool.server.ServerConnection;
import org.jspecify.annotations.Nullable;

/** A waiter as the edge of the pool sees it. Both calls happen on the waiter's event loop; one of them, once. */
public interface PoolWaiter extends Waiter {
    /** Where it waits. Any thread. */
    ServerPool pool();

    /** The connection is the waiter's, idle and clean; a waiter that has lost interest releases it at once. */
    void granted(ServerConnection server, long now);

    /** There is none; {@code serverMessage} is PostgreSQL's own ErrorResponse when it sent one. */
    void refused(ErrorReply reply, byte @Nullable [] serverMessage);
}

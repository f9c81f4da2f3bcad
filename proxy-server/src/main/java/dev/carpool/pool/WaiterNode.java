package dev.carpool.pool;

import org.jspecify.annotations.Nullable;

/** The place of one {@link Waiter} in the queue of a pool. Guarded by the host's lock. */
public final class WaiterNode {
    final Waiter waiter;

    /** The pool it queues in, or null while it does not queue. */
    @Nullable
    PoolState pool;

    /** The waiter's event loop. */
    int loop;

    /** The connection it waits for instead of queueing, or null. */
    @Nullable
    ServerSlot claimed;

    long arrivedAt;

    /** When it is refused, or {@link ServerSlot#NEVER}. */
    long deadline;

    /** Has waited so long that a reserve connection may be opened for it. */
    boolean asksReserve;

    @Nullable
    WaiterNode earlier;

    @Nullable
    WaiterNode later;

    public WaiterNode(Waiter waiter) {
        this.waiter = waiter;
    }

    /** Whether it queues. Read under the host's lock. */
    boolean isQueued() {
        return pool != null;
    }
}

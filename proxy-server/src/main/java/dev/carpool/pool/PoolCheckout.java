package dev.carpool.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A checkout by somebody who is no phase of a client session: a waiter of one pool on one event loop. */
public abstract class PoolCheckout implements PoolWaiter {
    private final ServerPool pool;
    private final int loop;

    /** Null until it is asked for, first by who queues. */
    private @Nullable WaiterNode node;

    /** @param loop index of the event loop that gets the connection */
    protected PoolCheckout(ServerPool pool, int loop) {
        this.pool = pool;
        this.loop = loop;
    }

    /** Queues; the answer may come before this returns. */
    protected final void queue(Duration longestWait) {
        pool.checkout(this, longestWait, System.nanoTime());
    }

    @Override
    public final int loop() {
        return loop;
    }

    @Override
    public final WaiterNode node() {
        WaiterNode mine = node;
        if (mine == null) {
            mine = new WaiterNode(this);
            node = mine;
        }
        return mine;
    }

    @Override
    public final ServerPool pool() {
        return pool;
    }
}

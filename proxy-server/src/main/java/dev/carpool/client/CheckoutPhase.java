package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolWaiter;
import dev.carpool.pool.ServerPool;
import dev.carpool.pool.WaiterNode;
import dev.carpool.server.ServerConnection;
import org.jspecify.annotations.Nullable;

/** A phase in which the session may queue for a server connection; it ends with the session when there is none. */
abstract class CheckoutPhase extends ClientPhase implements PoolWaiter {
    final ClientSession session;
    final ServerPool pool;
    private final WaiterNode node = new WaiterNode(this);

    CheckoutPhase(ClientSession session, ServerPool pool) {
        this.session = session;
        this.pool = pool;
    }

    /** Gets an idle connection at once, or queues. */
    final void checkout() {
        long now = System.nanoTime();
        ServerConnection free = pool.take(session.loop(), now);
        if (free != null) {
            granted(free, now);
        } else {
            pool.checkout(this, session.timeouts().queryWait(), now);
        }
    }

    /** Whether the session is still in this phase. */
    final boolean isCurrent() {
        return session.phase() == this;
    }

    @Override
    public final int loop() {
        return session.loop();
    }

    @Override
    public final WaiterNode node() {
        return node;
    }

    @Override
    public final ServerPool pool() {
        return pool;
    }

    @Override
    public void refused(ErrorReply reply, byte @Nullable [] serverMessage) {
        if (isCurrent()) {
            session.fail(reply, serverMessage);
        }
    }
}

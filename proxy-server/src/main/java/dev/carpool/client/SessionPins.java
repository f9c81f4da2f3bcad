package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What it means outside its link that a session is pinned. Confined to the session's event loop. */
final class SessionPins {
    private final ClientSession session;

    /** The pool that counts the session among its pinned ones; null while it is not pinned. */
    private @Nullable ServerPool countedBy;

    SessionPins(ClientSession session) {
        this.session = session;
    }

    /** As {@link dev.carpool.relay.ClientEnd#pinned}. */
    @Nullable
    ErrorReply pinned(Pin pin, List<PinReason> fresh) {
        if (countedBy == null) {
            ServerPool pool = session.pool();
            pool.pinned();
            countedBy = pool;
        }
        return null;
    }

    /** The session is not pinned any more. */
    void unpinned() {
        ServerPool pool = countedBy;
        countedBy = null;
        if (pool != null) {
            pool.unpinned();
        }
    }
}

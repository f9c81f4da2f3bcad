package dev.carpool.client;

import dev.carpool.config.SessionStateMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.WireWriter;
import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import dev.carpool.server.ServerConnection;
import io.netty.buffer.ByteBuf;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What it means outside its link that a session is pinned: whether it may be ({@code session_state}, {@code
 * max_pinned_share}), and who is told. Confined to the session's event loop.
 */
final class SessionPins {
    private final ClientSession session;

    /** The pool that counts the session among its pinned ones; null while it is not pinned. */
    private @Nullable ServerPool countedBy;

    /** Of what the client has been warned; null for nothing. */
    private @Nullable Set<PinReason> warned;

    SessionPins(ClientSession session) {
        this.session = session;
    }

    /** As {@link dev.carpool.relay.ClientEnd#pinned}. */
    @Nullable
    ErrorReply pinned(Pin pin, List<PinReason> fresh) {
        ServerPool pool = session.pool();
        report(pin);
        SessionStateMode mode = pool.sessionState();
        if (mode == SessionStateMode.ERROR) {
            return CarpoolError.STATE_NOT_KEPT.reply(pin.text());
        }
        if (countedBy == null) {
            if (!pool.pin()) {
                return CarpoolError.TOO_MANY_PINNED.reply(pool.mostPinned(), pool.key(), pin.text());
            }
            countedBy = pool;
        }
        if (mode == SessionStateMode.WARN) {
            warn(fresh);
        }
        return null;
    }

    private void report(Pin pin) {
        ServerConnection server = session.server();
        if (session.context().config().log().report() && server != null) {
            session.context().report().pinned(session.reportedAs(), pin, server.hasStandardStrings());
        }
    }

    /** Once for each reason, whatever comes and goes. */
    private void warn(List<PinReason> reasons) {
        Set<PinReason> before = warned;
        if (before == null) {
            before = EnumSet.noneOf(PinReason.class);
            warned = before;
        }
        for (PinReason reason : reasons) {
            if (before.add(reason)) {
                ErrorReply warning = CarpoolError.STATE_KEPT.reply(reason.text());
                session.log("pooler warning: " + warning.message());
                ByteBuf out = session.channel().alloc().directBuffer(256);
                WireWriter.warning(out, warning.sqlState(), warning.message(), warning.hint());
                session.reply(out);
                session.flushReplies();
            }
        }
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

package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.ErrorReply;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a client session keeps the server connection it is linked with between transactions. Begins anew with each link;
 * confined to the session's event loop, but for {@link #pin}.
 */
final class Pins {
    /** Bits of {@link PinReason} that no probe finds, so that none can tell that they are gone. */
    private static final int UNSEEN =
            PinReason.HIDDEN_STATE.bit() | PinReason.BACKEND_PID.bit() | PinReason.SEQUENCE.bit();

    /** Bits of {@link PinReason}. */
    private int reasons;

    /** How many other sessions are about to signal the server process. */
    private int signallers;

    /** What the reasons were before the last probe. */
    private int before;

    /** What of the reasons has been said outside. */
    private int told;

    /** What has been said outside; null for nothing. */
    private volatile @Nullable Pin pin;

    /** System.nanoTime since which there are reasons. */
    private long since;

    /** The beginning of the statement that was the first reason; null when it is not known. */
    private @Nullable String statement;

    /** A link begins: nothing binds the two. */
    void begin() {
        reasons = 0;
        signallers = 0;
        before = 0;
        told = 0;
        statement = null;
    }

    /** What has been said outside of why the session keeps the connection; null for nothing. Any thread. */
    @Nullable
    Pin pin() {
        return pin;
    }

    boolean isEmpty() {
        return reasons == 0 && signallers == 0;
    }

    /** Another session is about to signal the server process. */
    void hold() {
        signallers++;
    }

    /** It is not any more. */
    void letGo() {
        signallers--;
    }

    boolean has(PinReason reason) {
        return (reasons & reason.bit()) != 0;
    }

    /**
     * There is a reason.
     *
     * @param suspect the beginning of the statement that may be to blame; null when it is not known
     */
    void add(PinReason reason, @Nullable String suspect, Link link) {
        if (link.mode() == PoolingMode.SESSION) {
            return;
        }
        if (reasons == 0) {
            begins(suspect, link);
        }
        reasons |= reason.bit();
    }

    private void begins(@Nullable String suspect, Link link) {
        link.client().sequences().keeps(link.server());
        since = System.nanoTime();
        statement = suspect;
    }

    /** A probe is answered: the reasons that it may find are those it will have {@link #found}. */
    void probed() {
        before = reasons;
        reasons &= UNSEEN;
    }

    /** The last probe has found this reason; as {@link #add} if there was none before. */
    void found(PinReason reason, @Nullable String suspect, Link link) {
        if ((before | reasons) == 0) {
            begins(suspect, link);
        }
        reasons |= reason.bit();
    }

    void remove(PinReason reason) {
        reasons &= ~reason.bit();
    }

    /** A transaction has ended, and the session keeps the connection: says so outside. */
    void tell(Link link) {
        if (reasons == told) {
            return;
        }
        List<PinReason> fresh = PinReason.of(reasons & ~told);
        Pin now = new Pin(PinReason.of(reasons), since, statement);
        pin = now;
        told = reasons;
        link.stats().sessionState().pinned(fresh);
        ErrorReply refusal = link.client().pinned(now, fresh);
        if (refusal != null) {
            link.client().linkFailed(refusal);
        }
    }

    /** The link has ended. */
    void end(ClientEnd client) {
        statement = null;
        if (told != 0) {
            told = 0;
            pin = null;
            client.unpinned();
        }
    }
}

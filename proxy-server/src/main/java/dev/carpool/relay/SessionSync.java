package dev.carpool.relay;

import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.relay.RequestQueue.Until;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.StepwiseSync;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Gives the server connection of a link the settings of its session, and takes from the session what the server refuses.
 * Begins anew with each link; confined to the session's event loop.
 */
final class SessionSync {
    /** SQLSTATE query_canceled: by a timeout of the session before, or by somebody who meant that. */
    private static final String CANCELLED = "57014";

    /** How often the settings are sent that have been cancelled. */
    private static final int MOST_REPEATS = 20;

    /** How often they have been. */
    private int repeats;

    /** They are to be once more. */
    private boolean cancelled;

    /** They have been, and not everything is answered. */
    private boolean repeating;

    /** The client is told of the settings that are being sent. */
    private boolean telling;

    /** The server has refused the session's settings, and the requests wait; null when it has not. */
    private @Nullable RefusedSettings refused;

    /** A link begins: its server connection gets the session's settings in front of the first request. */
    void begin(Link link) {
        refused = null;
        repeats = 0;
        cancelled = false;
        repeating = false;
        if (link.server().needsSync(link.wanted())) {
            sync(link);
        }
    }

    /** Brings the connection in line within a link; not while it is in doubt what the session wants. */
    void syncIfNeeded(Link link) {
        ServerConnection server = link.server();
        if (server.applied() != link.wanted() && !link.state().isDoubtful(server)) {
            sync(link);
        }
    }

    /**
     * Brings the connection in line in front of a ReadyForQuery that is held, and has the client told what it reports.
     * Returns whether that is to be waited for.
     */
    boolean syncTelling(Link link) {
        ServerConnection server = link.server();
        if (server.applied() == link.wanted() || link.state().isDoubtful(server)) {
            return false;
        }
        telling = true;
        server.sync(link.wanted(), true);
        link.stats().sessionState().sync();
        awaitSync(link);
        return true;
    }

    private void sync(Link link) {
        ServerConnection server = link.server();
        ParameterValues wanted = link.wanted();
        boolean doubtful = ParameterSync.changesIdentity(server.applied(), wanted)
                || ParameterSync.mayTimeOut(server.applied())
                || server.mayRefuse(wanted);
        telling = false;
        server.sync(wanted);
        link.stats().sessionState().sync();
        if (doubtful) {
            awaitSync(link);
        }
    }

    /**
     * Who the session is must be certain before anything is asked in its name, and so must be a setting that may be refused
     * here. All others have been accepted before, and cost no round trip.
     */
    private static void awaitSync(Link link) {
        link.requests().pause(Until.SYNCED);
        link.server().flush();
    }

    /** The server has refused the settings; returns whether the session may go on without some of them. */
    boolean mayGoOn(ErrorFields error, Link link) {
        if (!link.requests().isPaused(Until.SYNCED) || refused != null) {
            return false;
        }
        if (error.sqlState().equals(CANCELLED) && repeats < MOST_REPEATS) {
            repeats++;
            cancelled = true;
            return true;
        }
        refused = new RefusedSettings(error);
        return true;
    }

    /** A request of the proxy's own is answered. Returns whether requests that wait for the settings have to go on waiting. */
    boolean isToBeContinued(Link link) {
        ServerConnection server = link.server();
        if (cancelled) {
            cancelled = false;
            repeating = true;
            server.sync(link.wanted(), telling);
            server.flush();
            return true;
        }
        if (repeating && !server.outstanding().isEmpty()) {
            return true;
        }
        repeating = false;
        RefusedSettings settings = refused;
        if (settings == null) {
            return false;
        }
        StepwiseSync done = settings.answered(server, link.wanted());
        if (done == null) {
            return true;
        }
        refused = null;
        if (done.isBroken()) {
            link.syncFailed(settings.error());
            return true;
        }
        ByteBuf warnings = server.channel().alloc().directBuffer(256);
        settings.warn(done, warnings);
        link.reply(warnings);
        server.settle(done.result());
        link.client().wanted(done.result());
        return false;
    }
}

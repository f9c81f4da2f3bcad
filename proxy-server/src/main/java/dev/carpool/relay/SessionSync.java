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
    /** The server has refused the session's settings, and the requests wait; null when it has not. */
    private @Nullable RefusedSettings refused;

    /** A link begins: its server connection gets the session's settings in front of the first request. */
    void begin(Link link) {
        refused = null;
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
        server.sync(link.wanted(), true);
        link.stats().sessionState().sync();
        awaitSync(link);
        return true;
    }

    private static void sync(Link link) {
        ServerConnection server = link.server();
        ParameterValues wanted = link.wanted();
        boolean doubtful = ParameterSync.changesIdentity(server.applied(), wanted) || server.mayRefuse(wanted);
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
        refused = new RefusedSettings(error);
        return true;
    }

    /** A request of the proxy's own is answered. Returns whether requests that wait for the settings have to go on waiting. */
    boolean isToBeContinued(Link link) {
        RefusedSettings settings = refused;
        if (settings == null) {
            return false;
        }
        ServerConnection server = link.server();
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

package dev.carpool.server;

import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Makes a server connection fit for the next session: drains what is still owed, ends COPY and transaction, waits for
 * cancel requests in flight and notifications on their way, clears session state, checks. It owns the connection meanwhile. When any step fails the
 * connection is closed; in doubt it is closed as well.
 */
public final class ServerReset implements ServerConnection.Owner {
    /** What must be done. */
    public enum Scope {
        /** End what is running, nothing more. */
        DRAIN,
        /** Besides, one round trip that proves that the server answers. */
        CHECK,
        /** Besides, clear all session state. */
        FULL
    }

    /** What happens next; exactly one of the two is called, unless the connection is lost, which its home learns. */
    public interface Done {
        void clean(ServerConnection connection);
    }

    private final ServerConnection server;
    private final Scope scope;
    private final String resetQuery;
    private final String checkQuery;
    private final Done done;
    private boolean rolledBack;
    private boolean cleared;

    /** connect_query has been run again. */
    private boolean prepared;

    private boolean checked;
    private boolean copyEnded;

    /** Those who listen are being told what was notified. */
    private boolean passingOn;

    private ServerReset(ServerConnection server, Scope scope, String resetQuery, String checkQuery, Done done) {
        this.server = server;
        this.scope = scope;
        this.resetQuery = resetQuery;
        this.checkQuery = checkQuery;
        this.done = done;
    }

    /** Starts; {@code done} may be called before this returns when there is nothing to do. */
    public static void start(
            ServerConnection server, Scope scope, String resetQuery, String checkQuery, Done done, long now) {
        ServerReset reset = new ServerReset(server, scope, resetQuery, checkQuery, done);
        ServerState state = !server.isQuiet()
                ? ServerState.DRAINING
                : scope == Scope.CHECK ? ServerState.CHECKING : ServerState.RESETTING;
        server.own(reset, state, now);
        if (!server.channel().config().isAutoRead()) {
            server.channel().config().setAutoRead(true);
        }
        reset.endBatch();
        reset.proceed();
    }

    /**
     * Rolls back what extended requests without a Sync have done. The Query does so even outside a transaction block, and
     * is skipped when one of them fails.
     */
    private void endBatch() {
        if (!server.isOpen()
                || !server.outstanding().isUnsynced()
                || server.outstanding().isCopyIn()) {
            return;
        }
        if (!server.outstanding().isSkipping()) {
            server.ask("ROLLBACK");
        }
        sync();
        server.flush();
    }

    /** Takes the next step that is due, if the last one has ended. */
    void proceed() {
        if (!server.isOpen() || server.owner() != this) {
            return;
        }
        if (!server.outstanding().isEmpty()) {
            endCopy();
            return;
        }
        if (server.isCancelInFlight()) {
            return;
        }
        if (server.transactionStatus() != TransactionStatus.IDLE) {
            if (rolledBack) {
                server.close(CloseReason.RESET_FAILED);
                return;
            }
            rolledBack = true;
            ask("ROLLBACK");
            return;
        }
        if (passingOn || passesOn()) {
            return;
        }
        if (scope == Scope.FULL && !cleared) {
            cleared = true;
            checked = true;
            ask(resetQuery);
            return;
        }
        String connectQuery = server.target().connectQuery();
        if (cleared && !prepared && connectQuery != null && !connectQuery.isEmpty()) {
            prepared = true;
            ask(connectQuery);
            return;
        }
        if ((scope == Scope.CHECK || server.wasCancelled()) && !checked) {
            checked = true;
            ask(checkQuery);
            return;
        }
        if (!server.isQuiet()) {
            server.close(CloseReason.RESET_FAILED);
            return;
        }
        server.quietAgain();
        done.clean(server);
    }

    /** Whether those who listen must be told first who has notified them. */
    private boolean passesOn() {
        Predicate<Runnable> notified = server.takeNotified();
        passingOn = notified != null
                && notified.test(() -> {
                    passingOn = false;
                    proceed();
                });
        return passingOn;
    }

    private void ask(String sql) {
        server.ask(sql);
        server.flush();
    }

    private void endCopy() {
        if (server.outstanding().isCopyIn() && !copyEnded) {
            copyEnded = true;
            ByteBuf out = server.channel().alloc().directBuffer(64);
            int at = WireWriter.begin(out, FrontendMessageType.COPY_FAIL);
            WireWriter.cstring(out, "the client has left");
            WireWriter.end(out, at);
            server.outstanding().push(OutstandingRequests.COPY_END);
            server.send(out);
            // An extended COPY ends with the Sync; a simple one ignores it and owes no answer for it.
            if (server.outstanding().headKind() == OutstandingRequests.EXECUTE) {
                sync();
            }
            server.flush();
        }
    }

    private void sync() {
        ByteBuf out = server.channel().alloc().directBuffer(5);
        WireWriter.empty(out, FrontendMessageType.SYNC);
        server.outstanding().push(OutstandingRequests.SYNC | OutstandingRequests.SWALLOW);
        server.send(out);
    }

    @Override
    public void ready(byte status) {
        if (cleared
                && !prepared
                && status == TransactionStatus.IDLE
                && server.outstanding().isEmpty()) {
            server.forgetSession();
            if (resetQuery.equalsIgnoreCase("DISCARD ALL")) {
                server.sequences().discarded();
            }
        }
        proceed();
    }

    @Override
    public void proxyRequestAnswered(byte status) {
        ready(status);
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        boolean lateCancel = server.wasCancelled() && fields.sqlState().equals("57014");
        if (ours && !lateCancel) {
            server.close(cleared ? CloseReason.RESET_FAILED : CloseReason.CHECK_FAILED);
        } else if (ours) {
            // The cancel hit our own statement instead of the one it was meant for: do it again.
            cleared = false;
            checked = false;
        }
    }

    @Override
    public void reply(ByteBuf run) {
        run.release();
        endCopy();
    }

    @Override
    public void serverLost(@Nullable ErrorFields lastWords) {}
}

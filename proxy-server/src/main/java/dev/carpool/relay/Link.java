package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterSync;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.CloseReason;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerReset;
import dev.carpool.server.ServerState;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A client session and a server connection that belong together for a transaction (or longer). Both live on the same
 * event loop. It owns the server connection from {@link #between} until it hands it back, and it is the one place where
 * that happens.
 */
public final class Link implements ServerConnection.Owner {
    /** Where the server connection goes when the link ends. */
    public interface Returns {
        /** Takes the connection back after {@code scope} has been done, or at once when it is null. */
        void release(ServerConnection server, ServerReset.@Nullable Scope scope);
    }

    private final ClientEnd client;
    private final RequestRelay requests;
    private final ServerConnection server;
    private final PoolingMode mode;
    private final Returns returns;
    private final TrafficStats stats;
    private final long linkedAt;
    private long queryStartedAt;

    /** When the server last became ready inside a transaction, 0 while it works. */
    private long idleInTransactionSince;

    /** Bits of {@link Suspicion}: what may have been left on the connection. */
    private int suspicion;

    private boolean ended;

    /** The requests wait until the server has accepted the session's settings. */
    private boolean awaitingSync;

    /** The last ReadyForQuery has been kept back until the client has been told what was notified before it. */
    private boolean readyHeld;

    /** How often that has happened. */
    private int holds;

    /** Replies have been written and not flushed. */
    private boolean unflushed;

    private Link(
            ClientEnd client,
            RequestRelay requests,
            ServerConnection server,
            PoolingMode mode,
            Returns returns,
            TrafficStats stats,
            long now) {
        this.client = client;
        this.requests = requests;
        this.server = server;
        this.mode = mode;
        this.returns = returns;
        this.stats = stats;
        this.linkedAt = now;
        this.queryStartedAt = now;
    }

    /** Links the two and syncs the session's settings in front of its first request. */
    public static Link between(
            ClientEnd client,
            RequestRelay requests,
            ServerConnection server,
            PoolingMode mode,
            Returns returns,
            TrafficStats stats,
            long now) {
        Link link = new Link(client, requests, server, mode, returns, stats, now);
        server.toldProcessId(client.processId());
        server.own(link, ServerState.LINKED, now);
        if (server.applied() != client.wanted()) {
            boolean identity = ParameterSync.changesIdentity(server.applied(), client.wanted());
            server.sync(client.wanted());
            if (identity) {
                link.awaitSync();
            }
        }
        return link;
    }

    /**
     * Who the session is must be certain before anything is asked in its name. No other setting fails that has been
     * accepted before, but for the rarest cases, and they cost no round trip.
     */
    private void awaitSync() {
        awaitingSync = true;
        requests.pause();
        server.flush();
    }

    public ServerConnection server() {
        return server;
    }

    /** System.nanoTime at which the transaction began. */
    public long linkedAt() {
        return linkedAt;
    }

    /** System.nanoTime at which the running query began. */
    public long queryStartedAt() {
        return queryStartedAt;
    }

    /** System.nanoTime since which the transaction waits for its client, 0 while the server works. */
    public long idleInTransactionSince() {
        return idleInTransactionSince;
    }

    /** Relays what the client has sent; takes ownership. */
    public void request(ByteBuf bytes) {
        stats.received(bytes.readableBytes());
        if (readyHeld) {
            sendReady(); // a client that does not wait for it cannot tell
        }
        if (idleInTransactionSince != 0) {
            idleInTransactionSince = 0;
            queryStartedAt = System.nanoTime();
        }
        requests.relay(bytes, this);
    }

    public void requestsRead() {
        if (ended) {
            return;
        }
        server.flush();
        if (unflushed) {
            unflushed = false;
            client.flushReplies();
        }
        if (!server.channel().isWritable() || requests.isPaused()) {
            client.readRequests(false);
        }
        unlinkIfNothingIsAsked();
    }

    /** What the client has sent wants no answer: it must not hold a connection for that. */
    private void unlinkIfNothingIsAsked() {
        if (!ended && !readyHeld && mode != PoolingMode.SESSION && server.isQuiet() && !requests.isUnfinished()) {
            unlink();
        }
    }

    /** Notes what a statement may leave behind. */
    void suspect(int bits) {
        suspicion |= bits;
    }

    /** The client takes bytes again, or not. */
    public void clientWritable(boolean writable) {
        server.channel().config().setAutoRead(writable);
    }

    @Override
    public void reply(ByteBuf run) {
        if (ended) {
            run.release();
            return;
        }
        unflushed = true;
        stats.sent(run.readableBytes());
        client.reply(run);
        if (!client.isWritable()) {
            server.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void repliesRead() {
        if (unflushed) {
            unflushed = false;
            client.flushReplies();
        }
    }

    @Override
    public void commandCompleted(int bits) {
        // SET LOCAL has the tag of SET; the lexer has seen the statement and tells the two apart.
        suspicion |= bits & ~Suspicion.SET;
        if ((bits & Suspicion.DEALLOCATED_ALL) != 0) {
            requests.forgetStatements();
        }
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        requests.requestFailed(fields);
        if (ours && !fields.isFatal() && server.outstanding().headKind() == OutstandingRequests.QUERY) {
            // A setting could not be given to the connection: the session cannot go on as it was promised.
            end();
            server.close(CloseReason.SYNC_FAILED);
            client.linkFailed(new ErrorReply(
                    CarpoolError.Severity.FATAL,
                    fields.sqlState(),
                    fields.message(),
                    "a setting of this session is no longer accepted by the server"));
        }
    }

    @Override
    public void settingsChanged() {
        client.wanted(server.applied());
    }

    @Override
    public byte @Nullable [] notified(NotificationResponse notification) {
        return readyHeld ? null : client.notified(notification);
    }

    /** PostgreSQL tells a session in front of ReadyForQuery what was notified meanwhile, its own notifications above all. */
    @Override
    public boolean holdsReady(byte status) {
        readyHeld =
                !ended && status == TransactionStatus.IDLE && !client.channels().isEmpty();
        return readyHeld;
    }

    private void caughtUp(int hold) {
        if (ended || !readyHeld || hold != holds) {
            return;
        }
        client.deliver();
        sendReady();
        ready(TransactionStatus.IDLE);
        repliesRead();
    }

    private void sendReady() {
        readyHeld = false;
        ByteBuf out = server.channel().alloc().directBuffer(6);
        WireWriter.readyForQuery(out, TransactionStatus.IDLE);
        reply(out);
    }

    @Override
    public void ready(byte status) {
        if (ended) {
            return;
        }
        if (readyHeld) {
            int hold = ++holds;
            client.catchUp(() -> caughtUp(hold));
            return;
        }
        long now = System.nanoTime();
        stats.query(now - queryStartedAt);
        queryStartedAt = now;
        if (status != TransactionStatus.IDLE) {
            if (mode == PoolingMode.STATEMENT) {
                end();
                if (requests.finishMessage(server)) {
                    returns.release(server, ServerReset.Scope.FULL);
                } else {
                    server.close(CloseReason.CLIENT_LEFT_DIRTY);
                }
                client.linkFailed(CarpoolError.STATEMENT_MODE_TRANSACTION.reply());
                return;
            }
            idleInTransactionSince = now;
            return;
        }
        stats.transaction(now - linkedAt);
        if (mode != PoolingMode.SESSION
                && !requests.isUnfinished()
                && server.outstanding().isEmpty()
                && !server.outstanding().isUnsynced()) {
            unlink();
        } else if (mode == PoolingMode.SESSION) {
            idleInTransactionSince = 0;
        }
    }

    @Override
    public void proxyRequestAnswered(byte status) {
        if (ended) {
            return;
        }
        if (awaitingSync) {
            awaitingSync = false;
            client.resumeRequests();
        }
        unlinkIfNothingIsAsked();
    }

    /** Relays the requests that have waited. */
    public void resume() {
        client.readRequests(server.channel().isWritable());
        requests.resume(this);
    }

    /** Parts the two at a transaction's end: the only regular way. */
    private void unlink() {
        end();
        if ((suspicion & Suspicion.NOTIFY) != 0 && client.channels().isEmpty()) {
            client.hasNotified(server);
        }
        if (unflushed) {
            client.flushReplies();
        }
        client.readRequests(true);
        if ((suspicion & Suspicion.WENT_BACK) != 0) {
            client.settingsWentBack();
        }
        client.unlinked();
        if ((suspicion & Suspicion.NEEDS_CLOSE) != 0) {
            server.close(CloseReason.PINNED_SESSION_ENDED);
        } else {
            returns.release(server, scopeOfReset());
        }
    }

    /** Whether the connection may carry state of this session that DISCARD ALL clears. */
    private boolean isSuspicious() {
        return (suspicion & (Suspicion.NEEDS_RESET | Suspicion.MAY_NEED_RESET)) != 0;
    }

    private ServerReset.@Nullable Scope scopeOfReset() {
        if (isSuspicious()) {
            return ServerReset.Scope.FULL;
        }
        return server.wasCancelled() ? ServerReset.Scope.CHECK : null;
    }

    private void end() {
        ended = true;
    }

    /**
     * The client has left, or is made to leave. What runs is drained (the caller sends the cancel), what is open is
     * rolled back, and the connection goes back unless it holds half a message.
     *
     * @param goodbye the client has said Terminate: what it has asked before is carried out
     * @return whether a query is still running and worth a cancel request
     */
    public boolean clientGone(boolean goodbye) {
        if (ended) {
            return false;
        }
        end();
        if ((suspicion & Suspicion.NEEDS_CLOSE) != 0 || !requests.finishMessage(server)) {
            server.close(CloseReason.CLIENT_LEFT_DIRTY);
            return false;
        }
        server.flush();
        boolean running = !server.outstanding().isEmpty();
        boolean suspicious = mode == PoolingMode.SESSION || running || isSuspicious();
        returns.release(server, suspicious ? ServerReset.Scope.FULL : ServerReset.Scope.DRAIN);
        return running && !goodbye;
    }

    /** Whether the client waits for nothing: it is outside any transaction, and not in the middle of a reply. */
    public boolean isBetweenTransactions() {
        return !ended && !readyHeld && server.isQuiet() && !requests.isUnfinished();
    }

    /** Whether the client has been given a message in part only: whatever it is told now would become part of it. */
    public boolean isMidReply() {
        return !ended && server.isMidReply();
    }

    @Override
    public void serverLost(@Nullable ErrorFields lastWords) {
        if (ended) {
            return;
        }
        if (readyHeld) {
            // All has been answered: the loss is no concern of the session.
            sendReady();
            end();
            repliesRead();
            client.readRequests(true);
            client.unlinked();
            return;
        }
        end();
        if (server.isMidReply()) {
            client.linkTorn();
            return;
        }
        boolean inTransaction = server.transactionStatus() != TransactionStatus.IDLE || mode == PoolingMode.SESSION;
        boolean oneReply = !requests.isUnfinished()
                && !server.outstanding().isUnsynced()
                && server.outstanding().owedReadyForQuery() == 1;
        boolean goesOn = !inTransaction && oneReply;
        ErrorReply reply = lossReply(lastWords, goesOn);
        client.serverLost(
                reply.withSeverity(goesOn ? CarpoolError.Severity.ERROR : CarpoolError.Severity.FATAL), goesOn);
    }

    private ErrorReply lossReply(@Nullable ErrorFields lastWords, boolean goesOn) {
        if (lastWords != null && !lastWords.sqlState().isEmpty()) {
            return new ErrorReply(CarpoolError.Severity.FATAL, lastWords.sqlState(), lastWords.message(), "");
        }
        return switch (server.closeReason()) {
            case CANCEL_FAILED -> CarpoolError.CANCEL_WAIT_TIMEOUT.reply();
            case PROTOCOL_VIOLATION -> CarpoolError.SERVER_PROTOCOL.reply();
            default -> (goesOn ? CarpoolError.SERVER_LOST : CarpoolError.SERVER_LOST_IN_TRANSACTION).reply();
        };
    }

    @Override
    public void serverWritable(boolean writable) {
        if (!ended) {
            client.readRequests(writable && !requests.isPaused());
        }
    }

    public PoolingMode mode() {
        return mode;
    }

    /** Whether the server still owes replies. */
    public boolean isWorking() {
        return !server.outstanding().isEmpty();
    }

    void clientParse() {
        stats.clientParse();
    }

    void serverParse() {
        stats.serverParse();
    }

    void bind() {
        stats.bind();
    }
}

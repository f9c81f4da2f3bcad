package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.relay.RequestQueue.Until;
import dev.carpool.server.CloseReason;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerReset;
import dev.carpool.server.ServerState;
import dev.carpool.server.SessionProbe;
import dev.carpool.server.StepwiseSync;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A client session and a server connection that belong together for a transaction (or longer). Both live on the same
 * event loop. It owns the server connection from {@link #between} until it hands it back, and it is the one place where
 * that happens.
 */
public final class Link implements ServerConnection.Owner {
    /** SQLSTATE in_failed_sql_transaction. */
    private static final String IN_FAILED_TRANSACTION = "25P02";

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

    /** What the session may have left on the server connection. */
    private final SessionState state;

    private final SessionChannels channels;

    /** System.nanoTime at which the transaction began. */
    private long linkedAt;

    /** System.nanoTime at which the running query began, or the last one ended. */
    private long queryStartedAt;

    /** When the server last became ready inside a transaction, 0 while it works. */
    private long idleInTransactionSince;

    /** The server has refused the session's settings, and the requests wait; null when it has not. */
    private @Nullable RefusedSettings refused;

    /** Replies have been written and not flushed. */
    private boolean unflushed;

    /** The server connection is this link's no more. */
    private boolean ended;

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
        this.state = requests.state();
        this.channels = requests.channels();
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
        requests.begin();
        server.toldProcessId(client.processId());
        server.own(link, ServerState.LINKED, now);
        client.sequences().transactionEnded();
        if (server.needsSync(client.wanted())) {
            link.sync();
        }
        requests.arrive(server);
        link.channels.begin(link);
        return link;
    }

    /** Brings the connection in line within a link; not while it is in doubt what the session wants. */
    private void syncIfNeeded() {
        if (server.applied() != client.wanted() && !state.isDoubtful(server)) {
            sync();
        }
    }

    private void sync() {
        ParameterValues wanted = client.wanted();
        boolean doubtful = ParameterSync.changesIdentity(server.applied(), wanted) || server.mayRefuse(wanted);
        server.sync(wanted);
        stats.sessionState().sync();
        if (doubtful) {
            awaitSync();
        }
    }

    /**
     * Who the session is must be certain before anything is asked in its name, and so must be a setting that may be refused
     * here. All others have been accepted before, and cost no round trip.
     */
    private void awaitSync() {
        requests.pause(Until.SYNCED);
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
        if (channels.isReadyHeld()) {
            sendReady(); // a client that does not wait for it cannot tell
        }
        if (beginsTransaction()) {
            linkedAt = System.nanoTime();
            queryStartedAt = linkedAt;
            if (!server.isProbing()) {
                syncIfNeeded();
            } else if (server.applied() != client.wanted()) {
                requests.pause(Until.PROBED); // the answer says what is wanted
            }
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
        goOn();
        unlinkIfNothingIsAsked();
    }

    /** What the client has sent wants no answer: it must not hold a connection for that. */
    void unlinkIfNothingIsAsked() {
        if (!ended && mode != PoolingMode.SESSION && server.isQuiet() && !requests.isUnfinished()) {
            transactionsEnded();
        }
    }

    /** Between two transactions: nothing is asked, running or half sent. */
    public boolean isIdle() {
        return isBetweenTransactions() && (state.isPinned() || mode == PoolingMode.SESSION);
    }

    /** Whether the next request is the first of a transaction, on a connection that was kept or is just being asked. */
    private boolean beginsTransaction() {
        boolean asked = server.isProbing()
                && server.transactionStatus() == TransactionStatus.IDLE
                && server.outstanding().owedReadyForQuery() == 0
                && !server.outstanding().isUnsynced();
        return isIdle() || (asked && !requests.isUnfinished());
    }

    /** That the session keeps the connection between transactions, null when it does not. Any thread. */
    public @Nullable Pin pin() {
        return state.pin();
    }

    /** The settings of the session. */
    ParameterValues wanted() {
        return client.wanted();
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
        goOn();
    }

    /** Goes on with requests that have waited for answers. */
    private void goOn() {
        if (!ended && requests.hasItsAnswers(server)) {
            client.resumeRequests();
        }
    }

    @Override
    public void commandCompleted(int bits) {
        state.completed(bits, this);
        if ((bits & (Suspicion.DEFINES | Suspicion.DO_OR_CALL)) != 0) {
            server.lookForHiddenEffects();
        }
        if ((bits & Suspicion.DEALLOCATED_ALL) != 0) {
            requests.forgetStatements();
        }
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        if (!ours) {
            state.requestFailed();
        }
        requests.sql().failed();
        if (ours && fields.sqlState().equals(IN_FAILED_TRANSACTION)) {
            server.sequences()
                    .taken(); // what was to be discarded is still there, and the client's request fails as well
            return;
        }
        if (ours && !fields.isFatal() && server.outstanding().headKind() == OutstandingRequests.QUERY) {
            if (requests.isPaused(Until.SYNCED) && refused == null) {
                refused = new RefusedSettings(fields);
            } else {
                syncFailed(fields);
            }
        }
    }

    /** A setting could not be given to the connection: the session cannot go on as it was promised. */
    private void syncFailed(ErrorFields error) {
        end();
        server.close(CloseReason.SYNC_FAILED);
        client.linkFailed(new ErrorReply(
                CarpoolError.Severity.FATAL,
                error.sqlState(),
                error.message(),
                "a setting of this session is no longer accepted by the server"));
    }

    /** An answer to a sync that was refused; returns whether the session can go on. */
    private boolean goesOnWithout(RefusedSettings settings) {
        StepwiseSync done = settings.answered(server, client.wanted());
        if (done == null) {
            return false;
        }
        refused = null;
        if (done.isBroken()) {
            syncFailed(settings.error());
            return false;
        }
        ByteBuf warnings = server.channel().alloc().directBuffer(256);
        settings.warn(done, warnings);
        reply(warnings);
        server.settle(done.result());
        client.wanted(done.result());
        return true;
    }

    @Override
    public void settingsChanged() {
        client.wanted(server.applied());
    }

    @Override
    public byte @Nullable [] notified(NotificationResponse notification) {
        return channels.isReadyHeld() ? null : client.notified(notification);
    }

    @Override
    public boolean holdsReady(byte status) {
        return !ended && channels.holdReady(status, state.isSuspected(Suspicion.LISTEN), this);
    }

    /** Sends the ReadyForQuery that was held. */
    void sendReady() {
        channels.readySent();
        ByteBuf out = server.channel().alloc().directBuffer(6);
        WireWriter.readyForQuery(out, TransactionStatus.IDLE);
        reply(out);
    }

    @Override
    public void ready(byte status) {
        if (ended) {
            return;
        }
        if (!requests.sql().settled()) {
            state.preparedUnseen();
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
            if (requests.isPausedForAnswers() && server.outstanding().owedReadyForQuery() == 0) {
                state.restore(status, this);
                client.resumeRequests();
            }
            return;
        }
        stats.transaction(now - linkedAt);
        idleInTransactionSince = 0;
        client.sequences().transactionEnded();
        state.transactionEnded(this);
        if (requests.isPausedForAnswers() && server.outstanding().owedReadyForQuery() == 0) {
            state.restoresNothing();
            if (requests.hasWaiting()) {
                syncIfNeeded();
            }
            if (!requests.isPaused(Until.SYNCED)) {
                client.resumeRequests();
            }
        }
        if (mode != PoolingMode.SESSION
                && !ended
                && !requests.isUnfinished()
                && server.outstanding().isEmpty()
                && !server.outstanding().isUnsynced()) {
            transactionsEnded();
        } else if (channels.isReadyHeld()) {
            sendReady();
        }
    }

    /** Between transactions: asks what the session holds if there is doubt, and parts the two if nothing binds them. */
    private void transactionsEnded() {
        if (state.ask(this)) {
            return;
        }
        if (channels.isReadyHeld() && !channels.isJoining()) {
            channels.catchUp(this);
        } else if (state.isPinned()) {
            state.staysPinned(this);
        } else if (!channels.isJoining()) {
            unlink();
        }
    }

    @Override
    public void probed(SessionProbe answer) {
        if (ended) {
            return;
        }
        learn(answer);
        if (!ended && requests.isPaused(Until.PROBED) && !server.isProbing()) {
            syncIfNeeded();
            if (!requests.isPaused(Until.SYNCED)) {
                client.resumeRequests();
            }
        }
    }

    private void learn(SessionProbe answer) {
        String failure = answer.failure();
        if (answer.isOfCatalog()) {
            client.customSettings().add(answer.settings().keySet());
            unlinkIfNothingIsAsked();
        } else if (failure == null) {
            state.learn(answer, this);
            channels.learn(answer.channels(), this);
        } else if (state.probeFailed(failure, this)) {
            unlinkIfNothingIsAsked();
        }
    }

    @Override
    public void proxyRequestAnswered(byte status) {
        if (ended) {
            return;
        }
        RefusedSettings settings = refused;
        if (settings != null && !goesOnWithout(settings)) {
            return;
        }
        if (requests.isPaused(Until.SYNCED)) {
            client.resumeRequests();
        }
        unlinkIfNothingIsAsked();
    }

    /** Relays the requests that have waited. */
    public void resume() {
        if (channels.isReadyHeld()) {
            sendReady();
        }
        client.readRequests(server.channel().isWritable());
        requests.resume(this);
    }

    /** Parts the two at a transaction's end: the only regular way. */
    private void unlink() {
        end();
        if (state.isSuspected(Suspicion.NOTIFY) && client.channels().isEmpty()) {
            client.hasNotified(server);
        }
        boolean listens = channels.areOnServer();
        ServerReset.Scope scope = scopeOfReset();
        if (unflushed) {
            client.flushReplies();
        }
        client.readRequests(true);
        client.unlinked(); // what is known of this link is the session's no more
        if (listens && scope != ServerReset.Scope.FULL) {
            server.ask("UNLISTEN *");
            server.flush();
            scope = scope == null ? ServerReset.Scope.DRAIN : scope;
        }
        returns.release(server, scope);
    }

    private ServerReset.@Nullable Scope scopeOfReset() {
        String connectQuery = server.target().connectQuery();
        boolean connectQuerySets = connectQuery != null
                && !connectQuery.isEmpty()
                && (server.isResetDue() || server.applied().any(name -> !isReported(name)));
        if (state.isResetNeeded() || connectQuerySets) {
            return ServerReset.Scope.FULL;
        }
        return server.wasCancelled() ? ServerReset.Scope.CHECK : null;
    }

    private void end() {
        ended = true;
        state.end(client);
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
        if (state.isBeyondReset() || !requests.finishMessage(server)) {
            server.close(CloseReason.CLIENT_LEFT_DIRTY);
            return false;
        }
        server.flush();
        boolean running = !server.outstanding().isEmpty();
        boolean suspicious = mode == PoolingMode.SESSION
                || running
                || channels.areOnServer()
                || server.isProbing()
                || state.isSuspicious();
        returns.release(server, suspicious ? ServerReset.Scope.FULL : ServerReset.Scope.DRAIN);
        return running && !goodbye;
    }

    /** Whether the client waits for nothing: it is outside any transaction, and not in the middle of a reply. */
    public boolean isBetweenTransactions() {
        return !ended && !channels.isReadyHeld() && server.isQuiet() && !requests.isUnfinished();
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
        if (channels.isCatchingUp() && !state.isPinned()) {
            // All has been answered: the loss is no concern of the session.
            sendReady();
            end();
            repliesRead();
            client.readRequests(true);
            client.unlinked();
            return;
        }
        boolean nothingLost = server.transactionStatus() == TransactionStatus.IDLE && state.isMovable();
        if (server.isProbing() && mode != PoolingMode.SESSION && nothingLost && !isAsked()) {
            // Only the proxy still had a question: the loss is no concern of the session.
            end();
            client.readRequests(true);
            client.unlinked();
            return;
        }
        end();
        if (server.isMidReply()) {
            client.linkTorn();
            return;
        }
        boolean inTransaction =
                state.isPinned() || server.transactionStatus() != TransactionStatus.IDLE || mode == PoolingMode.SESSION;
        boolean oneReply = !requests.isUnfinished()
                && !server.outstanding().isUnsynced()
                && server.outstanding().owedReadyForQuery() == 1;
        boolean goesOn = !inTransaction && oneReply;
        if (goesOn) {
            server.outstanding().lost();
        }
        ErrorReply reply = lossReply(lastWords, goesOn);
        client.serverLost(
                reply.withSeverity(goesOn ? CarpoolError.Severity.ERROR : CarpoolError.Severity.FATAL), goesOn);
    }

    /** Whether the client has asked something that has not been answered in full. */
    private boolean isAsked() {
        return requests.isUnfinished()
                || server.outstanding().isUnsynced()
                || server.outstanding().owedReadyForQuery() > 0;
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

    ClientEnd client() {
        return client;
    }

    RequestRelay requests() {
        return requests;
    }

    TrafficStats stats() {
        return stats;
    }

    SessionState state() {
        return state;
    }

    SessionChannels channels() {
        return channels;
    }

    /** Whether the server connection is this link's no more. */
    boolean hasEnded() {
        return ended;
    }

    /** Whether the server tells changes of this setting (ParameterStatus). */
    boolean isReported(String name) {
        return server.baseline().containsKey(name);
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

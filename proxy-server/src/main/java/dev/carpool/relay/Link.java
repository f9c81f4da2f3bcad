package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.BackendMessageType;
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
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
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
    private final SessionSync settings;

    /** System.nanoTime at which the transaction began. */
    private long linkedAt;

    /** System.nanoTime at which the running query began, or the last one ended. */
    private long queryStartedAt;

    /** When the server last became ready inside a transaction, 0 while it works. */
    private long idleInTransactionSince;

    /** Replies have been written and not flushed. */
    private boolean unflushed;

    /** The server connection is this link's no more. */
    private boolean ended;

    /** Signals to the server process that have been sent, but for those it has been asked about in vain. */
    private int signals;

    /** How many of them had been sent when the server was asked the question that is not answered yet. */
    private int signalsAsked;

    /** Cancels that have come while the server did what the proxy asks for; null for none. */
    private @Nullable List<Consumer<Boolean>> cancels;

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
        this.settings = requests.settings();
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
        client.meets(server.defaults());
        link.settings.begin(link);
        requests.arrive(server);
        link.channels.begin(link);
        return link;
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
        boolean begins = beginsTransaction();
        if (isTelling()) {
            requests.pauseUnlessPaused(Until.PROBED);
        } else if (channels.isReadyHeld()) {
            sendReady(); // a client that does not wait for it cannot tell
        }
        if (begins) {
            linkedAt = System.nanoTime();
            queryStartedAt = linkedAt;
            if (!server.isProbing()) {
                settings.syncIfNeeded(this);
            } else if (server.applied() != client.wanted() || state.mayHaveGoneBack(this)) {
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

    /** Another session is about to signal the server process: the session stays on it until {@link #letGo}. */
    public void hold() {
        state.hold();
    }

    /** The signal has been sent: the session is let go when its server process has shown that it is not to end. */
    public void letGo() {
        if (!ended && mode == PoolingMode.SESSION) {
            state.letGo();
        } else if (!ended) {
            signals++;
            unlinkIfNothingIsAsked();
        }
    }

    /** Between transactions: asks the server process that has been signalled; returns whether that is being asked. */
    private boolean asksSignalled() {
        if (signalsAsked > 0) {
            for (; signalsAsked > 0; signalsAsked--) {
                signals--;
                state.letGo();
            }
        }
        if (signals == 0) {
            return false;
        }
        signalsAsked = signals;
        server.ask("", () -> {}); // a process that is to end does so instead
        server.flush();
        return true;
    }

    /** Between two transactions: nothing is asked, running or half sent. */
    public boolean isIdle() {
        return isBetweenTransactions() && (state.isPinned() || mode == PoolingMode.SESSION);
    }

    /** Whether the server is to answer what the client is told of its settings before the ReadyForQuery that is held. */
    private boolean isTelling() {
        return channels.isTellingSettings() && !server.outstanding().isEmpty();
    }

    /** Whether the next request is the first of a transaction, on a connection that was kept or is just being asked. */
    private boolean beginsTransaction() {
        boolean kept = channels.isReadyHeld() || channels.isJoining() || channels.isPassingOn();
        boolean waits = (kept || signalsAsked > 0) && !isTelling();
        boolean asked = (server.isProbing() || waits)
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
            if (server.outstanding().isSkipping()) {
                state.restoresNothing(); // what would have sent settings back is skipped, too
            }
            client.resumeRequests();
        }
    }

    @Override
    public void commandCompleted(int bits) {
        state.completed(bits, this);
        if ((bits & Suspicion.DEALLOCATED_ALL) != 0) {
            requests.forgetStatements();
        }
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        boolean simple = server.outstanding().headKind() == OutstandingRequests.QUERY;
        if (!ours || !simple) {
            state.requestFailed(); // the batch fails with what the proxy has put into it
        }
        requests.sql().failed();
        if (ours && fields.sqlState().equals(IN_FAILED_TRANSACTION)) {
            if (simple) {
                server.sequences()
                        .taken(); // what was to be discarded is still there, and the client's request fails as well
            }
            return;
        }
        if (!ours || fields.isFatal() || !simple) {
            return;
        }
        if (channels.isReadyHeld() && channels.heldStatus() == TransactionStatus.IN_TRANSACTION) {
            restoreFailed(fields);
        } else if (!settings.mayGoOn(fields, this)) {
            syncFailed(fields);
        }
    }

    /** What RESET has sent back inside a transaction cannot be given back: the transaction has failed. */
    private void restoreFailed(ErrorFields error) {
        state.requestFailed();
        ByteBuf out = server.channel().alloc().directBuffer(256);
        WireWriter.error(out, CarpoolError.Severity.ERROR.name(), error.sqlState(), error.message(), "");
        reply(out);
    }

    /** A setting could not be given to the connection: the session cannot go on as it was promised. */
    void syncFailed(ErrorFields error) {
        end();
        server.close(CloseReason.SYNC_FAILED);
        client.linkFailed(new ErrorReply(
                CarpoolError.Severity.FATAL,
                error.sqlState(),
                error.message(),
                "a setting of this session is no longer accepted by the server"));
    }

    @Override
    public boolean withholds(String name, String value) {
        return state.withholds(name, value, this);
    }

    @Override
    public void settingsChanged() {
        state.reported(this);
    }

    @Override
    public byte @Nullable [] notified(NotificationResponse notification) {
        boolean working = channels.isReadyHeld() || !server.outstanding().isEmpty();
        return client.notified(notification, working, channels.isCatchingUp());
    }

    @Override
    public boolean holdsReady(byte status) {
        return !ended
                && channels.holdReady(
                        status, state.isSuspected(Suspicion.LISTEN), state.tellsFirst(status, this), this);
    }

    /** Sends the ReadyForQuery that was held. */
    void sendReady() {
        sendReady(false);
    }

    /** @param own whether the client is told its own settings, and not those of the connection */
    private void sendReady(boolean own) {
        channels.readySent();
        client.deliverEarly();
        ByteBuf out = server.channel().alloc().directBuffer(64);
        if (own) {
            state.tellOwn(this, out);
        } else {
            state.tellWithheld(server, out);
        }
        WireWriter.readyForQuery(out, channels.heldStatus());
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
        state.processes().requestEnded(server, client);
        requests.served();
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
            if (status == TransactionStatus.FAILED) {
                state.cluster().transactionFailed(client);
            }
            if (requests.isPausedForAnswers() && server.outstanding().owedReadyForQuery() == 0) {
                if (state.restore(status, this) && channels.isReadyHeld()) {
                    server.flush();
                } else {
                    client.resumeRequests();
                }
            }
            return;
        }
        stats.transaction(now - linkedAt);
        idleInTransactionSince = 0;
        client.sequences().transactionEnded();
        state.transactionEnded(this);
        if (requests.isPausedForAnswers() && server.outstanding().owedReadyForQuery() == 0) {
            state.restoresNothing();
            if (asksWhatWentBack()) {
                requests.pause(Until.PROBED);
            } else {
                resumeInLine();
            }
        }
        if (mode != PoolingMode.SESSION
                && !ended
                && !requests.isUnfinished()
                && server.outstanding().isEmpty()
                && !server.outstanding().isUnsynced()) {
            transactionsEnded();
        } else if (channels.isReadyHeld() && server.outstanding().isEmpty()) {
            sendReady();
        }
    }

    /** Between transactions: asks what the session holds if there is doubt, and parts the two if nothing binds them. */
    private void transactionsEnded() {
        if (asksSignalled()) {
            return;
        }
        if (state.ask(this)
                || (channels.isTellingSettings() && settings.syncTelling(this))
                || channels.handOver(this)) {
            return;
        }
        if (channels.isReadyHeld() && !channels.isJoining()) {
            channels.catchUp(this);
        } else if (state.isPinned()) {
            state.staysPinned(this);
        } else if (!channels.isJoining() && !channels.passesOn(this)) {
            unlink();
        }
    }

    @Override
    public void probed(SessionProbe answer) {
        if (ended) {
            return;
        }
        learn(answer);
        boolean resumes = !ended && requests.isPaused(Until.PROBED) && !server.isProbing();
        if (resumes && !(answer.isOfCatalog() && asksWhatWentBack())) {
            resumeInLine();
        }
        cancelIfRunning();
    }

    /**
     * Asks what RESET has sent back if the statements do not tell; what follows must find what the client started with, and
     * the client is told.
     */
    private boolean asksWhatWentBack() {
        boolean concerns = channels.isTellingSettings() || (requests.hasWaiting() && state.mayHaveGoneBack(this));
        return concerns && mode != PoolingMode.SESSION && server.isQuiet() && state.ask(this);
    }

    /** The requests that have waited begin a transaction: the connection gets in line with the session first. */
    private void resumeInLine() {
        if (channels.isTellingSettings()) {
            settings.syncTelling(this);
        } else if (requests.hasWaiting()) {
            settings.syncIfNeeded(this);
        }
        if (!requests.isPaused(Until.SYNCED)) {
            client.resumeRequests();
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
        } else if (!ended && channels.isReadyHeld() && !channels.isJoining()) {
            channels.catchUp(this);
        }
    }

    @Override
    public void proxyRequestAnswered(byte status) {
        if (ended) {
            return;
        }
        if (settings.isToBeContinued(this)) {
            return;
        }
        channels.bring(this);
        boolean restored = channels.isReadyHeld()
                && status != TransactionStatus.IDLE
                && server.outstanding().isEmpty();
        if (restored) {
            channels.heldStatus(status);
        }
        boolean stranded = requests.isPaused(Until.PROBED)
                && !server.isProbing()
                && server.outstanding().isEmpty();
        if (requests.isPaused(Until.SYNCED) || restored || stranded) {
            client.resumeRequests();
        }
        cancelIfRunning();
        unlinkIfNothingIsAsked();
    }

    /** Relays the requests that have waited. */
    public void resume() {
        // What was notified comes before it only between transactions, and if the client waits for it.
        boolean now = requests.hasWaiting()
                || mode == PoolingMode.SESSION
                || server.transactionStatus() != TransactionStatus.IDLE;
        if (channels.isReadyHeld() && now) {
            sendReady();
        }
        client.readRequests(server.channel().isWritable());
        requests.resume(this);
    }

    /** Parts the two at a transaction's end: the only regular way. */
    private void unlink() {
        end();
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
        state.end(this);
        channels.end(client);
        cancelNow(false);
    }

    /**
     * The client cancels: {@code cancel} is told whether something runs for it, as soon as that is not something the proxy
     * asks for. To cancel that would leave the client's request without its settings.
     */
    public void cancel(Consumer<Boolean> cancel) {
        if (cancels == null) {
            cancels = new ArrayList<>(1);
        }
        cancels.add(cancel);
        cancelIfRunning();
    }

    private void cancelIfRunning() {
        if (cancels != null && !server.outstanding().areOursFirst()) {
            cancelNow(isWorking());
        }
    }

    private void cancelNow(boolean running) {
        List<Consumer<Boolean>> all = cancels;
        cancels = null;
        if (all != null) {
            all.forEach(cancel -> cancel.accept(running));
        }
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
        if (channels.isPassingOn() || state.takeNotified()) {
            server.hasNotified(client::passOn);
        }
        boolean running = !server.outstanding().isEmpty();
        boolean suspicious = mode == PoolingMode.SESSION
                || running
                || channels.areOnServer()
                || server.isProbing()
                || server.hasHiddenEffects()
                || server.mayHaveNewFunctions()
                || state.isSuspicious();
        returns.release(server, suspicious ? ServerReset.Scope.FULL : ServerReset.Scope.DRAIN);
        return running && !goodbye;
    }

    /** Whether the client waits for nothing: it is outside any transaction, and not in the middle of a reply. */
    public boolean isBetweenTransactions() {
        return !ended && !channels.isReadyHeld() && server.isQuiet() && !requests.isUnfinished();
    }

    /** Whether the client has asked for something that has not been answered in full. */
    public boolean owesAnswer() {
        return !ended
                && (channels.isReadyHeld()
                        || requests.hasWaiting()
                        || server.outstanding().hasClients());
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
        if (server.isMidReply()) {
            end();
            client.linkTorn();
            return;
        }
        ServerLoss loss = ServerLoss.of(this, lastWords);
        boolean goesOn = loss != ServerLoss.SESSION;
        if (goesOn) {
            requests.dropData();
        }
        if (loss == ServerLoss.NOTHING) {
            goOnElsewhere();
            return;
        }
        end();
        if (goesOn) {
            server.outstanding().lost();
        }
        client.serverLost(loss.reply(server, lastWords), goesOn);
    }

    /** All that was sent is answered, and nothing binds the session to the connection: requests that wait go to another one. */
    private void goOnElsewhere() {
        if (channels.isReadyHeld()) {
            sendReady(channels.isTellingSettings());
        }
        for (int closed = server.outstanding().owedMadeUp(); closed > 0; closed--) {
            ByteBuf out = server.channel().alloc().directBuffer(5);
            WireWriter.empty(out, BackendMessageType.CLOSE_COMPLETE);
            reply(out);
        }
        end();
        repliesRead();
        client.readRequests(true);
        client.requestsLeft(requests.takeWaiting());
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
    private boolean isWorking() {
        return !server.outstanding().isEmpty();
    }
}

package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.params.TrackedParameters;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import dev.carpool.relay.RequestQueue.Until;
import dev.carpool.server.CloseReason;
import dev.carpool.server.ListenSql;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerReset;
import dev.carpool.server.ServerState;
import dev.carpool.server.SessionProbe;
import dev.carpool.server.StepwiseSync;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client session and a server connection that belong together for a transaction (or longer). Both live on the same
 * event loop. It owns the server connection from {@link #between} until it hands it back, and it is the one place where
 * that happens.
 */
public final class Link implements ServerConnection.Owner {
    private static final Logger log = LoggerFactory.getLogger(Link.class);

    private static final String IN_FAILED_TRANSACTION = "25P02";

    /** Bits of {@link Suspicion} that only the server's answer clears up. */
    private static final int ASKED = Suspicion.SQL_PREPARE
            | Suspicion.LISTEN
            | Suspicion.TEMP
            | Suspicion.ADVISORY_LOCK
            | Suspicion.HELD_CURSOR
            | Suspicion.DO_OR_CALL
            | Suspicion.UNCLEAR
            | Suspicion.UNKNOWN_CALL
            | Suspicion.DISCARD
            | Suspicion.SET_CONFIG
            | Suspicion.SET
            | Suspicion.WENT_BACK;

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
    private long linkedAt;
    private long queryStartedAt;

    /** When the server last became ready inside a transaction, 0 while it works. */
    private long idleInTransactionSince;

    /** Bits of {@link Suspicion}: what may have been left on the connection and has to be asked for. */
    private int suspicion;

    /** Bits of {@link Suspicion}: the same, and the answer is on its way. */
    private int probed;

    /** Tags of {@link Suspicion} seen since the last transaction ended. */
    private int tags;

    /** How many transactions have ended with a tag since. */
    private int endings;

    /** A transaction has ended, and nothing has been asked since. */
    private boolean worked;

    /** A request has failed since. */
    private boolean failed;

    /** What this transaction does to settings; null for nothing. */
    private @Nullable SettingsJournal journal;

    /** Settings to give back once the request that has sent them back has ended; null for none. */
    private @Nullable ParameterValues restoring;

    /** {@link #restoring} waits for the Sync of its batch. */
    private boolean pauseAtSync;

    /** Bits of {@link PinReason}. */
    private int pins;

    /** What of {@link #pins} has been said outside. */
    private int pinsTold;

    private volatile @Nullable Pin pin;
    private long pinnedSince;

    /** The last suspicious statement, shortened, and the one that has pinned the session. */
    private @Nullable String suspect;

    private @Nullable String pinnedBy;

    /** The connection holds what only DISCARD ALL clears. */
    private boolean resetNeeded;

    /** Probes that have failed in a row. */
    private int probeFailures;

    private boolean ended;

    /** {@link #journal} asks for nothing but what RESET has left of settings. */
    private boolean lookup;

    /** The server has refused the session's settings, and the requests wait; null when it has not. */
    private @Nullable RefusedSettings refused;

    /** The last ReadyForQuery has been kept back until the client has been told what was notified before it. */
    private boolean readyHeld;

    /** It waits for what was notified, and for nothing else. */
    private boolean catchingUp;

    /** How often that has happened. */
    private int catchUps;

    /** The server connection listens on channels of the session: brought along, or found by a probe. */
    private boolean listens;

    /** The shared listener has been asked to take over. */
    private boolean joining;

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
        requests.begin();
        server.toldProcessId(client.processId());
        server.own(link, ServerState.LINKED, now);
        client.sequences().transactionEnded();
        if (server.needsSync(client.wanted())) {
            link.sync();
        }
        requests.arrive(server);
        link.bringChannels();
        return link;
    }

    /** The session finds the channels it listens on, and adds to them, on whatever connection it has. */
    private void bringChannels() {
        Set<String> channels = client.channels();
        if (!channels.isEmpty() && mode != PoolingMode.SESSION) {
            listens = true;
            server.ask(ListenSql.listen(channels));
        }
    }

    /** Brings the connection in line within a link; not while it is in doubt what the session wants. */
    private void syncIfNeeded() {
        boolean doubtful =
                server.isProbing() || (suspicion & ASKED) != 0 || (journal != null && journal.isUncertain() && !lookup);
        if (server.applied() != client.wanted() && !doubtful) {
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
        if (readyHeld) {
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
    private void unlinkIfNothingIsAsked() {
        if (!ended && mode != PoolingMode.SESSION && server.isQuiet() && !requests.isUnfinished()) {
            transactionsEnded();
        }
    }

    /** Between two transactions: nothing is asked, running or half sent. */
    public boolean isIdle() {
        return !ended
                && !readyHeld
                && server.isQuiet()
                && !requests.isUnfinished()
                && (pins != 0 || mode == PoolingMode.SESSION);
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
        return pin;
    }

    /** A transaction has ended, and the session keeps the connection. */
    private void stayPinned() {
        if (pins == pinsTold) {
            return;
        }
        List<PinReason> fresh = PinReason.of(pins & ~pinsTold);
        Pin now = new Pin(PinReason.of(pins), pinnedSince, pinnedBy);
        pin = now;
        pinsTold = pins;
        stats.sessionState().pinned(fresh);
        ErrorReply refusal = client.pinned(now, fresh);
        if (refusal != null) {
            client.linkFailed(refusal);
        }
    }

    /** The settings of the session. */
    ParameterValues wanted() {
        return client.wanted();
    }

    /** Whether a statement of this link may have left one of these behind: bits of {@link Suspicion}. */
    boolean isSuspected(int bits) {
        return (suspicion & bits) != 0;
    }

    /** Notes what a statement may leave behind. */
    void suspect(int bits) {
        if (client.isReporting()) {
            client.ran((bits & Suspicion.STATEFUL) == 0 ? Effects.NONE : Effects.unread(bits), "", true);
        }
        suspicion |= bits;
        if ((bits & Suspicion.UNSEEN_SETTINGS) != 0) {
            journal().askForAll();
        }
    }

    /**
     * A request that has to do with sequences goes to the server next. Returns whether the server must discard what it
     * knows of sequences before.
     */
    boolean usesSequences(int bits) {
        if ((bits & Suspicion.USES_SEQUENCES) == 0 || mode == PoolingMode.SESSION) {
            return false;
        }
        SequenceState sequences = client.sequences();
        boolean discards = sequences.uses(bits, server);
        if (sequences.needs(server)) {
            pin(PinReason.SEQUENCE);
        }
        return discards;
    }

    /** The same for a request whose text is not known before it is sent. */
    boolean usesUnseenSequences() {
        return mode != PoolingMode.SESSION && client.sequences().usesUnseen(server);
    }

    /** The connection gets what only DISCARD ALL clears. */
    void needsReset() {
        resetNeeded = true;
    }

    /**
     * Notes what a suspicious statement does; called before its request is queued.
     *
     * @param simple whether the request ends with it (simple query), not with a Sync to come
     */
    void effects(Effects effects, String statement, boolean simple) {
        if (client.isReporting()) {
            client.ran(effects, statement, server.hasStandardStrings());
        }
        suspect = statement;
        suspicion |= effects.bits();
        if ((effects.bits() & (Suspicion.HIDDEN_STATE | Suspicion.LOAD)) != 0) {
            pin(PinReason.HIDDEN_STATE);
        }
        if ((effects.bits() & Suspicion.BACKEND_PID) != 0) {
            pin(PinReason.BACKEND_PID);
        }
        boolean settings = !effects.changes().isEmpty()
                || !effects.names().isEmpty()
                || !effects.namesKnown()
                || (effects.bits() & Suspicion.UNSEEN_SETTINGS) != 0;
        if (!settings) {
            return;
        }
        SettingsJournal kept = journal();
        kept.add(effects);
        effects.changes().forEach(change -> client.customSettings().add(Set.of(change.name())));
        if (!effects.changes().isEmpty() && server.outstanding().owedReadyForQuery() > 0) {
            kept.uncertain(); // which transaction it belongs to cannot be told
        }
        effects.names().forEach(kept::ask);
        if (!effects.namesKnown() || (effects.bits() & Suspicion.UNSEEN_SETTINGS) != 0) {
            kept.askForAll();
        }
        if (effects.goesBack()) {
            ParameterValues restore = SettingsJournal.toRestore(effects, client.started());
            if (!restore.isEmpty()) {
                restoring = restore;
                if (simple) {
                    requests.pause(Until.RESTORED);
                } else {
                    pauseAtSync = true;
                }
            }
        }
    }

    /** A setting may change whose name a bind parameter gives. */
    void changesSetting(String name) {
        journal().ask(name);
    }

    private SettingsJournal journal() {
        SettingsJournal kept = journal;
        if (kept == null) {
            kept = new SettingsJournal();
            journal = kept;
        }
        return kept;
    }

    /** A Sync is being sent. */
    void synced() {
        if (pauseAtSync) {
            pauseAtSync = false;
            requests.pause(Until.RESTORED);
        }
    }

    private void pin(PinReason reason) {
        if (mode == PoolingMode.SESSION) {
            return;
        }
        if (pins == 0) {
            client.sequences().keeps(server);
            pinnedSince = System.nanoTime();
            pinnedBy = suspect;
        }
        pins |= reason.bit();
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
        // Of SET and the like the text tells more than the tag.
        suspicion |= bits & Suspicion.LISTEN;
        if ((bits & Suspicion.SQL_PREPARE) != 0) {
            preparedInSql((bits & Suspicion.DEALLOCATED_ALL) != 0);
        }
        if ((bits & Suspicion.DISCARD) != 0 && listens) {
            suspicion |= Suspicion.LISTEN;
        }
        tags |= bits;
        if ((bits & (Suspicion.DEFINES | Suspicion.DO_OR_CALL)) != 0) {
            server.lookForHiddenEffects();
        }
        boolean unbinds = (bits & (Suspicion.DROPPED | Suspicion.DISCARD)) != 0;
        if (unbinds && (pins & (PinReason.TEMP.bit() | PinReason.HELD_CURSOR.bit())) != 0) {
            suspicion |= Suspicion.TEMP;
        } else if ((bits & Suspicion.WENT_BACK) != 0 && pins != 0) {
            suspicion |= Suspicion.TEMP;
        }
        if ((bits & (Suspicion.COMMITTED | Suspicion.ROLLED_BACK)) != 0) {
            endings++;
        }
        if ((bits & Suspicion.SEQUENCES_DISCARDED) != 0) {
            client.sequences().discarded(server);
            pins &= ~PinReason.SEQUENCE.bit();
        }
        if ((bits & Suspicion.DEALLOCATED_ALL) != 0) {
            requests.forgetStatements();
        }
    }

    /** PREPARE or DEALLOCATE has completed. */
    private void preparedInSql(boolean all) {
        boolean followed = all || requests.sql().completed(server);
        if (!followed || (pins & PinReason.SQL_PREPARE.bit()) != 0) {
            suspicion |= Suspicion.SQL_PREPARE;
        }
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        failed |= !ours;
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
        return readyHeld ? null : client.notified(notification);
    }

    /**
     * PostgreSQL tells a session in front of ReadyForQuery what was notified meanwhile, its own notifications above all; and
     * with ReadyForQuery a client knows that LISTEN has taken effect.
     */
    @Override
    public boolean holdsReady(byte status) {
        boolean concerned = !client.channels().isEmpty() || (suspicion & Suspicion.LISTEN) != 0;
        readyHeld = !ended && status == TransactionStatus.IDLE && mode != PoolingMode.SESSION && concerned;
        return readyHeld;
    }

    private void catchUp() {
        if (!catchingUp) {
            catchingUp = true;
            int mine = ++catchUps;
            client.catchUp(() -> {
                if (!ended && catchingUp && mine == catchUps) {
                    client.deliver();
                    sendReady();
                    unlinkIfNothingIsAsked();
                    repliesRead();
                }
            });
        }
    }

    private void sendReady() {
        readyHeld = false;
        catchingUp = false;
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
            suspicion |= Suspicion.SQL_PREPARE;
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
                restore(status);
                client.resumeRequests();
            }
            return;
        }
        stats.transaction(now - linkedAt);
        worked = true;
        idleInTransactionSince = 0;
        client.sequences().transactionEnded();
        settle();
        if (requests.isPausedForAnswers() && server.outstanding().owedReadyForQuery() == 0) {
            restoring = null;
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
        } else if (readyHeld) {
            sendReady();
        }
    }

    /** What RESET has sent back to the server's beginning goes back to the client's. */
    private void restore(byte status) {
        ParameterValues values = restoring;
        restoring = null;
        if (values != null && status == TransactionStatus.IN_TRANSACTION) {
            server.restore(values);
            journal().restored(values);
        }
    }

    /** A transaction has ended: what it has done to settings holds or does not. */
    private void settle() {
        SettingsJournal done = journal;
        int seen = tags;
        int ended = endings;
        boolean error = failed;
        tags = 0;
        endings = 0;
        failed = false;
        if (done == null) {
            return;
        }
        if (done.isUncertain() || ended > 1 || (seen & Suspicion.SAVEPOINT) != 0) {
            done.uncertain();
            suspicion |= seen & Suspicion.WENT_BACK;
            lookup = false;
            return;
        }
        boolean committed = ended == 0 ? !error : (seen & Suspicion.COMMITTED) != 0;
        if (committed && error) {
            done.uncertain();
            suspicion |= seen & Suspicion.WENT_BACK;
            lookup = false;
            return;
        }
        journal = null;
        lookup = false;
        if (committed) {
            resetNeeded |= done.discardsAll() && (seen & Suspicion.DEALLOCATED_ALL) == 0;
            Set<String> lookups = done.lookups(server.applied());
            ParameterValues wanted = done.forClient(client.wanted(), client.started(), this::isReported);
            server.settle(done.onServer(server.applied(), this::isReported));
            client.wanted(wanted);
            if (!lookups.isEmpty()) {
                lookups.forEach(journal()::ask);
                lookup = true;
            }
            tellRestored();
        }
    }

    /** The client has been told what the server has gone back to; what it gets is what it has started with. */
    private void tellRestored() {
        ParameterValues wanted = client.wanted();
        if (wanted == server.applied()) {
            return;
        }
        ParameterValues.difference(server.applied(), wanted, (name, value) -> {
            if (value != null && isReported(name)) {
                ByteBuf out = server.channel().alloc().directBuffer(64);
                WireWriter.parameterStatus(out, name, value);
                reply(out);
            }
        });
    }

    private boolean isReported(String name) {
        return server.baseline().containsKey(name);
    }

    /** Between transactions: asks what the session holds if there is doubt, and parts the two if nothing binds them. */
    private void transactionsEnded() {
        if (worked && server.probesCatalog(queryStartedAt)) {
            return;
        }
        if (worked && server.hasHiddenEffects()) {
            suspect(Suspicion.UNKNOWN_CALL);
        }
        worked = false;
        SettingsJournal doubtful = journal;
        if (doubtful != null || (suspicion & ASKED) != 0) {
            journal = null;
            probed = suspicion;
            suspicion &= ~ASKED;
            lookup = false;
            boolean sweep = doubtful != null && doubtful.isSweep();
            Set<String> names = new LinkedHashSet<>();
            if (doubtful != null) {
                names.addAll(doubtful.names());
            }
            // A value asked for by name does not tell whether it is the session's own: only a sweep does.
            sweep |= names.stream().anyMatch(name -> name.indexOf('.') < 0);
            names.removeIf(name -> name.indexOf('.') < 0);
            names.add("role");
            if (doubtful != null && doubtful.isSweep()) {
                client.customSettings().addAllTo(names);
                client.wanted().names().stream()
                        .filter(name -> name.indexOf('.') > 0)
                        .forEach(names::add);
            }
            stats.sessionState().probe(sweep);
            server.probe(names, sweep);
        } else if (readyHeld && !joining) {
            catchUp();
        } else if (pins == 0 && !joining) {
            unlink();
        } else if (pins != 0) {
            stayPinned();
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
        if (answer.isOfCatalog()) {
            client.customSettings().add(answer.settings().keySet());
            unlinkIfNothingIsAsked();
            return;
        }
        if (answer.failure() != null) {
            stats.sessionState().probeFailed();
            probeFailed(String.valueOf(answer.failure()));
            return;
        }
        probeFailures = 0;
        int was = pins;
        pins &= PinReason.HIDDEN_STATE.bit() | PinReason.BACKEND_PID.bit() | PinReason.SEQUENCE.bit();
        if ((answer.held() & SessionProbe.ADVISORY_LOCKS) != 0) {
            repin(was, PinReason.ADVISORY_LOCK);
        }
        if ((answer.held() & SessionProbe.TEMPORARY_OBJECTS) != 0) {
            repin(was, PinReason.TEMP);
        }
        if ((answer.held() & SessionProbe.HELD_CURSORS) != 0) {
            repin(was, PinReason.HELD_CURSOR);
        }
        if (!requests.sql().learn(answer.prepared(), server)) {
            repin(was, PinReason.SQL_PREPARE);
        }
        learnSettings(answer);
        if ((probed & Suspicion.WENT_BACK) != 0) {
            client.settingsWentBack();
            tellRestored();
        }
        if ((probed & Suspicion.UNSEEN_SETTINGS) != 0) {
            server.resetDue();
        }
        probed = 0;
        listens = !answer.channels().isEmpty();
        Set<String> channels = new HashSet<>();
        answer.channels().forEach(channel -> channels.add(WireReader.text(channel)));
        if (listens && !isUtf8()) {
            repin(was, PinReason.LISTEN); // the shared listener speaks UTF-8
            unlinkIfNothingIsAsked();
        } else if (channels.equals(client.channels())) {
            unlinkIfNothingIsAsked();
        } else {
            join(channels, was);
        }
    }

    private boolean isUtf8() {
        String encoding = server.reported().get("client_encoding");
        return encoding == null || encoding.equals("UTF8") || encoding.equals("SQL_ASCII");
    }

    /** The shared listener takes over, or else the session keeps the connection that listens. */
    private void join(Set<String> channels, int was) {
        joining = true;
        client.listen(channels, new ClientEnd.ListenAnswer() {
            @Override
            public void listening() {
                joining = false;
                unlinkIfNothingIsAsked();
            }

            @Override
            public void refused(ErrorReply reply) {
                joining = false;
                if (!ended) {
                    log.info("{}: keeps its server connection: {}", client.label(), reply.message());
                    repin(was, PinReason.LISTEN);
                    unlinkIfNothingIsAsked();
                }
            }
        });
    }

    private void repin(int was, PinReason reason) {
        if ((was & reason.bit()) != 0) {
            pins |= reason.bit();
        } else {
            int before = pins;
            pins = was;
            pin(reason);
            pins = before | reason.bit();
        }
    }

    private void learnSettings(SessionProbe answer) {
        ParameterValues applied = server.applied();
        ParameterValues wanted = client.wanted();
        boolean same = applied == wanted;
        if (answer.isSweep()) {
            applied = applied.only(name -> isReported(name) || answer.settings().containsKey(name));
        }
        for (Map.Entry<String, @Nullable String> setting : answer.settings().entrySet()) {
            String name = setting.getKey();
            String value = setting.getValue();
            if (isReported(TrackedParameters.canonical(name))) {
                continue;
            }
            if (value != null && name.indexOf('.') > 0) {
                client.customSettings().add(Set.of(name));
            }
            boolean noRole = name.equals("role") && "none".equals(value);
            String known = noRole ? null : value;
            applied = with(applied, name, known);
            // What the client started with comes back with the next sync after it has been reset.
            if (!same && !client.started().contains(name)) {
                wanted = with(wanted, name, known);
            }
        }
        server.settle(applied);
        client.wanted(same ? applied : wanted);
    }

    private static ParameterValues with(ParameterValues settings, String name, @Nullable String value) {
        return value == null ? settings.without(name) : settings.with(name, value);
    }

    /** What the session holds is not known: it keeps the connection, and the next transaction's end asks again. */
    private void probeFailed(String sqlState) {
        suspicion |= probed | Suspicion.UNCLEAR;
        journal().askForAll();
        probed = 0;
        boolean cancelled = sqlState.equals("57014"); // meant for the client's query before
        if (cancelled || ++probeFailures == 1) {
            unlinkIfNothingIsAsked();
        } else {
            log.warn("{}: the state of the session cannot be read: {}", client.label(), sqlState);
            pin(PinReason.UNKNOWN);
            stayPinned();
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
        if (readyHeld) {
            sendReady();
        }
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
        client.unlinked();
        ServerReset.Scope scope = scopeOfReset();
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
        if (resetNeeded || connectQuerySets) {
            return ServerReset.Scope.FULL;
        }
        return server.wasCancelled() ? ServerReset.Scope.CHECK : null;
    }

    private void end() {
        ended = true;
        if (pinsTold != 0) {
            pinsTold = 0;
            pin = null;
            client.unpinned();
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
        if ((pins & PinReason.HIDDEN_STATE.bit()) != 0 || !requests.finishMessage(server)) {
            server.close(CloseReason.CLIENT_LEFT_DIRTY);
            return false;
        }
        server.flush();
        boolean running = !server.outstanding().isEmpty();
        boolean suspicious = mode == PoolingMode.SESSION
                || running
                || pins != 0
                || listens
                || resetNeeded
                || journal != null
                || server.isProbing()
                || (suspicion & Suspicion.STATEFUL) != 0;
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
        if (catchingUp && pins == 0) {
            // All has been answered: the loss is no concern of the session.
            sendReady();
            end();
            repliesRead();
            client.readRequests(true);
            client.unlinked();
            return;
        }
        boolean nothingLost = server.transactionStatus() == TransactionStatus.IDLE
                && pins == 0
                && ((probed | suspicion) & ASKED & ~Suspicion.UNKNOWN_CALL) == 0
                && journalIsCertain();
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
                pins != 0 || server.transactionStatus() != TransactionStatus.IDLE || mode == PoolingMode.SESSION;
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

    private boolean journalIsCertain() {
        return journal == null || !journal.isUncertain();
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

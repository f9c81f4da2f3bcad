package dev.carpool.server;

import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.params.TrackedParameters;
import dev.carpool.prepared.NamedStatements;
import dev.carpool.prepared.ServerStatements;
import dev.carpool.protocol.BackendMessageType;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.suspicion.CommandTags;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to PostgreSQL after its login. It matches every reply to an outstanding request and hands the bytes to
 * its {@link Owner}; it never decides who that is. Confined to its channel's event loop.
 */
public final class ServerConnection extends ChannelInboundHandlerAdapter implements ReplyScanner.Sink {
    private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);

    /** How long a server may take to close its end. */
    private static final int LONGEST_GOODBYE_SECONDS = 10;

    /** Names of custom settings kept for a connection; the others are asked about again and again. */
    private static final int MOST_CUSTOM_SETTINGS = 256;

    /** Who the replies are for at the moment: a link with a client session, or a clean-up. */
    public interface Owner {
        /** Bytes for the client; takes ownership. */
        void reply(ByteBuf run);

        /** Everything that one read brought has been handed over. */
        default void repliesRead() {}

        /** A statement has ended; {@code suspicion} are the bits of its command tag. */
        default void commandCompleted(int suspicion) {}

        /** An ErrorResponse has come; it is forwarded besides, unless the request was the proxy's own. */
        void requestFailed(ErrorFields fields, boolean ours);

        /** The settings of the connection have changed, see {@link ServerConnection#applied}. */
        default void settingsChanged() {}

        /** ReadyForQuery to a request that was not the proxy's own. */
        default void ready(byte status) {}

        /** ReadyForQuery to a request of the proxy's own. */
        default void proxyRequestAnswered(byte status) {}

        /** The answer to {@link ServerConnection#probe}. */
        default void probed(SessionProbe answer) {
            proxyRequestAnswered(TransactionStatus.IDLE);
        }

        /** The connection is gone, with the server's last words if it had any. */
        void serverLost(@Nullable ErrorFields lastWords);

        /** Whether the server takes more bytes at the moment. */
        default void serverWritable(boolean writable) {}

        /** A notification; returns the message that goes to the client, null for none. */
        default byte @Nullable [] notified(NotificationResponse notification) {
            return notification.message();
        }

        /**
         * The last ReadyForQuery that is owed is about to be forwarded. When the owner holds it, it must send one itself,
         * some time behind {@link #ready}.
         */
        default boolean holdsReady(byte status) {
            return false;
        }
    }

    /** Where a connection belongs while it is nobody's: its place in a pool. */
    public interface Home {
        /** The connection is gone; called once. */
        void closed(ServerConnection connection, CloseReason reason);
    }

    private final long id;
    private final Channel channel;
    private final ServerTarget target;
    private final int processId;
    private final byte[] cancelKey;
    private final OutstandingRequests outstanding = new OutstandingRequests();
    private final ReplyScanner scanner;
    private final ServerStatements statements;
    private final ServerSequences sequences = new ServerSequences(this);
    private final NamedStatements named = new NamedStatements();

    /** Current values of everything PostgreSQL reports. */
    private final Map<String, String> reported;

    /** The reported values right after the login, by name. */
    private final Map<String, String> baseline;

    /** The settings that differ from those right after the login, as far as the proxy has set or seen them. */
    private ParameterValues applied = ParameterValues.empty();

    private final ResetValues resetValues = new ResetValues();

    /** What {@link #applied} becomes when the sync in flight succeeds. */
    private @Nullable ParameterValues syncing;

    /** That sync begins with RESET ALL. */
    private boolean syncResets;

    /** Custom settings that the connection has had: it does not forget them. */
    private final Set<String> customSettings = new HashSet<>();

    /** Null where nobody's transactions run, or where it is not asked. */
    private @Nullable HiddenEffects hiddenEffects;

    private long hiddenEffectsDelay;

    /** What is being asked of the session. */
    private @Nullable SessionProbe probe;

    /** The probe's statements that the connection has; null for none. */
    private @Nullable Set<String> probeStatements;

    /** Settings that nobody has seen may be set: the next sync begins with RESET ALL. */
    private boolean resetDue;

    private ServerState state = ServerState.IDLE;
    private byte transactionStatus = TransactionStatus.IDLE;
    private @Nullable Owner owner;
    private @Nullable Home home;
    private CloseReason closeReason = CloseReason.SERVER_CLOSED;

    /** {@link #close} has been called; with TLS the channel is active for a while longer. */
    private boolean closing;

    private @Nullable ErrorFields lastWords;

    /** Cancel requests for this connection that have not ended; it must not be reused before. */
    private int cancelsInFlight;

    /** A cancel has been sent since the connection was last known to be quiet. */
    private boolean cancelled;

    /** Whose unnamed statement the server has: the generation that session gave it, 0 for nobody's. */
    private long unnamedStatement;

    /** The process id that the client session linked last was told; the server's own before the first. */
    private volatile int toldProcessId;

    /** The same of an earlier session whose notifications may still be on their way; 0 for none. */
    private volatile int earlierProcessId;

    /** Whether a backslash in a string constant is an ordinary character (standard_conforming_strings). */
    private boolean standardStrings;

    /** Replication: replies are not matched. */
    private boolean passing;

    private long transactions;
    private long stateSince;
    private long connectedAt;

    /** Bytes read from and written to the server, and requests it has answered. */
    private long bytesRead;

    private long bytesWritten;

    ServerConnection(
            long id,
            Channel channel,
            ServerTarget target,
            int processId,
            byte[] cancelKey,
            Map<String, String> reported,
            int maxPreparedStatements,
            long now) {
        this.id = id;
        this.channel = channel;
        this.target = target;
        this.processId = processId;
        this.toldProcessId = processId;
        this.cancelKey = cancelKey;
        this.reported = new TreeMap<>(reported);
        this.baseline = new TreeMap<>(reported);
        this.standardStrings = "on".equals(reported.get("standard_conforming_strings"));
        this.statements = new ServerStatements(Math.max(1, maxPreparedStatements));
        this.scanner = new ReplyScanner(outstanding, this, channel.alloc());
        this.connectedAt = now;
        this.stateSince = now;
    }

    public long id() {
        return id;
    }

    public Channel channel() {
        return channel;
    }

    public ServerTarget target() {
        return target;
    }

    public int processId() {
        return processId;
    }

    /** The process id by which clients know who uses the connection, or has used it last. Any thread. */
    public int toldProcessId() {
        int earlier = earlierProcessId;
        return earlier != 0 ? earlier : toldProcessId;
    }

    /** The connection serves the session whose client was told this process id. */
    public void toldProcessId(int ofSession) {
        toldProcessId = ofSession;
    }

    /** The session has notified: what comes from here is its own, whoever is next, until all of it has arrived. */
    public Runnable hasNotified() {
        int notifier = toldProcessId;
        earlierProcessId = notifier;
        return () -> {
            if (earlierProcessId == notifier) {
                earlierProcessId = 0;
            }
        };
    }

    public byte[] cancelKey() {
        return cancelKey;
    }

    public OutstandingRequests outstanding() {
        return outstanding;
    }

    public ServerStatements statements() {
        return statements;
    }

    public ServerSequences sequences() {
        return sequences;
    }

    /** Statements under their clients' own names. */
    public NamedStatements named() {
        return named;
    }

    /** The names of the probe's statements that the connection has; they are forgotten, to be closed. */
    public Set<String> takeProbeStatements() {
        Set<String> taken = probeStatements;
        probeStatements = null;
        return taken == null ? Set.of() : taken;
    }

    /** A statement of the probe is there after all. */
    public void hasProbeStatement(String name) {
        Set<String> known = probeStatements;
        if (known == null) {
            known = new HashSet<>();
            probeStatements = known;
        }
        known.add(name);
    }

    public ParameterValues applied() {
        return applied;
    }

    /** Current values of everything PostgreSQL reports, by PostgreSQL's own names. */
    public Map<String, String> reported() {
        return reported;
    }

    public Map<String, String> baseline() {
        return baseline;
    }

    public ServerState state() {
        return state;
    }

    public byte transactionStatus() {
        return transactionStatus;
    }

    public @Nullable Owner owner() {
        return owner;
    }

    /** System.nanoTime of the last change of state. */
    public long stateSince() {
        return stateSince;
    }

    public long connectedAt() {
        return connectedAt;
    }

    public long bytesRead() {
        return bytesRead;
    }

    public long bytesWritten() {
        return bytesWritten;
    }

    /** Transactions that have ended on this connection. */
    public long transactions() {
        return transactions;
    }

    /** Why the connection was closed, once it is. */
    public CloseReason closeReason() {
        return closeReason;
    }

    public boolean isOpen() {
        return !closing && state != ServerState.CLOSED && channel.isActive();
    }

    /** Whether a backslash in a string constant is an ordinary character at the moment. */
    public boolean hasStandardStrings() {
        return standardStrings;
    }

    public @Nullable Home home() {
        return home;
    }

    public void home(Home place) {
        home = place;
    }

    public long unnamedStatement() {
        return unnamedStatement;
    }

    public void unnamedStatement(long generation) {
        unnamedStatement = generation;
    }

    /** Whether nothing is owed, half read or half done: the server waits for a request outside a transaction. */
    public boolean isQuiet() {
        return outstanding.isEmpty()
                && !outstanding.isUnsynced()
                && transactionStatus == TransactionStatus.IDLE
                && !scanner.inMessage();
    }

    /** Whether the owner has been given a message in part only. */
    public boolean isMidReply() {
        return scanner.isForwardingMessage();
    }

    /** Gives the connection to somebody. */
    public void own(Owner next, ServerState nextState, long now) {
        assert channel.eventLoop().inEventLoop();
        owner = next;
        if (state != ServerState.CLOSED) {
            state = nextState;
        }
        stateSince = now;
    }

    /** Nobody's again. */
    public void disown(long now) {
        owner = null;
        state = ServerState.IDLE;
        stateSince = now;
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    /** Writes without flushing; takes ownership. */
    public void send(ByteBuf bytes) {
        bytesWritten += bytes.readableBytes();
        channel.write(bytes, channel.voidPromise());
    }

    public void flush() {
        channel.flush();
    }

    /** Sends a simple query of the proxy's own; its replies are swallowed up to and with its ReadyForQuery. */
    public void ask(String sql) {
        ByteBuf out = channel.alloc().directBuffer(sql.length() + 16);
        WireWriter.query(out, sql);
        outstanding.push(OutstandingRequests.QUERY | OutstandingRequests.SWALLOW);
        unnamedStatement = 0;
        send(out);
    }

    /** Parameter sync: puts the statements in front of the next request that give the connection these settings. */
    public void sync(ParameterValues wanted) {
        ByteBuf out = channel.alloc().directBuffer(256);
        ParameterSync.write(out, applied, wanted, defaultEncoding(), resetDue);
        syncResets = resetDue;
        resetDue = false;
        outstanding.push(OutstandingRequests.QUERY | OutstandingRequests.SWALLOW);
        unnamedStatement = 0;
        syncing = wanted;
        send(out);
    }

    /** Whether the server may refuse {@link #sync} although it has accepted the same settings elsewhere. */
    public boolean mayRefuse(ParameterValues wanted) {
        return ParameterSync.mayBeRefused(applied, wanted, customSettings);
    }

    /** The same as a {@link #sync} that has failed, setting by setting; the result holds when nothing is outstanding. */
    public StepwiseSync syncStepwise(ParameterValues wanted) {
        StepwiseSync steps = new StepwiseSync(wanted);
        ParameterValues left = applied;
        if (resetDue) {
            resetDue = false;
            left = applied.identity();
            ask("RESET ALL");
        }
        String encoding = wanted.value("client_encoding");
        ParameterSync.steps(left, wanted, (name, value) -> {
            ByteBuf out = channel.alloc().directBuffer(128);
            ParameterSync.writeStep(out, name, value, encoding == null ? defaultEncoding() : encoding);
            outstanding.push(
                    OutstandingRequests.QUERY,
                    new OutstandingRequests.Attempt(() -> steps.refused(name, value != null)));
            send(out);
        });
        flush();
        return steps;
    }

    private String defaultEncoding() {
        return baseline.getOrDefault("client_encoding", "UTF8");
    }

    /** Whether the connection has to be synced before somebody with these settings may use it. */
    public boolean needsSync(ParameterValues wanted) {
        return applied != wanted || resetDue;
    }

    /** What RESET makes of its settings, as far as it is known. */
    public ResetValues resetValues() {
        return resetValues;
    }

    /** Settings may have been set that nobody knows of. */
    public void resetDue() {
        resetDue = true;
    }

    public boolean isResetDue() {
        return resetDue;
    }

    /** Inside a transaction: gives settings these values besides, and tells the client so. */
    public void restore(ParameterValues values) {
        ByteBuf out = channel.alloc().directBuffer(256);
        ParameterSync.write(out, ParameterValues.empty(), values, defaultEncoding());
        outstanding.push(OutstandingRequests.QUERY | OutstandingRequests.SWALLOW | OutstandingRequests.TELL);
        unnamedStatement = 0;
        send(out);
    }

    /**
     * Writes what lets the server forget about sequences, and queues it; inside a batch the client's unnamed statement and
     * portal stay as they are.
     */
    public void discardSequences(ByteBuf out, boolean inBatch) {
        if (inBatch) {
            SequenceDiscard.inBatch(out, outstanding, sequences);
            return;
        }
        WireWriter.query(out, SequenceDiscard.SQL);
        outstanding.push(OutstandingRequests.QUERY | OutstandingRequests.SWALLOW);
        unnamedStatement = 0;
    }

    /** Asks what the session holds; only outside a transaction and with nothing outstanding. Flushes. */
    public void probe(Collection<String> names, boolean sweep) {
        ask(new SessionProbe(names, sweep));
    }

    private void ask(SessionProbe next) {
        probe = next;
        Set<String> known = probeStatements;
        if (known == null) {
            known = new HashSet<>();
            probeStatements = known;
        }
        ByteBuf out = channel.alloc().directBuffer(512);
        next.write(out, outstanding, known);
        send(out);
        flush();
    }

    /** What is known of the connection's database; {@code checkDelay} says how often it is read, zero for never. */
    public void hiddenEffects(HiddenEffects effects, Duration checkDelay) {
        hiddenEffects = checkDelay.isZero() ? null : effects;
        hiddenEffectsDelay = checkDelay.toNanos();
    }

    /** Whether a transaction may have changed state that none of its statements names. */
    public boolean hasHiddenEffects() {
        HiddenEffects effects = hiddenEffects;
        return effects != null && effects.arePresent();
    }

    /** Functions of the database may have changed. */
    public void lookForHiddenEffects() {
        HiddenEffects effects = hiddenEffects;
        if (effects != null) {
            effects.look();
        }
    }

    /** Looks for hidden effects if it is time to; the answer comes as to {@link #probe}. */
    public boolean probesCatalog(long now) {
        HiddenEffects effects = hiddenEffects;
        if (effects == null || !effects.isDue(now, hiddenEffectsDelay)) {
            return false;
        }
        ask(SessionProbe.ofCatalog());
        return true;
    }

    public boolean isProbing() {
        return probe != null;
    }

    /** The settings in force, in the server's own spelling of the values just synced. */
    public void settle(ParameterValues canonical) {
        applied = canonical;
        noteCustomSettings();
    }

    private void noteCustomSettings() {
        applied.forEach((name, value) -> {
            if (name.indexOf('.') > 0 && customSettings.size() < MOST_CUSTOM_SETTINGS) {
                customSettings.add(name);
            }
        });
    }

    /** The server has forgotten all session state but what it had at login (DISCARD ALL). */
    void forgetSession() {
        applied = ParameterValues.empty();
        resetDue = false;
        sequences.taken();
        forgetStatements();
    }

    /** All prepared statements are gone (DEALLOCATE ALL). */
    private void forgetStatements() {
        statements.clear();
        named.clear();
        probeStatements = null;
        unnamedStatement = 0;
    }

    public void cancelStarted() {
        cancelsInFlight++;
        cancelled = true;
    }

    public void cancelEnded() {
        cancelsInFlight--;
        if (cancelsInFlight == 0 && owner instanceof ServerReset reset) {
            reset.proceed();
        }
    }

    public boolean isCancelInFlight() {
        return cancelsInFlight > 0;
    }

    /** Whether a cancel may still be on its way to the server's backend process. */
    public boolean wasCancelled() {
        return cancelled;
    }

    void quietAgain() {
        cancelled = false;
    }

    /**
     * Closes the connection. Its owner loses it now; its place under the caps is free when the server has closed its
     * end, which it does when the backend process is gone, or after {@link #LONGEST_GOODBYE_SECONDS}. A new connection
     * opened before would be one too many for a server at its {@code max_connections}.
     */
    public void close(CloseReason reason) {
        if (closing || state == ServerState.CLOSED) {
            return;
        }
        closing = true;
        closeReason = reason;
        if (!channel.isActive()) {
            channel.close();
            return;
        }
        channel.config().setAutoRead(true);
        if (isQuiet()) {
            ByteBuf out = channel.alloc().directBuffer(5);
            WireWriter.empty(out, (byte) 'X');
            channel.writeAndFlush(out);
        } else if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
        } else {
            channel.close();
            return;
        }
        channel.eventLoop().execute(this::leaveOwner);
        Future<?> deadline =
                channel.eventLoop().schedule(() -> channel.close(), LONGEST_GOODBYE_SECONDS, TimeUnit.SECONDS);
        channel.closeFuture().addListener(ignored -> deadline.cancel(false));
    }

    private void leaveOwner() {
        Owner current = owner;
        owner = null;
        if (current != null) {
            current.serverLost(lastWords);
        }
    }

    /** From now on every byte is handed over unread: the connection is its owner's until it is closed. */
    public void passThrough() {
        passing = true;
    }

    // Reading

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            return;
        }
        bytesRead += bytes.readableBytes();
        if (closing || state == ServerState.CLOSED) {
            bytes.release();
            return;
        }
        if (passing) {
            forward(bytes);
            return;
        }
        try {
            scanner.scan(bytes);
        } catch (ProtocolViolation violation) {
            if (closing) {
                return;
            }
            log.error("S-{} {}: {}; closing the connection", id, target.label(), violation.getMessage());
            Counters.mismatch();
            close(CloseReason.PROTOCOL_VIOLATION);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        Owner current = owner;
        if (current != null) {
            current.repliesRead();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        Owner current = owner;
        if (current != null) {
            current.serverWritable(channel.isWritable());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof java.io.IOException)) {
            log.error("S-{} {}: unexpected failure; closing the connection", id, target.label(), cause);
        }
        close(CloseReason.SERVER_CLOSED);
        channel.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (state == ServerState.CLOSED) {
            return;
        }
        state = ServerState.CLOSED;
        stateSince = System.nanoTime();
        Counters.closed(closeReason);
        sequences.closed();
        scanner.close();
        leaveOwner();
        outstanding.clear();
        if (home != null) {
            home.closed(this, closeReason);
        }
    }

    // What the scanner found

    @Override
    public byte @Nullable [] notification(NotificationResponse notification) {
        Owner current = owner;
        return current == null ? null : current.notified(notification);
    }

    @Override
    public boolean holdsReady(byte status) {
        Owner current = owner;
        return current != null && current.holdsReady(status);
    }

    @Override
    public void forward(ByteBuf run) {
        Owner current = owner;
        if (current == null || closing) {
            run.release();
        } else {
            current.reply(run);
        }
    }

    @Override
    public void forwardMade(byte type) {
        ByteBuf out = channel.alloc().directBuffer(5);
        WireWriter.empty(out, type);
        forward(out);
    }

    @Override
    public void forwardMade(byte[] message) {
        forward(channel.alloc().directBuffer(message.length).writeBytes(message));
    }

    /** Answers made-up requests that nothing stands in front of. */
    public void answerFakes() {
        if (!scanner.inMessage()) {
            scanner.answerFakes();
        }
    }

    @Override
    public void commandComplete(ByteBuf in, int tagFrom, int tagTo, boolean ours) {
        if (ours) {
            return;
        }
        int suspicion = CommandTags.suspicion(in, tagFrom, tagTo - tagFrom);
        if (suspicion != 0) {
            if (CommandTags.endsAllStatements(in, tagFrom, tagTo - tagFrom)) {
                forgetStatements();
            }
            Owner current = owner;
            if (current != null) {
                current.commandCompleted(suspicion);
            }
        }
    }

    @Override
    public void error(ErrorFields fields, boolean ours, boolean fatal) {
        if (fatal) {
            lastWords = fields;
            close(CloseReason.SERVER_CLOSED);
            return;
        }
        SessionProbe asked = probe;
        if (ours && asked != null) {
            // Perhaps a function has dropped its statement.
            asked.failed(fields.sqlState());
            probeStatements = null;
            return;
        }
        if (ours) {
            resetDue |= syncing != null && syncResets;
            syncing = null;
        }
        Owner current = owner;
        if (current != null) {
            current.requestFailed(fields, ours);
        }
    }

    @Override
    public void statementUseless(byte[] serverName) {
        statements.distrust(serverName);
    }

    @Override
    public void parameterStatus(String name, String value, boolean ours) {
        reported.put(name, value);
        if (name.equals("standard_conforming_strings")) {
            standardStrings = value.equals("on");
        }
        if (!TrackedParameters.isSettable(name)) {
            return;
        }
        Owner current = owner;
        if (current == null) {
            baseline.put(name, value);
        } else if (!ours || syncing == null) {
            applied = value.equals(baseline.get(name)) ? applied.without(name) : applied.with(name, value);
            if (!ours) {
                current.settingsChanged();
            }
        }
    }

    @Override
    public void row(ByteBuf body) {
        SessionProbe asked = probe;
        if (asked != null) {
            asked.row(body);
        }
    }

    @Override
    public void ready(byte status, boolean ours) {
        transactionStatus = status;
        if (status == TransactionStatus.IDLE && !ours) {
            transactions++;
        }
        ParameterValues synced = syncing;
        if (ours && synced != null && probe == null) {
            settle(synced);
            syncing = null;
        }
        Owner current = owner;
        SessionProbe asked = probe;
        if (ours && asked != null) {
            probe = null;
            HiddenEffects effects = hiddenEffects;
            if (asked.isOfCatalog() && asked.failure() == null && effects != null) {
                effects.found(asked.foundHidden());
            }
            if (current != null) {
                current.probed(asked);
            }
        } else if (current != null && ours) {
            current.proxyRequestAnswered(status);
        } else if (current != null) {
            current.ready(status);
        } else if (!ours) {
            throw new ProtocolViolation("unexpected message " + (char) BackendMessageType.READY_FOR_QUERY);
        }
    }

    @Override
    public String toString() {
        return "S-" + id + " " + target.label();
    }
}

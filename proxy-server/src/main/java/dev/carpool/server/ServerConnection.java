package dev.carpool.server;

import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.prepared.NamedStatements;
import dev.carpool.prepared.ServerStatements;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.suspicion.DatabaseFunctions;
import dev.carpool.suspicion.TextRules;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to PostgreSQL after its login. It matches every reply to an outstanding request and hands the bytes to
 * its {@link Owner}; it never decides who that is. Confined to its channel's event loop.
 */
public final class ServerConnection extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);

    /** How long a server may take to close its end. */
    private static final int LONGEST_GOODBYE_SECONDS = 10;

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

        /** Whether the client is not told of a setting that a request of its own has changed; the owner does that itself. */
        default boolean withholds(String name, String value) {
            return false;
        }

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

    private final ServerSettings settings;
    private final ServerProbes probes = new ServerProbes(this);
    private final ResetValues resetValues = new ResetValues();

    /** Names of roles stand for other roles since the connection was last looked at. */
    private volatile boolean rolesReplaced;

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

    /** Sees to it that what was notified here reaches those who listen; null when nothing was. */
    private @Nullable Predicate<Runnable> notified;

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
        this.settings = new ServerSettings(reported);
        this.statements = new ServerStatements(Math.max(1, maxPreparedStatements));
        this.scanner = new ReplyScanner(outstanding, new ServerReplies(this, settings, probes), channel.alloc());
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
        return toldProcessId;
    }

    /** The connection serves the session whose client was told this process id. */
    public void toldProcessId(int ofSession) {
        toldProcessId = ofSession;
    }

    /**
     * A session that has left has notified others: nobody must have the connection before they have been told who that was.
     *
     * @param passOn runs what it is given then; says no, and does nothing, if nobody listens
     */
    public void hasNotified(Predicate<Runnable> passOn) {
        notified = passOn;
    }

    /** What was given to {@link #hasNotified} since the last call; null for nothing. */
    @Nullable
    Predicate<Runnable> takeNotified() {
        Predicate<Runnable> passOn = notified;
        notified = null;
        return passOn;
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
        return probes.takeStatements();
    }

    /** A statement of the probe is there after all. */
    public void hasProbeStatement(String name) {
        probes.hasStatement(name);
    }

    /** The settings that differ from those right after the login, as far as the proxy has set or seen them. */
    public ParameterValues applied() {
        return settings.applied();
    }

    /** The settings that the next request meets, as far as no transaction has changed them. */
    public ParameterValues settingsToCome() {
        return settings.toCome();
    }

    /** The client_encoding that the connection has when nobody has set it. */
    public String defaultEncoding() {
        return settings.defaultEncoding();
    }

    /** Current values of everything PostgreSQL reports, by PostgreSQL's own names. */
    public Map<String, String> reported() {
        return settings.reported();
    }

    /** The reported values right after the login, by name. */
    public Map<String, String> baseline() {
        return settings.baseline();
    }

    /** The values right after the login of what PostgreSQL reports and a session can set; equal ones are the same object. */
    public ParameterValues defaults() {
        return settings.defaults();
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

    /** Whether {@link #close} has been called. */
    boolean isClosing() {
        return closing;
    }

    public boolean isOpen() {
        return !closing && state != ServerState.CLOSED && channel.isActive();
    }

    /** Whether a backslash in a string constant of the next request is an ordinary character, as far as that is known. */
    public boolean hasStandardStrings() {
        return settings.textRules().standardStrings();
    }

    /** How the texts of the next request are read, as far as no statement in flight changes that. */
    public TextRules textRules() {
        return settings.textRules();
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

    /** The same for a query that may fail: nobody else is told then. */
    public void ask(String sql, Runnable failed) {
        ByteBuf out = channel.alloc().directBuffer(sql.length() + 16);
        WireWriter.query(out, sql);
        outstanding.push(OutstandingRequests.QUERY, new OutstandingRequests.Attempt(failed));
        unnamedStatement = 0;
        send(out);
    }

    /** Parameter sync: puts the statements in front of the next request that give the connection these settings. */
    public void sync(ParameterValues wanted) {
        sync(wanted, false);
    }

    /**
     * The same.
     *
     * @param tell whether the client is told of what is reported
     */
    public void sync(ParameterValues wanted, boolean tell) {
        ByteBuf out = channel.alloc().directBuffer(256);
        settings.sync(out, wanted);
        outstanding.push(
                OutstandingRequests.QUERY | OutstandingRequests.SWALLOW | (tell ? OutstandingRequests.TELL : 0));
        unnamedStatement = 0;
        send(out);
    }

    /** Whether the server may refuse {@link #sync} although it has accepted the same settings elsewhere. */
    public boolean mayRefuse(ParameterValues wanted) {
        return settings.mayRefuse(wanted);
    }

    /** The same as a {@link #sync} that has failed, setting by setting; the result holds when nothing is outstanding. */
    public StepwiseSync syncStepwise(ParameterValues wanted) {
        StepwiseSync steps = new StepwiseSync(wanted);
        if (settings.isResetDue()) {
            ask("RESET ALL");
        }
        String encoding = settings.encoding(wanted);
        ParameterValues applied = settings.applied();
        settings.steps(wanted, (name, value) -> {
            ByteBuf out = channel.alloc().directBuffer(128);
            ParameterSync.writeStep(out, applied, name, value, encoding);
            outstanding.push(
                    OutstandingRequests.QUERY,
                    new OutstandingRequests.Attempt(() -> steps.refused(name, value != null)));
            send(out);
        });
        flush();
        return steps;
    }

    /** Whether the connection has to be synced before somebody with these settings may use it. */
    public boolean needsSync(ParameterValues wanted) {
        if (rolesReplaced) {
            rolesReplaced = false;
            settings.forgetIdentity();
        }
        return settings.needsSync(wanted);
    }

    /** What RESET makes of its settings, as far as it is known. */
    public ResetValues resetValues() {
        return resetValues;
    }

    /** The role it has been set to may be another one than that of its name by now. Any thread. */
    public void rolesReplaced() {
        rolesReplaced = true;
    }

    /** Settings may have been set that nobody knows of. */
    public void resetDue() {
        settings.resetDue();
    }

    public boolean isResetDue() {
        return settings.isResetDue();
    }

    /** Inside a transaction: gives settings these values besides, and tells the client so. */
    public void restore(ParameterValues values) {
        ByteBuf out = channel.alloc().directBuffer(256);
        settings.restore(out, values);
        tell(out);
    }

    /** The same until the end of the transaction. */
    public void restoreLocally(ParameterValues values) {
        ByteBuf out = channel.alloc().directBuffer(256);
        settings.restoreLocally(out, values);
        tell(out);
    }

    /** The same with those of the settings that have gone back; role and session authorization are not among them. */
    public void restoreIfGone(ParameterValues values) {
        ByteBuf out = channel.alloc().directBuffer(512);
        settings.restoreIfGone(out, values);
        tell(out);
    }

    private void tell(ByteBuf out) {
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
        probes.ask(new SessionProbe(names, sweep));
    }

    /** What is known of the connection's database; {@code checkDelay} says how often it is read, zero for never. */
    public void hiddenEffects(HiddenEffects effects, Duration checkDelay) {
        probes.hiddenEffects(checkDelay.isZero() ? null : effects, checkDelay.toNanos());
    }

    /** Whether a transaction may have changed state that none of its statements names. */
    public boolean hasHiddenEffects() {
        return probes.hasHiddenEffects();
    }

    /** What is known of the functions of the database. */
    public DatabaseFunctions functions() {
        return probes.functions();
    }

    /** Whether functions may have been made or changed since they have been looked at, or they have not been yet. */
    public boolean mayHaveNewFunctions() {
        return probes.mayHaveNewFunctions();
    }

    /** Whether {@link #functions} are up to date, as far as the proxy has seen. */
    public boolean areFunctionsKnown() {
        return probes.areFunctionsKnown();
    }

    /** Functions of the database may have changed, or change in a moment. */
    public void lookForHiddenEffectsSoon() {
        probes.lookForHiddenEffectsSoon();
    }

    /** Functions of the database may have changed. */
    public void lookForHiddenEffects() {
        probes.lookForHiddenEffects();
    }

    /** Looks for hidden effects if it is time to; the answer comes as to {@link #probe}. */
    public boolean probesCatalog(long now) {
        return probes.asksForHiddenEffects(now);
    }

    /** Asks for what a session must not find that has not made it; see {@link SessionProbe#left}. Flushes. */
    public void probeLeft(Collection<String> names, Collection<String> modules) {
        probes.ask(SessionProbe.left(names, modules));
    }

    public boolean isProbing() {
        return probes.isAsking();
    }

    /** Custom settings of these names may have been made. */
    public void hasHad(Collection<String> names) {
        settings.hasHad(names);
    }

    /** Whether it has had custom settings that are not in force. */
    public boolean hasOthersNames() {
        return settings.hasOthersNames();
    }

    /** The settings in force, in the server's own spelling of the values just synced. */
    public void settle(ParameterValues canonical) {
        settings.settle(canonical);
    }

    /** The server has forgotten all session state but what it had at login (DISCARD ALL). */
    void forgetSession() {
        settings.forget();
        sequences.taken();
        forgetStatements();
    }

    /** All prepared statements are gone (DEALLOCATE ALL). */
    void forgetStatements() {
        statements.clear();
        named.clear();
        probes.forgetStatements();
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

    private void pass(ByteBuf bytes) {
        Owner current = owner;
        if (current == null) {
            bytes.release();
        } else {
            current.reply(bytes);
        }
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
            pass(bytes);
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

    /** Answers made-up requests that nothing stands in front of. */
    public void answerFakes() {
        if (!scanner.inMessage()) {
            scanner.answerFakes();
        }
    }

    /** The server has ended the connection with these words. */
    void fatal(ErrorFields words) {
        lastWords = words;
        close(CloseReason.SERVER_CLOSED);
    }

    /** ReadyForQuery has come. */
    void answered(byte status, boolean ours) {
        transactionStatus = status;
        if (status == TransactionStatus.IDLE && !ours) {
            transactions++;
        }
    }

    @Override
    public String toString() {
        return "S-" + id + " " + target.label();
    }
}

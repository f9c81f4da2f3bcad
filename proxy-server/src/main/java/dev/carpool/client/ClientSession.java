package dev.carpool.client;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.TimeoutConfig;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.listen.ListeningSession;
import dev.carpool.params.CustomSettings;
import dev.carpool.params.ParameterValues;
import dev.carpool.pool.EmptyDatabases;
import dev.carpool.pool.PoolKey;
import dev.carpool.pool.ServerPool;
import dev.carpool.pool.Welcome;
import dev.carpool.prepared.ClientStatements;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.StartupMessage;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import dev.carpool.relay.ClientEnd;
import dev.carpool.relay.CompatibilityReport;
import dev.carpool.relay.Link;
import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import dev.carpool.relay.RequestRelay;
import dev.carpool.relay.SequenceState;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.ClusterChange;
import dev.carpool.suspicion.Effects;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An application's connection to Carpool, from accept to close. It holds what lives as long as the session; what is done
 * with bytes is the matter of its {@link ClientPhase}. Confined to its channel's event loop, but for {@link #kill} and
 * the fields that say so.
 */
public final class ClientSession extends ChannelInboundHandlerAdapter implements ClientEnd, LocalDatabase.Client {
    private static final Logger log = LoggerFactory.getLogger(ClientSession.class);

    /** How long a client may take to read why it is sent away. */
    private static final long LONGEST_FAREWELL_SECONDS = 10;

    /** Bytes of requests kept while the login goes on. */
    private static final int MOST_KEPT = 64 * 1024;

    private final long id;
    private final ProxyContext context;
    private final Channel channel;
    private final int loop;
    private final long connectedAt = System.nanoTime();
    private final long connectedAtMillis = System.currentTimeMillis();
    private ClientPhase phase;
    private volatile String user = "";
    private volatile String database = "";
    private volatile String applicationName = "";
    private @Nullable StartupMessage startup;
    private @Nullable DatabaseConfig databaseConfig;
    private @Nullable ServerPool pool;

    /** Whose login was proved, see {@link ServerPool#roleNumber}. */
    private int roleNumber;

    private @Nullable RequestRelay requests;
    private @Nullable SequenceState sequences;
    private TimeoutConfig timeouts;
    private ParameterValues wanted = ParameterValues.empty();

    /** What the client asked for at login; RESET goes back to it. */
    private ParameterValues started = ParameterValues.empty();

    private int processId;
    private @Nullable ByteBuf early;
    private boolean admitted;
    private boolean loggedIn;
    private volatile long lastRequestAt;
    private @Nullable SslHandler tls;

    /** What SCRAM binds to; null without TLS and after the login. */
    private byte @Nullable [] channelBinding;

    private @Nullable ReadyPhase ready;

    /** Databases that are kept empty for a statement; null for none. */
    private @Nullable EmptyDatabases emptied;

    private final SessionPins pins = new SessionPins(this);

    /** Null until the session listens for the first time. */
    private @Nullable SessionNotifications notifications;

    ClientSession(ProxyContext context, Channel channel, int loop) {
        this.context = context;
        this.channel = channel;
        this.loop = loop;
        this.id = context.sessions().nextId();
        this.timeouts = context.config().timeouts();
        this.phase = new StartupPhase(this);
    }

    public long id() {
        return id;
    }

    @Override
    public Channel channel() {
        return channel;
    }

    /** Index of the session's event loop. */
    public int loop() {
        return loop;
    }

    /** Empty before the startup message. Any thread. */
    @Override
    public String user() {
        return user;
    }

    /** The name the client asked for; empty before the startup message. Any thread. */
    public String database() {
        return database;
    }

    /** Any thread. */
    public String applicationName() {
        return applicationName;
    }

    /** The process id the client was told, which its cancel requests carry. */
    @Override
    public int processId() {
        return processId;
    }

    /** Milliseconds since the epoch. Any thread. */
    public long connectedAtMillis() {
        return connectedAtMillis;
    }

    /** System.nanoTime of accept. */
    public long connectedAt() {
        return connectedAt;
    }

    /** System.nanoTime of the last request, 0 for none. Any thread. */
    public long lastRequestAt() {
        return lastRequestAt;
    }

    /** As SHOW CLIENTS calls it. Any thread; may be a moment old. */
    public String state() {
        return phase.state();
    }

    /** System.nanoTime since which the session queues, 0 when it does not. Any thread; may be a moment old. */
    public long waitingSince() {
        return phase instanceof WaitingPhase waiting ? waiting.since() : 0;
    }

    /** The server connection linked with; null for none. Any thread; may be a moment old. */
    public @Nullable ServerConnection server() {
        return phase instanceof LinkedPhase linked ? linked.link().server() : null;
    }

    /** That it keeps its server connection between transactions; null when it does not. Any thread; may be a moment old. */
    public @Nullable Pin pin() {
        return phase instanceof LinkedPhase linked ? linked.link().pin() : null;
    }

    /** The pool it is served from; null before login and on the console. Any thread; may be a moment old. */
    public @Nullable ServerPool serverPool() {
        return pool;
    }

    public int preparedStatements() {
        RequestRelay relay = requests;
        return relay == null ? 0 : relay.statementCount();
    }

    public InetSocketAddress remoteAddress() {
        return channel.remoteAddress() instanceof InetSocketAddress address
                ? address
                : InetSocketAddress.createUnresolved("unix", 0);
    }

    public InetSocketAddress localAddress() {
        return channel.localAddress() instanceof InetSocketAddress address
                ? address
                : InetSocketAddress.createUnresolved("unix", 0);
    }

    /** Protocol and cipher of the client's TLS session, empty without TLS. */
    public String tlsText() {
        SslHandler handler = tls;
        return handler == null
                ? ""
                : handler.engine().getSession().getProtocol() + "/"
                        + handler.engine().getSession().getCipherSuite();
    }

    ProxyContext context() {
        return context;
    }

    ClientPhase phase() {
        return phase;
    }

    TimeoutConfig timeouts() {
        return timeouts;
    }

    boolean isTls() {
        return tls != null;
    }

    boolean isTlsEstablished() {
        SslHandler handler = tls;
        return handler != null && handler.handshakeFuture().isSuccess();
    }

    @Nullable
    SslHandler tls() {
        return tls;
    }

    byte @Nullable [] channelBinding() {
        return channelBinding;
    }

    /** Whether the client is on this machine. */
    boolean isLoopback() {
        InetSocketAddress address = remoteAddress();
        return address.isUnresolved() || address.getAddress().isLoopbackAddress();
    }

    /** The only place that changes the phase. */
    void enter(ClientPhase next) {
        assert channel.eventLoop().inEventLoop();
        ClientPhase before = phase;
        phase = next;
        next.entered();
        before.left();
        deliverNotifications();
    }

    // Login

    void enterTls(ClientTls.Offer offer, boolean direct) {
        SslHandler handler = offer.handler();
        tls = handler;
        channelBinding = offer.binding();
        channel.pipeline().addFirst(handler);
        handler.handshakeFuture().addListener(handshake -> {
            if (!handshake.isSuccess()) {
                close("TLS handshake failed");
            } else if (direct && !"postgresql".equals(handler.applicationProtocol())) {
                close("direct TLS without ALPN protocol postgresql");
            }
        });
    }

    /** The startup message has come. */
    void started(StartupMessage message) {
        startup = message;
        user = message.parameter("user", "");
        database = message.parameter("database", user);
        applicationName = message.parameter("application_name", "");
        if (user.isEmpty()) {
            fail(CarpoolError.NO_USER_NAME.reply());
        } else if (context.isStopping()) {
            fail(CarpoolError.SHUTTING_DOWN.reply());
        } else if (context.clientTls().isRequired() && !isTls()) {
            fail(CarpoolError.TLS_REQUIRED.reply());
        } else if (context.localDatabase().serves(database)) {
            enter(new AuthenticationPhase(this, null));
        } else {
            CarpoolConfig config = context.config();
            DatabaseConfig target = config.database(database);
            if (target == null) {
                fail(CarpoolError.NO_SUCH_DATABASE.reply(database));
                return;
            }
            if (context.pools().isDisabled(database)) {
                fail(CarpoolError.DATABASE_DISABLED.reply(database));
                return;
            }
            ErrorReply full = context.sessions().admit(config, target, user);
            if (full != null) {
                fail(full);
                return;
            }
            admitted = true;
            databaseConfig = target;
            enter(new AuthenticationPhase(this, target));
        }
    }

    StartupMessage startup() {
        StartupMessage message = startup;
        if (message == null) {
            throw new IllegalStateException("no startup message yet");
        }
        return message;
    }

    /** The client has proved who it is, for a database of its own. */
    void authenticated(ServerPool serverPool) {
        pool = serverPool;
        roleNumber = serverPool.roleNumber();
        serverPool.clientCame();
        DatabaseConfig target = databaseConfig;
        if (target != null) {
            timeouts = context.config().timeouts(target, user);
        }
        if (target != null && startup().isReplication()) {
            replicate(target, serverPool);
        } else {
            enter(new WelcomePhase(this, serverPool));
        }
    }

    private void replicate(DatabaseConfig target, ServerPool serverPool) {
        Map<String, String> parameters = new LinkedHashMap<>();
        startup().parameters().forEach((name, value) -> parameters.put(name, WireReader.text(value)));
        parameters.remove("user");
        parameters.remove("database");
        parameters.keySet().removeIf(name -> name.startsWith("_pq_."));
        ServerPool own =
                context.pools().temporary(target, serverPool.key().user(), PoolKey.Purpose.REPLICATION, parameters);
        own.credentials(serverPool.credentials());
        enter(new ReplicationPhase(this, own));
    }

    /** The client has proved who it is, for the console. */
    void authenticatedForConsole(LocalDatabase.Proof proof) {
        LocalDatabase.Conversation conversation = context.localDatabase().open(this, proof);
        if (!conversation.isAdmitted()) {
            fail(CarpoolError.CONSOLE_LOGIN.reply(user));
            return;
        }
        ByteBuf out = channel.alloc().directBuffer(512);
        WireWriter.authentication(out, 0);
        conversation.greet(out);
        greet(out);
        enter(new ConsolePhase(this, conversation));
        serveKept();
    }

    /** The end of a login: key and ReadyForQuery behind what the buffer holds. */
    void greet(ByteBuf out) {
        keyAndReady(out);
        channel.writeAndFlush(out);
        if (context.config().log().connections()) {
            String replication =
                    startup().isReplication() ? startup().isPhysicalReplication() ? "physical" : "logical" : "none";
            log("login attempt: db=" + printable(database) + " user=" + printable(user) + " tls="
                    + (isTls() ? tlsText() : "no") + " replication=" + replication);
        }
        loggedIn = true;
        channelBinding = null;
    }

    @Override
    public void conversationIdle() {
        if (phase instanceof ConsolePhase console) {
            console.resume();
            console.bytesRead();
        }
    }

    /** The session's settings are known and accepted by the server: it may begin. */
    void welcome(Welcome welcome) {
        ServerPool mine = pool();
        wanted = welcome.wanted();
        started = welcome.wanted();
        sequences = new SequenceState(mine.sequenceReaders());
        requests = new RequestRelay(
                channel.alloc(),
                context.statements(),
                mine.key(),
                new ClientStatements(context.config().limits().maxClientPreparedBytes()),
                context.config().limits().maxPreparedStatements() > 0,
                (int) Math.min(context.config().limits().maxPacketSize(), Integer.MAX_VALUE));
        ByteBuf out = channel.alloc().directBuffer(512);
        WireWriter.authentication(out, 0);
        for (Map.Entry<String, String> entry : welcome.reported().entrySet()) {
            WireWriter.parameterStatus(out, entry.getKey(), entry.getValue());
        }
        greet(out);
        mine.stats(loop).login();
        ReadyPhase phaseReady = new ReadyPhase(this);
        ready = phaseReady;
        enter(phaseReady);
        serveKept();
    }

    private void keyAndReady(ByteBuf out) {
        boolean longKey = startup().minorVersion() >= 2;
        byte[] key = context.cancelKeys().newKey(longKey);
        processId = context.cancelKeys().register(this, key);
        WireWriter.backendKeyData(out, processId, key);
        WireWriter.readyForQuery(out, TransactionStatus.IDLE);
    }

    void cancelRequested(int cancelProcessId, byte[] key) {
        ClientSession meant = context.cancelKeys().find(cancelProcessId, key);
        if (meant == null) {
            boolean foreign = context.cancelKeys().isForeign(cancelProcessId, key);
            close(foreign ? "cancel request with the key of another proxy" : "cancel request for nobody");
            return;
        }
        // The client sees its cancel connection closed once the request has been carried out, as with PostgreSQL.
        meant.channel
                .eventLoop()
                .execute(() -> meant.cancel(() -> channel.eventLoop().execute(() -> close("cancel request done"))));
    }

    /** Cancels what the session is doing. */
    private void cancel(Runnable done) {
        if (phase instanceof WaitingPhase waiting) {
            waiting.cancelled();
            done.run();
        } else if (phase instanceof ConsolePhase console) {
            console.cancelled();
            done.run();
        } else if (phase instanceof LinkedPhase linked && linked.link().isWorking()) {
            context.cancels().cancel(linked.link().server(), done);
        } else if (phase instanceof ReplicationPhase replicating && replicating.server() != null) {
            context.cancels().cancel(replicating.server(), done);
        } else {
            done.run();
        }
    }

    // Requests

    /** A request that came before the login has ended: it is served right after. Takes ownership. */
    void keepForLater(ByteBuf in) {
        ByteBuf kept = early;
        if (kept == null) {
            kept = channel.alloc().buffer(in.readableBytes());
            early = kept;
        }
        kept.writeBytes(in);
        in.release();
        if (kept.readableBytes() > MOST_KEPT) {
            throw new ProtocolViolation("too much before the login has ended");
        }
    }

    /** Serves what came while the login went on. */
    void serveKept() {
        ByteBuf kept = early;
        if (kept != null) {
            early = null;
            phase.bytesArrived(kept);
            phase.bytesRead();
        }
    }

    ServerPool pool() {
        ServerPool mine = pool;
        if (mine == null) {
            throw new IllegalStateException("not logged in");
        }
        return mine;
    }

    /** server_fast_close: whether a session must not go on with a connection that is closed when it is released. */
    boolean isToBeReplaced(ServerConnection server) {
        return context.config().server().fastClose() && pool().closesAtRelease(server);
    }

    private RequestRelay requests() {
        RequestRelay relay = requests;
        if (relay == null) {
            throw new IllegalStateException("not logged in");
        }
        return relay;
    }

    /** A request has come and no server connection is held. */
    void requested(ByteBuf in) {
        RequestRelay relay = requests();
        try {
            relay.takeWithoutServer(in);
        } catch (ProtocolViolation violation) {
            in.release();
            throw violation;
        }
        if (!in.isReadable()) {
            in.release();
            return;
        }
        if (relay.isTerminate(in)) {
            in.release();
            terminated();
            return;
        }
        if (relay.isLoneSync(in)) {
            in.release();
            ByteBuf out = channel.alloc().directBuffer(6);
            WireWriter.readyForQuery(out, TransactionStatus.IDLE);
            channel.writeAndFlush(out, channel.voidPromise());
            return;
        }
        long now = System.nanoTime();
        ServerPool mine = pool();
        if (mine.roleNumber() != roleNumber) {
            in.release();
            fail(CarpoolError.ROLE_REPLACED.reply());
            return;
        }
        ServerConnection home = sequences().home();
        ServerConnection wanted = null;
        ServerConnection server = null;
        if (home != null) {
            wanted = relay.mayReadSequences(in) ? home : null;
            boolean preferred = wanted != null || sequences().areRead() || CancelledRequest.endsInMessage(in);
            server = preferred ? mine.takeAgain(home, loop, now) : null;
        }
        if (server == null && wanted == null) {
            server = mine.take(loop, wanted(), now);
        }
        if (server != null) {
            link(server, in, now, now);
        } else {
            enter(new WaitingPhase(this, mine, wanted, relay.withHeld(in), now));
        }
    }

    /** A server connection has been granted for the request at hand. */
    void link(ServerConnection server, ByteBuf in, long since, long now) {
        ServerPool mine = pool();
        if (mine.roleNumber() != roleNumber) {
            in.release();
            mine.release(server, null);
            fail(CarpoolError.ROLE_REPLACED.reply());
            return;
        }
        lastRequestAt = now;
        mine.stats(loop).checkout(now - since);
        Link link = Link.between(this, requests(), server, mine.mode(), mine, mine.stats(loop), now);
        LinkedPhase linked = new LinkedPhase(this, link);
        enter(linked);
        if (!channel.isWritable()) {
            link.clientWritable(false);
        }
        linked.bytesArrived(in);
    }

    boolean hasTerminated() {
        RequestRelay relay = requests;
        return relay != null && relay.isTerminated();
    }

    /** A cancel request reached the session while it queued. */
    void cancelledInQueue(@Nullable ByteBuf request, ErrorReply reply) {
        int syncs = request == null ? 1 : CancelledRequest.expectedReady(request);
        if (request != null) {
            request.release();
        }
        if (syncs < 0) {
            fail(reply.withSeverity(CarpoolError.Severity.FATAL));
            return;
        }
        logError(reply);
        ByteBuf out = channel.alloc().directBuffer(256);
        error(out, reply);
        for (int i = 0; i < syncs; i++) {
            WireWriter.readyForQuery(out, TransactionStatus.IDLE);
        }
        channel.writeAndFlush(out);
        readRequests(true);
        enter(readyPhase());
    }

    private ReadyPhase readyPhase() {
        ReadyPhase phaseReady = ready;
        if (phaseReady == null) {
            throw new IllegalStateException("not logged in");
        }
        return phaseReady;
    }

    // The client's end of a link

    @Override
    public void reply(ByteBuf run) {
        channel.write(run, channel.voidPromise());
    }

    @Override
    public void flushReplies() {
        channel.flush();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void readRequests(boolean on) {
        if (channel.config().isAutoRead() != on) {
            channel.config().setAutoRead(on);
        }
    }

    @Override
    public ParameterValues wanted() {
        return wanted;
    }

    @Override
    public void wanted(ParameterValues values) {
        wanted = values;
        String name = values.value("application_name");
        applicationName = name == null ? "" : WireReader.text(name);
    }

    @Override
    public SequenceState sequences() {
        SequenceState mine = sequences;
        if (mine == null) {
            throw new IllegalStateException("not logged in");
        }
        return mine;
    }

    @Override
    public CustomSettings customSettings() {
        return context.customSettings();
    }

    @Override
    public ParameterValues started() {
        return started;
    }

    @Override
    public void settingsWentBack() {
        wanted(started.withAll(wanted));
    }

    @Override
    public void resumeRequests() {
        if (phase instanceof LinkedPhase linked) {
            guarded(linked::resume);
        }
    }

    @Override
    public Set<String> channels() {
        SessionNotifications mine = notifications;
        return mine == null ? Set.of() : mine.channels();
    }

    @Override
    public void listen(Set<String> channels, ListenAnswer answer) {
        SessionNotifications mine = notifications;
        if (mine == null) {
            if (channels.isEmpty()) {
                answer.listening();
                return;
            }
            mine = new SessionNotifications(this);
            notifications = mine;
        }
        mine.subscription().listen(channels, new ListeningSession.Answer() {
            @Override
            public void listening() {
                answer.listening();
            }

            @Override
            public void refused(ErrorReply reply) {
                answer.refused(reply);
            }
        });
    }

    @Override
    public void catchUp(Runnable then) {
        SessionNotifications mine = notifications;
        if (mine == null) {
            then.run();
            return;
        }
        mine.subscription().catchUp(then);
    }

    @Override
    public void deliver() {
        SessionNotifications mine = notifications;
        if (mine != null) {
            mine.deliver();
        }
    }

    @Override
    public void hasNotified(ServerConnection server) {
        context.listeners().catchUp(pool().key().database(), server.hasNotified());
    }

    @Override
    public byte @Nullable [] notified(NotificationResponse notification) {
        if (channels().contains(notification.channel())) {
            return null; // the shared listener delivers it
        }
        return notification.from(pool().toldProcessId(notification.processId())).message();
    }

    /** Writes notifications that wait, if this is the moment. */
    void deliverNotifications() {
        if (notifications != null && phase.mayNotify()) {
            deliver();
        }
    }

    @Override
    public @Nullable ErrorReply pinned(Pin pin, List<PinReason> fresh) {
        return pins.pinned(pin, fresh);
    }

    @Override
    public boolean isReporting() {
        return context.config().log().report();
    }

    @Override
    public void ran(Effects effects, String statement, boolean standardStrings) {
        context.report().ran(reportedAs(), effects, statement, standardStrings);
    }

    /** Who it is in {@link CompatibilityReport}. */
    CompatibilityReport.Owner reportedAs() {
        return new CompatibilityReport.Owner(database, user, applicationName);
    }

    @Override
    public void emptyDatabases(Set<String> databases, Runnable then) {
        emptied = context.pools()
                .empty(
                        pool().target(),
                        databases,
                        () -> context.sessions().withoutServer(databases, this),
                        channel.eventLoop(),
                        then);
    }

    @Override
    public void leaveDatabases() {
        EmptyDatabases mine = emptied;
        if (mine != null) {
            emptied = null;
            mine.end();
        }
    }

    @Override
    public void clusterChanged(List<ClusterChange> changes) {
        new ClusterChanges(context, pool().target()).apply(changes, this);
    }

    @Override
    public void unpinned() {
        pins.unpinned();
    }

    @Override
    public void unlinked() {
        enter(readyPhase());
        if (context.isStopping()) {
            fail(CarpoolError.SHUTTING_DOWN.reply());
        }
    }

    @Override
    public void linkFailed(ErrorReply reply) {
        fail(reply);
    }

    @Override
    public void serverLost(ErrorReply reply, boolean sessionGoesOn) {
        if (!sessionGoesOn) {
            fail(reply);
            return;
        }
        logError(reply);
        ByteBuf out = channel.alloc().directBuffer(256);
        error(out, reply);
        WireWriter.readyForQuery(out, TransactionStatus.IDLE);
        channel.writeAndFlush(out);
        readRequests(true);
        enter(readyPhase());
    }

    @Override
    public void linkTorn() {
        close("the server connection was lost in the middle of a reply");
    }

    @Override
    public String label() {
        return "C-" + id + " " + printable(database) + "/" + printable(user) + "@"
                + ClientSession.text(remoteAddress());
    }

    /** Names come from clients that have proved nothing yet: they must not write log lines of their own. */
    private static String printable(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (Character.isISOControl(name.charAt(i))) {
                return name.replaceAll("\\p{Cntrl}", "?");
            }
        }
        return name;
    }

    // The end

    /** Sends an error; FATAL ones close the session. The only place that ends a session with words. */
    void fail(ErrorReply reply) {
        fail(reply, null);
    }

    /** As {@link #fail(ErrorReply)}, but PostgreSQL's own message goes out byte for byte when there is one. */
    void fail(ErrorReply reply, byte @Nullable [] serverMessage) {
        if (phase instanceof ClosedPhase) {
            return;
        }
        logError(reply);
        if (phase instanceof LinkedPhase linked && linked.link().isMidReply()) {
            close(reply.message()); // words would become part of the reply
            return;
        }
        ByteBuf out = channel.alloc().directBuffer(256);
        if (serverMessage != null) {
            out.writeBytes(serverMessage);
        } else {
            error(out, reply.withSeverity(CarpoolError.Severity.FATAL));
        }
        leave(reply.message());
        if (!channel.writeAndFlush(out).addListener(ChannelFutureListener.CLOSE).isDone()) {
            channel.eventLoop().schedule(() -> channel.close(), LONGEST_FAREWELL_SECONDS, TimeUnit.SECONDS);
        }
    }

    static void error(ByteBuf out, ErrorReply reply) {
        WireWriter.error(out, reply.severity().name(), reply.sqlState(), reply.message(), reply.hint());
    }

    /** The client has said that it goes. */
    void terminated() {
        close("client close request");
    }

    /** Closes without a word to the client. */
    void close(String reason) {
        leave(reason);
        channel.close();
    }

    /** Ends the session from the console. Any thread. */
    public void kill(ErrorReply reply) {
        channel.eventLoop().execute(() -> fail(reply));
    }

    /** Ends the session if it is in no transaction. Any thread. */
    public void endIfIdle(ErrorReply reply) {
        channel.eventLoop().execute(() -> {
            if (!(phase instanceof LinkedPhase linked) || linked.link().isIdle()) {
                fail(reply);
            }
        });
    }

    private void leave(String reason) {
        if (phase instanceof ClosedPhase) {
            return;
        }
        if (context.config().log().disconnections()) {
            long age = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - connectedAt);
            log("closing because: " + reason + " (age=" + age + "s)");
        }
        ClientPhase last = phase;
        if (processId != 0) {
            context.cancelKeys().forget(processId);
        }
        context.sessions().remove(this);
        ServerPool mine = pool;
        if (mine != null) {
            mine.clientLeft();
        }
        if (admitted) {
            admitted = false;
            context.sessions().dismiss(database, user);
        }
        last.clientGone();
        enter(new ClosedPhase());
        if (notifications != null) {
            notifications.subscription().close();
        }
        if (early != null) {
            early.release();
            early = null;
        }
        RequestRelay relay = requests;
        requests = null;
        if (relay != null) {
            relay.close();
        }
    }

    void tick(long now) {
        if (!loggedIn) {
            Duration limit = timeouts.clientLogin();
            if (!limit.isZero() && now - connectedAt >= limit.toNanos()) {
                fail(CarpoolError.LOGIN_TIMEOUT.reply(text(limit)));
                return;
            }
        }
        phase.tick(now);
    }

    /** One log line about this session; never SQL, parameters or secrets. */
    void log(String what) {
        if (log.isInfoEnabled() && !user.isEmpty()) {
            log.info("{}: {}", label(), printable(what));
        } else if (log.isDebugEnabled()) {
            log.debug("C-{} {}: {}", id, text(remoteAddress()), what);
        }
    }

    /** log_pooler_errors: what the proxy says to its client. */
    private void logError(ErrorReply reply) {
        if (context.config().log().poolerErrors()) {
            log("pooler error: " + reply.message());
        }
    }

    static String text(Duration limit) {
        return limit.toMillis() % 1000 == 0 ? limit.toSeconds() + " s" : limit.toMillis() + " ms";
    }

    static String text(InetSocketAddress address) {
        return (address.isUnresolved()
                        ? address.getHostString()
                        : address.getAddress().getHostAddress()) + ":" + address.getPort();
    }

    // Netty's events

    @Override
    public void channelActive(ChannelHandlerContext ignored) {
        context.sessions().add(this);
    }

    @Override
    public void channelRead(ChannelHandlerContext ignored, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (!bytes.isReadable()) {
            bytes.release();
            return;
        }
        try {
            phase.bytesArrived(bytes);
        } catch (ProtocolViolation violation) {
            violated(violation);
        }
    }

    /** Does what looks at the client's bytes, whoever has set it off: a violation is this client's alone. */
    void guarded(Runnable work) {
        try {
            work.run();
        } catch (ProtocolViolation violation) {
            violated(violation);
        }
    }

    private void violated(ProtocolViolation violation) {
        fail(CarpoolError.PROTOCOL_VIOLATION.reply(String.valueOf(violation.getMessage())));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ignored) {
        phase.bytesRead();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ignored) {
        phase.writabilityChanged(channel.isWritable());
        deliverNotifications();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ignored) {
        leave("client unexpected eof");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ignored, Throwable cause) {
        if (cause instanceof IOException || cause instanceof DecoderException) {
            close("connection broken: " + cause.getMessage());
        } else {
            log.error("{}: unexpected failure; closing", label(), cause);
            close("unexpected failure");
        }
    }
}

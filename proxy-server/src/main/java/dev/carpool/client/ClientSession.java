package dev.carpool.client;

import dev.carpool.config.TimeoutConfig;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.relay.CompatibilityReport;
import dev.carpool.relay.Link;
import dev.carpool.relay.Pin;
import dev.carpool.relay.RequestRelay;
import dev.carpool.server.ServerConnection;
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
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An application's connection to Carpool, from accept to close. It holds what lives as long as the session; what is done
 * with bytes is the matter of its {@link ClientPhase}. Confined to its channel's event loop, but for {@link #kill} and
 * the fields that say so.
 */
public final class ClientSession extends ChannelInboundHandlerAdapter implements LocalDatabase.Client {
    /** How long a client may take to read why it is sent away. */
    private static final long LONGEST_FAREWELL_SECONDS = 10;

    private final long id;
    private final ProxyContext context;
    private final Channel channel;
    private final int loop;
    private final SessionLogin login;
    private final long connectedAt = System.nanoTime();
    private final long connectedAtMillis = System.currentTimeMillis();
    private ClientPhase phase;
    private volatile String user = "";
    private volatile String database = "";
    private volatile String applicationName = "";
    private @Nullable ServerPool pool;

    /** Whose login was proved, see {@link ServerPool#roleNumber}. */
    private int roleNumber;

    private TimeoutConfig timeouts;
    private int processId;
    private volatile long lastRequestAt;
    private @Nullable SslHandler tls;

    /** Null before the login and when the session has ended. */
    private @Nullable SessionSide side;

    /** The client is gone, and what it has asked before it said so is still to be carried out. */
    private boolean departed;

    private @Nullable ReadyPhase ready;

    ClientSession(ProxyContext context, Channel channel, int loop) {
        this.context = context;
        this.channel = channel;
        this.loop = loop;
        this.id = context.sessions().nextId();
        this.timeouts = context.config().timeouts();
        this.login = new SessionLogin(this, context);
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
        SessionSide mine = side;
        return mine == null ? 0 : mine.requests().statementCount();
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

    SessionLogin login() {
        return login;
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
        login.channelBinding(offer.binding());
        channel.pipeline().addFirst(handler);
        handler.handshakeFuture().addListener(handshake -> {
            if (!handshake.isSuccess()) {
                close("TLS handshake failed");
            } else if (direct && !"postgresql".equals(handler.applicationProtocol())) {
                close("direct TLS without ALPN protocol postgresql");
            }
        });
    }

    /** What the startup message says of the session. */
    void named(String itsUser, String itsDatabase, String itsApplication) {
        user = itsUser;
        database = itsDatabase;
        applicationName = itsApplication;
    }

    void applicationName(String name) {
        applicationName = name;
    }

    /** The process id that the client is told. */
    void processId(int told) {
        processId = told;
    }

    /**
     * The client has proved who it is.
     *
     * @param itsTimeouts null for those of the proxy
     */
    void servedBy(ServerPool serverPool, @Nullable TimeoutConfig itsTimeouts) {
        pool = serverPool;
        roleNumber = serverPool.roleNumber();
        serverPool.clientCame();
        if (itsTimeouts != null) {
            timeouts = itsTimeouts;
        }
    }

    /** The login has ended: the session waits for requests. */
    void begin(SessionSide mine) {
        side = mine;
        ready = new ReadyPhase(this);
        rest();
    }

    @Override
    public void conversationIdle() {
        if (phase instanceof ConsolePhase console) {
            console.resume();
            console.bytesRead();
        }
    }

    // Requests

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

    SessionSide side() {
        SessionSide mine = side;
        if (mine == null) {
            throw new IllegalStateException("not logged in");
        }
        return mine;
    }

    /** A request has come and no server connection is held. */
    void requested(ByteBuf in) {
        SessionSide client = side();
        RequestRelay relay = client.requests();
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
            reply(out);
            flushReplies();
            return;
        }
        long now = System.nanoTime();
        ServerPool mine = pool();
        if (mine.roleNumber() != roleNumber) {
            in.release();
            fail(CarpoolError.ROLE_REPLACED.reply());
            return;
        }
        ServerConnection home = client.sequences().home();
        ServerConnection wanted = null;
        ServerConnection server = null;
        if (home != null) {
            wanted = relay.mayReadSequences(in) ? home : null;
            boolean preferred = wanted != null || client.sequences().areRead() || CancelledRequest.endsInMessage(in);
            server = preferred ? mine.takeAgain(home, loop, now) : null;
        }
        ServerChoice choice = server == null && wanted == null ? client.choice(in) : null;
        if (choice != null) {
            enter(new WaitingPhase(this, mine, choice, relay.withHeld(in), now));
            return;
        }
        if (server == null && wanted == null) {
            server = mine.take(loop, client.wanted(), now);
        }
        if (server != null) {
            link(server, in, now, now);
        } else {
            enter(new WaitingPhase(this, mine, wanted, relay.withHeld(in), now));
        }
    }

    /** A server connection has been granted for the request at hand. */
    void link(ServerConnection server, ByteBuf in, long since, long now) {
        LinkedPhase linked = link(server, now);
        if (linked == null) {
            in.release();
            return;
        }
        lastRequestAt = now;
        pool().stats(loop).checkout(now - since);
        linked.bytesArrived(in);
    }

    /** A server connection has been granted, whether there is a request or not; null if that ends the session. */
    @Nullable
    LinkedPhase link(ServerConnection server, long now) {
        ServerPool mine = pool();
        if (mine.roleNumber() != roleNumber) {
            mine.release(server, null);
            fail(CarpoolError.ROLE_REPLACED.reply());
            return null;
        }
        SessionSide client = side();
        Link link = Link.between(client, client.requests(), server, mine.mode(), mine, mine.stats(loop), now);
        LinkedPhase linked = new LinkedPhase(this, link);
        enter(linked);
        if (!isWritable()) {
            link.clientWritable(false);
        }
        return linked;
    }

    boolean hasTerminated() {
        SessionSide mine = side;
        return mine != null && mine.requests().isTerminated();
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
        answer(reply, syncs);
    }

    /** Requests have failed at the proxy; the session goes on. */
    void answer(ErrorReply reply, int syncs) {
        SessionLog.error(this, reply);
        ByteBuf out = channel.alloc().directBuffer(256);
        error(out, reply);
        for (int i = 0; i < syncs; i++) {
            WireWriter.readyForQuery(out, TransactionStatus.IDLE);
        }
        channel.writeAndFlush(out);
        readRequests(true);
        goOn();
    }

    /** What the client has asked for has ended: it may ask for more, unless the proxy is to stop. */
    void goOn() {
        rest();
        if (context.isStopping()) {
            fail(CarpoolError.SHUTTING_DOWN.reply());
        }
    }

    /** Holds no server connection and waits for requests. */
    void rest() {
        ReadyPhase phaseReady = ready;
        if (phaseReady == null) {
            throw new IllegalStateException("not logged in");
        }
        enter(phaseReady);
        if (departed) {
            channel.eventLoop().execute(() -> {
                if (phase instanceof ReadyPhase) {
                    terminated();
                }
            });
        }
    }

    /** Writes without flushing; takes ownership. */
    void reply(ByteBuf run) {
        if (departed) {
            run.release();
        } else {
            channel.write(run, channel.voidPromise());
        }
    }

    void flushReplies() {
        channel.flush();
    }

    boolean isWritable() {
        return departed || channel.isWritable();
    }

    /** Backpressure: whether requests are read from the client. */
    void readRequests(boolean on) {
        if (channel.config().isAutoRead() != on) {
            channel.config().setAutoRead(on);
        }
    }

    /** Writes notifications that wait, if this is the moment. */
    void deliverNotifications() {
        SessionSide mine = side;
        if (mine != null && phase.mayNotify()) {
            mine.deliver();
        }
    }

    /** Who it is in {@link CompatibilityReport}. */
    CompatibilityReport.Owner reportedAs() {
        return new CompatibilityReport.Owner(database, user, applicationName);
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
        SessionLog.error(this, reply);
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
        login.dismiss();
        last.clientGone();
        enter(new ClosedPhase());
        login.dropKept();
        SessionSide gone = side;
        side = null;
        if (gone != null) {
            gone.close();
        }
    }

    void tick(long now) {
        if (!login.hasEnded()) {
            Duration limit = timeouts.clientLogin();
            if (!limit.isZero() && now - connectedAt >= limit.toNanos()) {
                fail(CarpoolError.LOGIN_TIMEOUT.reply(SessionLog.text(limit)));
                return;
            }
        }
        phase.tick(now);
    }

    /** One log line about this session; never SQL, parameters or secrets. */
    void log(String what) {
        SessionLog.line(this, what);
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
        writabilityChanged();
    }

    private void writabilityChanged() {
        phase.writabilityChanged(isWritable());
        deliverNotifications();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ignored) {
        socketGone("client unexpected eof");
    }

    /** What the client has asked for before it has said goodbye is carried out all the same. */
    private void socketGone(String reason) {
        if (departed) {
            return;
        }
        if (phase.needsNoClient()) {
            departed = true;
            writabilityChanged();
            channel.close();
        } else {
            close(reason);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ignored, Throwable cause) {
        if (departed) {
            return;
        }
        if (cause instanceof IOException) {
            socketGone("connection broken: " + cause.getMessage());
        } else if (cause instanceof DecoderException) {
            close("connection broken: " + cause.getMessage());
        } else {
            SessionLog.failure(this, cause);
            close("unexpected failure");
        }
    }
}

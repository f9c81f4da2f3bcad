package dev.carpool.client;

import dev.carpool.auth.AuthFileProblems;
import dev.carpool.auth.AuthService;
import dev.carpool.cancel.CancelForwarder;
import dev.carpool.cancel.CancelKeys;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.ConfigReader;
import dev.carpool.config.SslMode;
import dev.carpool.listen.ListenerHubs;
import dev.carpool.params.CustomSettings;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.pool.ServerPool;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.relay.CompatibilityReport;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerConnector;
import dev.carpool.server.ServerState;
import dev.carpool.server.ServerTls;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * A whole proxy between {@link TestClient}s and a {@link ModelPostgres}, without threads, sockets and clock: everything
 * happens inside {@link #run}.
 */
final class ProxyOnOneLoop implements ProxyContext, AutoCloseable {
    final ModelPostgres postgres = new ModelPostgres();
    final UnpooledByteBufAllocator allocator;

    /** What was logged that must not happen: exceptions that nobody expected. */
    final List<String> failures = new ArrayList<>();

    boolean stopping;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final ManualIoEventLoop loop;
    private final CarpoolConfig config;
    private final AuthService auth;
    private final PoolDirectory pools;
    private final CancelForwarder cancels;
    private final ListenerHubs hubs;
    private final CancelKeys<ClientSession> cancelKeys = new CancelKeys<>(1);
    private final StatementCatalog statements = new StatementCatalog("0");
    private final CustomSettings customSettings = new CustomSettings();
    private final CompatibilityReport report = new CompatibilityReport();
    private final ClientSessions sessions = new ClientSessions();
    private final LocalAddress clients;
    private final List<Channel> listeners = new ArrayList<>();
    private final List<TestClient> testClients = new ArrayList<>();
    private static final Logger OURS = Logger.getLogger("dev.carpool");
    private static final Logger NETTY = Logger.getLogger("io.netty");
    private final Handler watch = new Handler() {
        @Override
        public void publish(LogRecord logged) {
            boolean netty = String.valueOf(logged.getLoggerName()).startsWith("io.netty");
            if (logged.getThrown() != null || (netty && logged.getLevel().intValue() >= Level.WARNING.intValue())) {
                failures.add(logged.getMessage() + " " + stack(logged.getThrown()));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private static String stack(@Nullable Throwable thrown) {
        java.io.StringWriter text = new java.io.StringWriter();
        if (thrown != null) {
            thrown.printStackTrace(new java.io.PrintWriter(text));
        }
        return text.toString();
    }

    /** With settings as {@code --set} takes them, besides trust and a pool of one connection. */
    static ProxyOnOneLoop with(String... settings) {
        return new ProxyOnOneLoop(false, settings);
    }

    /** Buffers are only counted, not followed: many times faster than the leak detector. */
    static ProxyOnOneLoop counting(String... settings) {
        return new ProxyOnOneLoop(true, settings);
    }

    private ProxyOnOneLoop(boolean countOnly, String... settings) {
        allocator = new UnpooledByteBufAllocator(true, countOnly);
        ConfigReader reader = ConfigReader.create()
                .with("upstream=postgresql://127.0.0.1:5432")
                .with("auth_type=trust")
                .with("default_pool_size=1")
                .with("server_check_delay=1h")
                .with("server_function_check_delay=0");
        for (String setting : settings) {
            reader = reader.with(setting);
        }
        config = reader.read().configOrThrow();
        loop = new ManualIoEventLoop(null, Thread.currentThread(), LocalIoHandler.newFactory(), ticker);
        try {
            auth = new AuthService(config.auth());
        } catch (AuthFileProblems impossible) {
            throw new IllegalStateException(impossible);
        }
        LocalAddress server = listen(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(postgres.accept());
            }
        });
        clients = listen(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new ClientSession(ProxyOnOneLoop.this, channel, 0));
            }
        });
        Bootstrap toServer =
                new Bootstrap().channelFactory(() -> new Redirected(server)).option(ChannelOption.ALLOCATOR, allocator);
        ServerConnector connector = new ServerConnector(toServer, new NoTls(), Runnable::run);
        pools = new PoolDirectory(
                config,
                connector,
                target -> auth.refused(target.host() + ":" + target.port(), target.database(), target.user()),
                new EventLoop[] {loop},
                true);
        hubs = new ListenerHubs(pools, () -> config.limits().listenQueueSize());
        cancels = new CancelForwarder(connector, () -> config.timeouts().cancelWait());
        OURS.addHandler(watch);
        NETTY.addHandler(watch);
        OURS.setUseParentHandlers(false);
        NETTY.setUseParentHandlers(false);
    }

    private LocalAddress listen(ChannelInitializer<Channel> children) {
        LocalAddress address = new LocalAddress(ProxyOnOneLoop.class);
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(LocalServerChannel.class)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(children)
                .bind(address);
        run();
        bound.syncUninterruptibly();
        listeners.add(bound.channel());
        return address;
    }

    /** A channel that goes to one address whatever it is told. */
    private static final class Redirected extends LocalChannel {
        private final LocalAddress to;

        Redirected(LocalAddress to) {
            this.to = to;
        }

        @Override
        public ChannelFuture connect(SocketAddress remote, ChannelPromise promise) {
            return super.connect(to, promise);
        }

        @Override
        public ChannelFuture connect(SocketAddress remote) {
            return super.connect(to, new DefaultChannelPromise(this));
        }
    }

    /** Lets everything happen that can happen now. */
    void run() {
        for (int rounds = 0; rounds < 100_000; rounds++) {
            if (loop.runNow() == 0) {
                return;
            }
        }
        throw new IllegalStateException("no end in sight");
    }

    /** Lets time pass for what is scheduled. */
    void pass(Duration time) {
        ticker.advance(time.toNanos(), TimeUnit.NANOSECONDS);
        run();
    }

    /** Gives up cleaning what does not come clean, as upkeep does; with cancel_wait_timeout in milliseconds. */
    void endSlowResets() {
        long begun = System.nanoTime();
        while (pool().connections().stream().anyMatch(one -> one.state() != ServerState.IDLE)
                && System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(2)) {
            pools.tick();
            run();
        }
    }

    TestClient connect() {
        TestClient client = new TestClient(this);
        testClients.add(client);
        ChannelFuture connected = new Bootstrap()
                .group(loop)
                .channel(LocalChannel.class)
                .option(ChannelOption.ALLOCATOR, allocator)
                .handler(client)
                .connect(clients);
        run();
        connected.syncUninterruptibly();
        return client;
    }

    /** A client behind its login as user app. */
    TestClient login(String... parameters) {
        TestClient client = connect();
        client.startup(parameters);
        String greeting = client.replies();
        if (!greeting.endsWith("Z")) {
            throw new IllegalStateException(greeting + client.lastError());
        }
        return client;
    }

    ServerPool pool() {
        return pools.pool(java.util.Objects.requireNonNull(config.database("app")), "app");
    }

    /** The only server connection. */
    ServerConnection server() {
        return pool().connections().iterator().next();
    }

    /** Bytes of buffers that nobody has released. */
    long buffered() {
        return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
    }

    /** Closes all clients, waits for what is being cleaned, and all server connections. */
    void closeAll() {
        for (TestClient client : testClients) {
            client.close();
        }
        testClients.clear();
        run();
        pools.shutDown();
        run();
    }

    @Override
    public void close() {
        closeAll();
        listeners.forEach(Channel::close);
        run();
        OURS.removeHandler(watch);
        NETTY.removeHandler(watch);
        OURS.setUseParentHandlers(true);
        NETTY.setUseParentHandlers(true);
        if (!failures.isEmpty()) {
            throw new AssertionError(String.join("\n", failures));
        }
        if (buffered() != 0) {
            throw new AssertionError(buffered() + " bytes of buffers not released");
        }
    }

    @Override
    public CarpoolConfig config() {
        return config;
    }

    @Override
    public ClientTls clientTls() {
        return new ClientTls() {
            @Override
            public @Nullable Offer offer(ByteBufAllocator ignored) {
                return null;
            }

            @Override
            public boolean isRequired() {
                return false;
            }

            @Override
            public @Nullable String clientCommonName(SSLSession session) {
                return null;
            }
        };
    }

    private static final class NoTls implements ServerTls {
        @Override
        public SslMode mode() {
            return SslMode.DISABLE;
        }

        @Override
        public SslHandler newHandler(ByteBufAllocator ignored, String host, int port) {
            throw new IllegalStateException();
        }

        @Override
        public byte @Nullable [] peerBinding(SSLSession session) {
            return null;
        }
    }

    @Override
    public PoolDirectory pools() {
        return pools;
    }

    @Override
    public AuthService auth() {
        return auth;
    }

    @Override
    public CancelKeys<ClientSession> cancelKeys() {
        return cancelKeys;
    }

    @Override
    public CancelForwarder cancels() {
        return cancels;
    }

    @Override
    public CompatibilityReport report() {
        return report;
    }

    @Override
    public CustomSettings customSettings() {
        return customSettings;
    }

    @Override
    public StatementCatalog statements() {
        return statements;
    }

    @Override
    public ListenerHubs listeners() {
        return hubs;
    }

    @Override
    public ClientSessions sessions() {
        return sessions;
    }

    @Override
    public LocalDatabase localDatabase() {
        return new LocalDatabase() {
            @Override
            public boolean serves(String database) {
                return false;
            }

            @Override
            public Conversation open(Client client, Proof proof) {
                throw new IllegalStateException();
            }
        };
    }

    @Override
    public Executor expensive() {
        return Runnable::run;
    }

    @Override
    public boolean isStopping() {
        return stopping;
    }
}

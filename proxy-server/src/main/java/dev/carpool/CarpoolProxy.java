package dev.carpool;

import dev.carpool.admin.AdminConsole;
import dev.carpool.admin.ProxyControl;
import dev.carpool.admin.ShutdownMode;
import dev.carpool.auth.AuthFileProblems;
import dev.carpool.auth.AuthService;
import dev.carpool.cancel.CancelForwarder;
import dev.carpool.cancel.CancelKeys;
import dev.carpool.client.ClientListener;
import dev.carpool.client.ClientSession;
import dev.carpool.client.ClientSessions;
import dev.carpool.client.ClientTls;
import dev.carpool.client.LocalDatabase;
import dev.carpool.client.ProxyContext;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.ConfigReading;
import dev.carpool.config.ConfigReload;
import dev.carpool.config.SslMode;
import dev.carpool.config.Transport;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.listen.ListenerHubs;
import dev.carpool.metrics.HttpPort;
import dev.carpool.params.CustomSettings;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.relay.CompatibilityReport;
import dev.carpool.server.ServerConnector;
import dev.carpool.server.ServerTls;
import dev.carpool.tls.TlsContexts;
import dev.carpool.tls.TlsProblems;
import dev.carpool.tls.TlsToClients;
import dev.carpool.tls.TlsToServers;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running proxy: wires all parts, starts and stops them. */
public final class CarpoolProxy implements ProxyContext, ProxyControl, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CarpoolProxy.class);

    private volatile CarpoolConfig config;
    private final EventLoops loops;
    private final ExecutorService expensive;
    private final TlsContexts tls;
    private final PoolDirectory pools;
    private final AuthService auth;
    private final CancelKeys<ClientSession> cancelKeys;
    private final CancelForwarder cancels;
    private final ListenerHubs listeners;
    private final StatementCatalog statements = new StatementCatalog(Integer.toHexString(new SecureRandom().nextInt()));
    private final CustomSettings customSettings = new CustomSettings();
    private final CompatibilityReport report = new CompatibilityReport();
    private final ClientSessions sessions = new ClientSessions();
    private final ClientListener listener;
    private final AdminConsole console;
    private final HttpPort http;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicBoolean closing = new AtomicBoolean();
    private volatile boolean stopping;
    private volatile boolean ready;
    private volatile @Nullable ConfigReload reloading;

    private CarpoolProxy(CarpoolConfig config) throws TlsProblems, AuthFileProblems {
        this.config = config;
        this.cancelKeys = new CancelKeys<>(config.listen().instanceId());
        this.tls = TlsContexts.load(config.clientTls(), config.serverTls());
        this.auth = new AuthService(config.auth());
        this.loops = new EventLoops(config.runtime());
        this.expensive = Executors.newFixedThreadPool(
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                new DefaultThreadFactory("carpool-worker", true));
        ServerConnector connector =
                new ServerConnector(loops.toServers(config.listen().tcp()), new ServerSide(), expensive);
        this.pools = new PoolDirectory(
                config,
                connector,
                target -> auth.refused(target.host() + ":" + target.port(), target.database(), target.user()),
                loops.loops(),
                loops.isMovable());
        this.listeners = new ListenerHubs(pools, () -> this.config.limits().listenQueueSize());
        this.cancels =
                new CancelForwarder(connector, () -> this.config.timeouts().cancelWait());
        this.console = new AdminConsole(this);
        this.http = new HttpPort(this);
        this.listener = new ClientListener(this, loops::index);
    }

    /**
     * Starts a proxy.
     *
     * @throws TlsProblems when certificates or keys cannot be used
     * @throws AuthFileProblems when auth_file or auth_hba_file cannot be used
     */
    public static CarpoolProxy start(CarpoolConfig config) throws TlsProblems, AuthFileProblems {
        Logging.verbose(config.log().verbose());
        CarpoolProxy proxy = new CarpoolProxy(config);
        boolean started = false;
        try {
            proxy.listen();
            started = true;
            return proxy;
        } finally {
            if (!started) {
                proxy.loops.close();
                proxy.expensive.shutdownNow();
            }
        }
    }

    private void listen() {
        EventLoop[] all = loops.loops();
        loops.warnOfMissing(config.listen().tcp());
        InetSocketAddress admin = config.admin().http();
        if (admin != null) {
            http.listen(loops.toClients(config.listen().tcp(), config.listen().backlog(), false), admin);
        }
        console.start(all[0]);
        all[0].scheduleWithFixedDelay(this::tick, 500, 500, TimeUnit.MILLISECONDS);
        listener.watch(all);
        listener.listen(
                loops.toClients(
                        config.listen().tcp(),
                        config.listen().backlog(),
                        config.listen().reusePort()),
                config.listen().addresses());
        ready = true;
        if (admin != null) {
            log.info("health, metrics and statistics on http://{}", text(http.address()));
        }
        log.info(
                "listening on {}, transport {}, {} event loops",
                listener.addresses().stream().map(CarpoolProxy::text).toList(),
                loops.transport(),
                all.length);
    }

    /** As in a URL: without the slash of Java's own text, with brackets around an IPv6 address. */
    static String text(@Nullable InetSocketAddress address) {
        return address == null ? "" : NetUtil.toSocketAddressString(address);
    }

    private void tick() {
        try {
            pools.tick();
            listeners.tick();
            pools.forgetUnused(
                    name -> sessions.ofDatabase(name) > 0,
                    config.timeouts().autodbIdle().toNanos(),
                    System.nanoTime());
        } catch (RuntimeException problem) {
            log.error("upkeep failed", problem);
        }
    }

    /** Where clients connect. */
    public List<InetSocketAddress> addresses() {
        return listener.addresses();
    }

    /** Where operators find health, metrics and statistics; null for nowhere. */
    public @Nullable InetSocketAddress adminAddress() {
        return http.address();
    }

    public Transport transport() {
        return loops.transport();
    }

    /** Whether new clients are welcome: what the readiness probe tells. */
    @Override
    public boolean isReady() {
        return ready && !stopping;
    }

    /**
     * Stops: takes no more clients, lets transactions end within the grace period (zero for any time), tells everybody
     * else that the proxy shuts down. Returns when all is done. A second call from another thread ends the grace period at once.
     */
    public void stop(Duration grace) {
        beginStop();
        listener.close();
        ErrorReply farewell = CarpoolError.SHUTTING_DOWN.reply();
        for (ClientSession session : sessions.all()) {
            session.endIfIdle(farewell);
        }
        long until = System.nanoTime() + grace.toNanos();
        while (sessions.count() > 0 && (grace.isZero() || System.nanoTime() < until) && !closing.get()) {
            pause();
        }
        close();
    }

    /** Takes no more clients and stops when the last one has left by itself; those on the console do not count. */
    private void stopWithoutClients() {
        ready = false;
        listener.close();
        while (sessions.admitted() > 0 && !stopping) {
            pause();
        }
        if (!stopping) {
            stop(Duration.ZERO);
        }
    }

    @Override
    public void shutDown(ShutdownMode mode) {
        log.info("shutdown from the console: {}", mode);
        Runnable end = switch (mode) {
            case NOW -> this::close;
            case WAIT_FOR_SERVERS -> () -> stop(Duration.ZERO);
            case WAIT_FOR_CLIENTS -> this::stopWithoutClients;
        };
        new Thread(end, "carpool-stop").start();
    }

    /** Takes no more clients from now on; returns false when that was so already. */
    boolean beginStop() {
        ready = false;
        boolean first = !stopping;
        stopping = true;
        return first;
    }

    private static void pause() {
        java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }

    /** Stops at once. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        stopping = true;
        listener.close();
        ErrorReply farewell = CarpoolError.SHUTTING_DOWN.reply();
        for (ClientSession session : sessions.all()) {
            session.kill(farewell);
        }
        pools.shutDown();
        // With io_uring a socket is closed by several steps of its event loop, which must not stop before.
        awaitClosed(1_000);
        pools.cut();
        awaitClosed(200);
        http.close();
        loops.close();
        expensive.shutdownNow();
        stopped.countDown();
    }

    /** Waits until no client and no server is connected any more. */
    private void awaitClosed(long limitMillis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
        while ((listener.connected() > 0 || pools.connected() > 0) && System.nanoTime() - until < 0) {
            pause();
        }
    }

    /** Returns when the proxy has stopped. */
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }

    /** What {@link #reload()} reads. */
    void reloadWith(ConfigReload source) {
        reloading = source;
    }

    /** Reads the configuration again; a bad one changes nothing. Returns the problems, empty when all went well. */
    @Override
    public synchronized List<String> reload() {
        ConfigReload source = reloading;
        if (source == null) {
            return List.of("this proxy was started without a configuration to read again");
        }
        ConfigReading reading = source.reload();
        List<String> problems = apply(reading);
        if (problems.isEmpty()) {
            reading.needRestart().forEach(key -> log.warn("{} takes effect at the next start", key));
            log.info("configuration reloaded");
        }
        return problems;
    }

    @Override
    public synchronized List<String> change(String key, String value) {
        ConfigReload source = reloading;
        if (source == null) {
            return List.of("this proxy was started without a configuration to change");
        }
        String assignment = key + "=" + value;
        ConfigReading reading = source.tryWith(assignment);
        CarpoolConfig next = reading.config();
        if (next != null && reading.needRestart().contains(key)) {
            return List.of(key + " takes effect at the next start only: change it in the configuration");
        }
        List<String> problems = apply(reading).stream()
                .map(problem -> problem.replaceFirst("^SET: ", ""))
                .toList();
        if (next != null && problems.isEmpty()) {
            source.keep(assignment, next);
            log.info("{} changed from the console", key);
        }
        return problems;
    }

    /** Puts a reading in force; returns the problems, after which nothing has changed. */
    private List<String> apply(ConfigReading reading) {
        CarpoolConfig next = reading.config();
        if (next == null) {
            reading.problems().forEach(problem -> log.error("not reloaded: {}", problem));
            return reading.problems().stream().map(Object::toString).toList();
        }
        try {
            reload(next);
        } catch (TlsProblems problems) {
            problems.problems().forEach(problem -> log.error("not reloaded: {}", problem));
            return problems.problems();
        } catch (AuthFileProblems problems) {
            problems.problems().forEach(problem -> log.error("not reloaded: {}", problem));
            return problems.problems().stream().map(Object::toString).toList();
        }
        return List.of();
    }

    /** Puts a new configuration in force: what can be changed while running. */
    public void reload(CarpoolConfig next) throws TlsProblems, AuthFileProblems {
        auth.reload(next.auth());
        tls.reload(next.clientTls(), next.serverTls());
        Logging.verbose(next.log().verbose());
        config = next;
        pools.reconfigure(next);
    }

    @Override
    public CarpoolConfig config() {
        return config;
    }

    @Override
    public ClientTls clientTls() {
        return clientSide;
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
    public long foreignCancels() {
        return cancelKeys.foreign();
    }

    @Override
    public ListenerHubs listeners() {
        return listeners;
    }

    @Override
    public long failedLogins() {
        return auth.failures();
    }

    @Override
    public String version() {
        return Version.text();
    }

    @Override
    public List<EventLoop> eventLoops() {
        return List.of(loops.loops());
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
    public ClientSessions sessions() {
        return sessions;
    }

    @Override
    public LocalDatabase localDatabase() {
        return console;
    }

    @Override
    public Executor expensive() {
        return expensive;
    }

    @Override
    public boolean isStopping() {
        return stopping;
    }

    private final ClientTls clientSide = new ClientTls() {
        @Override
        public @Nullable Offer offer(ByteBufAllocator allocator) {
            TlsToClients side = tls.clients();
            return side.available() ? new Offer(side.newHandler(allocator), side.binding()) : null;
        }

        @Override
        public boolean isRequired() {
            return tls.clients().mode().compareTo(SslMode.REQUIRE) >= 0;
        }

        @Override
        public @Nullable String clientCommonName(SSLSession session) {
            return TlsToClients.commonName(session).orElse(null);
        }
    };

    private final class ServerSide implements ServerTls {
        @Override
        public SslMode mode() {
            return tls.servers().mode();
        }

        @Override
        public SslHandler newHandler(ByteBufAllocator allocator, String host, int port) {
            return tls.servers().newHandler(allocator, host, port);
        }

        @Override
        public byte @Nullable [] peerBinding(SSLSession session) {
            return TlsToServers.peerBinding(session);
        }
    }
}

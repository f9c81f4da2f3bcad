package dev.carpool.admin;

import dev.carpool.cancel.CancelForwarder;
import dev.carpool.client.ClientSessions;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.ConfigReader;
import dev.carpool.config.SslMode;
import dev.carpool.pool.PoolCheckout;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.pool.ServerPool;
import dev.carpool.relay.CompatibilityReport;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerConnector;
import dev.carpool.server.ServerTls;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** A proxy with pools and a configuration, but without sockets: attempts to connect never end. */
public final class TestProxy implements ProxyControl {
    /** What the proxy was asked to do. */
    public final List<String> asked = new ArrayList<>();

    /** What RELOAD and SET shall find wrong. */
    public List<String> problems = List.of();

    public boolean ready = true;

    /** Set to have expensive work wait for {@link #runLater}. */
    public boolean later;

    private final CarpoolConfig config;
    private final EventLoop loop = new EmbeddedChannel().eventLoop();
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private final ServerConnector connector = new ServerConnector(new Bootstrap(), new NoTls(), connecting -> {});
    private final PoolDirectory pools;
    private final CompatibilityReport report = new CompatibilityReport();
    private final ClientSessions sessions = new ClientSessions();
    private final CancelForwarder cancels = new CancelForwarder(connector, () -> Duration.ZERO);

    /** @param settings as {@code --set} takes them */
    public TestProxy(String... settings) {
        ConfigReader reader = ConfigReader.create().with("upstream=postgresql://db.example:5432");
        for (String setting : settings) {
            reader = reader.with(setting);
        }
        config = reader.read().configOrThrow();
        pools = new PoolDirectory(config, connector, target -> {}, new EventLoop[] {loop}, true);
    }

    /** Makes a pool with these counters of event loop 0. */
    public ServerPool pool(String database, String user) {
        return pools.pool(config.database(database), user);
    }

    /** Makes a pool open a connection, which never comes. */
    void openForEver(ServerPool pool) {
        pool.checkout(new Patient(pool), Duration.ZERO, System.nanoTime());
    }

    /** Does the expensive work that has been waiting. */
    public void runLater() {
        Runnable task = waiting.poll();
        while (task != null) {
            task.run();
            task = waiting.poll();
        }
    }

    @Override
    public CarpoolConfig config() {
        return config;
    }

    @Override
    public PoolDirectory pools() {
        return pools;
    }

    @Override
    public ClientSessions sessions() {
        return sessions;
    }

    @Override
    public CancelForwarder cancels() {
        return cancels;
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public CompatibilityReport report() {
        return report;
    }

    @Override
    public long foreignCancels() {
        return 2;
    }

    @Override
    public long failedLogins() {
        return 3;
    }

    @Override
    public String version() {
        return "9.8.7";
    }

    @Override
    public List<EventLoop> eventLoops() {
        return List.of(loop);
    }

    @Override
    public Executor expensive() {
        return later ? waiting::add : Runnable::run;
    }

    @Override
    public List<String> reload() {
        asked.add("reload");
        return problems;
    }

    @Override
    public List<String> change(String key, String value) {
        asked.add(key + "=" + value);
        return problems;
    }

    @Override
    public void shutDown(ShutdownMode mode) {
        asked.add(mode.toString());
    }

    /** A waiter who never gets anything. */
    private static final class Patient extends PoolCheckout {
        Patient(ServerPool pool) {
            super(pool, 0);
        }

        @Override
        public void granted(ServerConnection server, long now) {}

        @Override
        public void refused(dev.carpool.error.ErrorReply reply, byte @Nullable [] serverMessage) {}
    }

    private static final class NoTls implements ServerTls {
        @Override
        public SslMode mode() {
            return SslMode.DISABLE;
        }

        @Override
        public SslHandler newHandler(ByteBufAllocator allocator, String host, int port) {
            throw new AssertionError("no TLS here");
        }

        @Override
        public byte @Nullable [] peerBinding(SSLSession session) {
            return null;
        }
    }
}

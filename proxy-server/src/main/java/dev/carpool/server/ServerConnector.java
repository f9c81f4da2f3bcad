package dev.carpool.server;

import dev.carpool.auth.ServerCredentials;
import dev.carpool.config.SslMode;
import dev.carpool.error.CarpoolError;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Opens server connections. Thread-safe; results are delivered on the event loop asked for. */
public final class ServerConnector {
    /** What becomes of an attempt; one of the two, once, on the connection's event loop. */
    public interface Result {
        /**
         * The login is done.
         *
         * @param reusable what is enough for later logins: keys instead of a password where the server allows it
         */
        void opened(ServerConnection connection, ServerCredentials reusable, boolean askedForSecret);

        void failed(LoginFailure failure);
    }

    private static final AtomicLong IDS = new AtomicLong();

    private final Bootstrap bootstrap;
    private final ServerTls tls;
    private final Executor blocking;

    /**
     * @param bootstrap with channel class and socket options, without group and handler
     * @param blocking where host names are looked up and passwords hashed
     */
    public ServerConnector(Bootstrap bootstrap, ServerTls tls, Executor blocking) {
        this.bootstrap = bootstrap;
        this.tls = tls;
        this.blocking = blocking;
    }

    /** Connects and logs in. */
    public void open(
            EventLoop loop,
            ServerTarget target,
            ServerCredentials credentials,
            int maxPreparedStatements,
            Duration timeout,
            Result result) {
        boolean tryTls = tls.mode() != SslMode.DISABLE && tls.mode() != SslMode.ALLOW;
        resolve(
                target.host(),
                loop,
                address -> new Attempt(loop, target, credentials, maxPreparedStatements, timeout, result)
                        .connect(new InetSocketAddress(address, target.port()), tryTls),
                problem -> result.failed(new LoginFailure(
                        LoginFailure.Kind.UNREACHABLE,
                        CarpoolError.SERVER_UNREACHABLE.reply(target.label(), problem),
                        null)));
    }

    private void resolve(
            String host,
            EventLoop loop,
            java.util.function.Consumer<InetAddress> found,
            java.util.function.Consumer<String> unknown) {
        byte[] literal = io.netty.util.NetUtil.createByteArrayFromIpAddressString(host);
        if (literal != null) {
            try {
                InetAddress address = InetAddress.getByAddress(host, literal);
                loop.execute(() -> found.accept(address));
                return;
            } catch (UnknownHostException impossible) {
                throw new AssertionError(impossible);
            }
        }
        blocking.execute(() -> {
            try {
                InetAddress address = InetAddress.getByName(host);
                loop.execute(() -> found.accept(address));
            } catch (UnknownHostException problem) {
                loop.execute(() -> unknown.accept("host name \"" + host + "\" is not known"));
            }
        });
    }

    /** Opens a bare connection to a server, for a cancel request. */
    public void resolveAndConnect(
            EventLoop loop,
            ServerTarget target,
            ChannelInitializer<Channel> initializer,
            java.util.function.Consumer<String> failed) {
        resolve(
                target.host(),
                loop,
                address -> bootstrap
                        .clone(loop)
                        .handler(initializer)
                        .connect(new InetSocketAddress(address, target.port()))
                        .addListener(connected -> {
                            if (!connected.isSuccess()) {
                                failed.accept(String.valueOf(connected.cause().getMessage()));
                            }
                        }),
                failed);
    }

    public ServerTls tls() {
        return tls;
    }

    private final class Attempt implements ServerLogin.Outcome {
        private final EventLoop loop;
        private final ServerTarget target;
        private final ServerCredentials credentials;
        private final int maxPreparedStatements;
        private final Duration timeout;
        private final Result result;
        private @Nullable InetSocketAddress address;
        private @Nullable ScheduledFuture<?> deadline;

        Attempt(
                EventLoop loop,
                ServerTarget target,
                ServerCredentials credentials,
                int maxPreparedStatements,
                Duration timeout,
                Result result) {
            this.loop = loop;
            this.target = target;
            this.credentials = credentials;
            this.maxPreparedStatements = maxPreparedStatements;
            this.timeout = timeout;
            this.result = result;
        }

        void connect(InetSocketAddress to, boolean tryTls) {
            address = to;
            ServerLogin login = new ServerLogin(target, credentials, tls, tryTls, blocking, this);
            Bootstrap attempt = bootstrap.clone(loop);
            attempt.handler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(login);
                }
            });
            long millis = timeout.isZero() ? 0 : timeout.toMillis();
            attempt.option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(millis, Integer.MAX_VALUE));
            ChannelFuture connecting = attempt.connect(to);
            if (millis > 0) {
                deadline = loop.schedule(
                        () -> login.timedOut(connecting.channel(), timeout.toSeconds() + " s"),
                        millis,
                        TimeUnit.MILLISECONDS);
            }
            connecting.addListener(connected -> {
                if (!connected.isSuccess() && login.abandon()) {
                    Throwable cause = connected.cause();
                    stopDeadline();
                    result.failed(new LoginFailure(
                            LoginFailure.Kind.UNREACHABLE,
                            CarpoolError.SERVER_UNREACHABLE.reply(target.label(), String.valueOf(cause.getMessage())),
                            null));
                }
            });
        }

        private void stopDeadline() {
            if (deadline != null) {
                deadline.cancel(false);
                deadline = null;
            }
        }

        @Override
        public void loggedIn(
                Channel channel,
                int processId,
                byte[] cancelKey,
                Map<String, String> reported,
                ServerCredentials reusable,
                boolean askedForSecret) {
            stopDeadline();
            ServerConnection connection = new ServerConnection(
                    IDS.incrementAndGet(),
                    channel,
                    target,
                    processId,
                    cancelKey,
                    reported,
                    maxPreparedStatements,
                    System.nanoTime());
            channel.pipeline().addLast(connection);
            Counters.opened();
            result.opened(connection, reusable, askedForSecret);
        }

        @Override
        public void failed(LoginFailure failure, boolean beforeStartup) {
            stopDeadline();
            InetSocketAddress to = address;
            if (to != null
                    && tls.mode() == SslMode.PREFER
                    && beforeStartup
                    && failure.kind() == LoginFailure.Kind.TLS) {
                connect(to, false);
            } else if (to != null
                    && tls.mode() == SslMode.ALLOW
                    && failure.reply().sqlState().equals("28000")
                    && !retriedWithTls) {
                retriedWithTls = true;
                connect(to, true);
            } else {
                result.failed(failure);
            }
        }

        private boolean retriedWithTls;
    }
}

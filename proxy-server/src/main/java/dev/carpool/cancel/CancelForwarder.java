package dev.carpool.cancel;

import dev.carpool.config.SslMode;
import dev.carpool.protocol.StartupMessage;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.CloseReason;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerConnector;
import dev.carpool.server.ServerState;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Forwards cancel requests to servers on connections of their own, beside the pools: they neither wait in a queue nor
 * count against a cap. The server connection meant is not reused before its cancel has ended, which the server shows by
 * closing the cancel's connection.
 */
public final class CancelForwarder {
    /** Time for the server to act on one cancel before the next of the same connection. */
    private static final long PAUSE_BETWEEN_MILLIS = 20;

    private final ServerConnector connector;
    private final Supplier<Duration> longest;
    private final LongAdder sent = new LongAdder();

    /** @param longest how long a cancel may take (cancel_wait_timeout); zero for ten seconds */
    public CancelForwarder(ServerConnector connector, Supplier<Duration> longest) {
        this.connector = connector;
        this.longest = longest;
    }

    /** Cancel requests sent since the start. */
    public long sent() {
        return sent.sum();
    }

    /**
     * Cancels what a server connection is running for a client that has left it, one request after the other until nothing
     * is owed to that client; never what the proxy has asked in front of that. On the connection's event loop.
     */
    public void cancelRunning(ServerConnection server) {
        Runnable more = () -> server.channel()
                .eventLoop()
                .schedule(() -> cancelMore(server), PAUSE_BETWEEN_MILLIS, TimeUnit.MILLISECONDS);
        if (server.outstanding().areOursFirst()) {
            more.run();
        } else {
            cancel(server, more);
        }
    }

    private void cancelMore(ServerConnection server) {
        if (server.isOpen()
                && server.state() == ServerState.DRAINING
                && !server.isCancelInFlight()
                && server.outstanding().owedReadyForQuery() > 0) {
            cancelRunning(server);
        }
    }

    /** Cancels what a server connection is running. On the connection's event loop; {@code done} runs there too. */
    public void cancel(ServerConnection server, Runnable done) {
        assert server.channel().eventLoop().inEventLoop();
        sent.increment();
        server.cancelStarted();
        boolean tls = connector.tls().mode().compareTo(SslMode.PREFER) >= 0 && isEncrypted(server);
        Exchange exchange = new Exchange(server, done, tls);
        long millis = longest.get().isZero() ? 10_000 : longest.get().toMillis();
        exchange.deadline = server.channel().eventLoop().schedule(exchange::timedOut, millis, TimeUnit.MILLISECONDS);
        connector.resolveAndConnect(
                server.channel().eventLoop(),
                server.target(),
                new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(exchange);
                    }
                },
                problem -> exchange.ended(false));
    }

    private static boolean isEncrypted(ServerConnection server) {
        return server.channel().pipeline().get(SslHandler.class) != null;
    }

    /** One cancel request on its own connection; shares the event loop of the connection it is meant for. */
    private final class Exchange extends ChannelInboundHandlerAdapter {
        private final ServerConnection server;
        private final Runnable done;
        private final boolean tls;
        private @Nullable ScheduledFuture<?> deadline;
        private @Nullable Channel channel;
        private boolean requested;
        private boolean finished;

        Exchange(ServerConnection server, Runnable done, boolean tls) {
            this.server = server;
            this.done = done;
            this.tls = tls;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            channel = context.channel();
            if (finished) {
                context.close();
            } else if (tls) {
                ByteBuf out = context.alloc().directBuffer(8);
                WireWriter.request(out, StartupMessage.SSL_REQUEST);
                context.writeAndFlush(out);
            } else {
                request(context);
            }
        }

        private void request(ChannelHandlerContext context) {
            requested = true;
            ByteBuf out = context.alloc().directBuffer(64);
            WireWriter.cancelRequest(out, server.processId(), server.cancelKey());
            context.writeAndFlush(out);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf in = (ByteBuf) message;
            try {
                if (!requested && in.readableBytes() == 1 && in.readByte() == 'S') {
                    SslHandler handler = connector
                            .tls()
                            .newHandler(
                                    context.alloc(),
                                    server.target().host(),
                                    server.target().port());
                    context.pipeline().addFirst(handler);
                    handler.handshakeFuture().addListener(handshake -> {
                        if (handshake.isSuccess()) {
                            request(context);
                        } else {
                            context.close();
                        }
                    });
                } else if (!requested) {
                    context.close();
                }
            } catch (IOException problem) {
                context.close();
            } finally {
                ReferenceCountUtil.release(in);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            ended(requested);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }

        private void timedOut() {
            if (!finished) {
                ended(false);
                if (channel != null) {
                    channel.close();
                }
            }
        }

        /** Whether the request reached the server is known by now; when it may still be on its way, nobody can tell. */
        private void ended(boolean delivered) {
            if (finished) {
                return;
            }
            finished = true;
            if (deadline != null) {
                deadline.cancel(false);
            }
            if (!delivered && requested) {
                server.close(CloseReason.CANCEL_FAILED);
            }
            server.cancelEnded();
            done.run();
        }
    }
}

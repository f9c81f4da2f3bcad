package dev.carpool;

import dev.carpool.config.RuntimeConfig;
import dev.carpool.config.TcpConfig;
import dev.carpool.config.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringBufferRingConfig;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringFixedBufferRingAllocator;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads that do all I/O, and how sockets on them are made: io_uring, epoll or NIO. */
public final class EventLoops {
    private static final Logger log = LoggerFactory.getLogger(EventLoops.class);
    private static final short BUFFER_GROUP = 0;
    private static final short RING_BUFFERS = 256;
    private static final int RING_BUFFER_BYTES = 8192;

    /**
     * Netty (4.2.18) would have one receive deliver until it is cancelled. When reading is switched off, such a receive
     * still takes up to a whole ring of buffers; when it is switched on again before the cancellation is through, and
     * bytes arrive in between, Netty never receives again on this channel. A receive that delivers once does neither.
     * Read by {@link IoUring} when it is first used.
     */
    private static final String RECEIVE_UNTIL_CANCELLED = "io.netty.iouring.recvMultiShotEnabled";

    static {
        if (System.getProperty(RECEIVE_UNTIL_CANCELLED) == null) {
            System.setProperty(RECEIVE_UNTIL_CANCELLED, "false");
        }
    }

    private final Transport transport;
    private final EventLoopGroup group;
    private final EventLoop[] loops;
    private final RuntimeConfig config;
    private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;

    public EventLoops(RuntimeConfig config) {
        this.config = config;
        this.transport = choose(config.transport());
        int count = config.eventLoopsHere();
        this.group = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("carpool-loop"), handlers());
        this.loops = new EventLoop[count];
        for (int i = 0; i < count; i++) {
            loops[i] = group.next();
        }
    }

    private static Transport choose(Transport wanted) {
        Transport[] candidates = wanted == Transport.AUTO
                ? new Transport[] {Transport.EPOLL, Transport.NIO}
                : new Transport[] {wanted, Transport.EPOLL, Transport.NIO};
        for (Transport candidate : candidates) {
            if (isAvailable(candidate)) {
                if (wanted != Transport.AUTO && candidate != wanted) {
                    log.warn("transport {} is not available here, using {}: {}", wanted, candidate, cause(wanted));
                }
                return candidate;
            }
        }
        return Transport.NIO;
    }

    private static boolean isAvailable(Transport transport) {
        return switch (transport) {
            // Without a ring of receive buffers it saves nothing against epoll: docs/performance.md.
            case IO_URING -> IoUring.isAvailable() && IoUring.isRegisterBufferRingSupported();
            case EPOLL -> Epoll.isAvailable();
            default -> true;
        };
    }

    private static String cause(Transport transport) {
        Throwable cause = transport == Transport.IO_URING ? IoUring.unavailabilityCause() : Epoll.unavailabilityCause();
        return cause == null ? "" : String.valueOf(cause.getMessage());
    }

    private IoHandlerFactory handlers() {
        return switch (transport) {
            case IO_URING -> IoUringIoHandler.newFactory(ring());
            case EPOLL -> EpollIoHandler.newFactory();
            default -> NioIoHandler.newFactory();
        };
    }

    private IoUringIoHandlerConfig ring() {
        IoUringIoHandlerConfig ring = new IoUringIoHandlerConfig();
        if (hasBufferRing()) {
            ring.setBufferRingConfig(IoUringBufferRingConfig.builder()
                    .bufferGroupId(BUFFER_GROUP)
                    .bufferRingSize(RING_BUFFERS)
                    .batchSize(RING_BUFFERS / 4)
                    .allocator(new IoUringFixedBufferRingAllocator(allocator, RING_BUFFER_BYTES))
                    .build());
        }
        return ring;
    }

    /** Without a ring Netty receives once at a time, whatever the property says. */
    private boolean hasBufferRing() {
        return transport == Transport.IO_URING
                && IoUring.isRegisterBufferRingSupported()
                && !IoUring.isRecvMultishotEnabled();
    }

    public Transport transport() {
        return transport;
    }

    EventLoopGroup group() {
        return group;
    }

    EventLoop[] loops() {
        return loops.clone();
    }

    /**
     * Whether a connection at rest can change its event loop. With io_uring a receive is always in flight, whose
     * completion could arrive on the loop that was left: see docs/adr/0003.
     */
    boolean isMovable() {
        return transport != Transport.IO_URING;
    }

    int index(EventLoop loop) {
        for (int i = 0; i < loops.length; i++) {
            if (loops[i] == loop) {
                return i;
            }
        }
        throw new IllegalArgumentException("not one of these loops");
    }

    private Class<? extends ServerChannel> serverChannel() {
        return switch (transport) {
            case IO_URING -> IoUringServerSocketChannel.class;
            case EPOLL -> EpollServerSocketChannel.class;
            default -> NioServerSocketChannel.class;
        };
    }

    private Class<? extends Channel> channel() {
        return switch (transport) {
            case IO_URING -> IoUringSocketChannel.class;
            case EPOLL -> EpollSocketChannel.class;
            default -> NioSocketChannel.class;
        };
    }

    private RecvByteBufAllocator receive() {
        int most = Math.max(2048, config.readBufferBytes());
        return new io.netty.channel.AdaptiveRecvByteBufAllocator(512, 2048, most);
    }

    /** Says which settings of sockets come to nothing with this transport. */
    void warnOfMissing(TcpConfig tcp) {
        List<String> missing = SocketOptions.of(transport, tcp).missing();
        if (!missing.isEmpty()) {
            log.warn("no effect with transport {}: {}", transport, String.join(", ", missing));
        }
    }

    /** For connections to servers; without handler. */
    Bootstrap toServers(TcpConfig tcp) {
        Bootstrap bootstrap = new Bootstrap()
                .channel(channel())
                .option(ChannelOption.ALLOCATOR, allocator)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                .option(ChannelOption.RECVBUF_ALLOCATOR, receive());
        SocketOptions.of(transport, tcp).applyTo(bootstrap);
        if (hasBufferRing()) {
            bootstrap.option(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, BUFFER_GROUP);
        }
        return bootstrap;
    }

    /** For clients; without handlers. */
    ServerBootstrap toClients(TcpConfig tcp, int backlog, boolean reusePort) {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(serverChannel())
                .option(ChannelOption.SO_BACKLOG, backlog)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, receive());
        SocketOptions.of(transport, tcp).applyTo(bootstrap);
        if (reusePort && transport == Transport.EPOLL) {
            bootstrap.option(EpollChannelOption.SO_REUSEPORT, true);
        }
        if (hasBufferRing()) {
            bootstrap.childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, BUFFER_GROUP);
        }
        return bootstrap;
    }

    private static WriteBufferWaterMark waterMark() {
        return new WriteBufferWaterMark(32 * 1024, 64 * 1024);
    }

    /** Ends the threads once their tasks are done; waits a moment for it. */
    void close() {
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    }
}

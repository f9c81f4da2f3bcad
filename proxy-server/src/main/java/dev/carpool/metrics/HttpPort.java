package dev.carpool.metrics;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The HTTP port of operators: probes, health, metrics and statistics. It never changes anything. */
public final class HttpPort {
    static final int LONGEST_LINE = 4096;
    static final int LARGEST_HEADERS = 8192;
    private static final int LARGEST_BODY = 1024;
    private static final int MOST_CONNECTIONS = 256;

    private final MonitoredProxy proxy;
    private final Pages pages;
    private final AtomicInteger connections = new AtomicInteger();
    private @Nullable Channel channel;

    public HttpPort(MonitoredProxy proxy) {
        this.proxy = proxy;
        this.pages = new Pages(proxy);
    }

    /** Starts to listen. Throws what Netty throws when the address is in use. */
    public void listen(ServerBootstrap bootstrap, InetSocketAddress address) {
        bootstrap.childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel accepted) {
                accept(accepted);
            }
        });
        boolean everywhere = !address.isUnresolved() && address.getAddress().isAnyLocalAddress();
        InetSocketAddress resolved =
                everywhere ? address : new InetSocketAddress(address.getHostString(), address.getPort());
        channel = bootstrap.bind(resolved).syncUninterruptibly().channel();
    }

    private void accept(Channel accepted) {
        if (connections.incrementAndGet() > MOST_CONNECTIONS) {
            connections.decrementAndGet();
            accepted.close();
            return;
        }
        accepted.closeFuture().addListener(closed -> connections.decrementAndGet());
        Access access = new Access(
                accepted.parent().localAddress(), () -> proxy.config().admin().token());
        addHandlers(accepted, new HttpRequests(pages, access, proxy.expensive()));
    }

    /** The pipeline, in order. */
    static void addHandlers(Channel accepted, HttpRequests requests) {
        accepted.pipeline()
                .addLast(new HttpServerCodec(LONGEST_LINE, LARGEST_HEADERS, LARGEST_HEADERS))
                .addLast(new HttpObjectAggregator(LARGEST_BODY, true))
                .addLast(requests);
    }

    /** Where it listens, with the port the operating system has chosen; null before {@link #listen}. */
    public @Nullable InetSocketAddress address() {
        Channel listening = channel;
        return listening == null ? null : (InetSocketAddress) listening.localAddress();
    }

    /** Accepts nobody any more. */
    public void close() {
        Channel listening = channel;
        if (listening != null) {
            listening.close().awaitUninterruptibly();
        }
    }
}

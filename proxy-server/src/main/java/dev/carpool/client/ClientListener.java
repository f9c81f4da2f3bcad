package dev.carpool.client;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToIntFunction;

/** Accepts clients on every configured address. */
public final class ClientListener {
    private final ProxyContext context;
    private final ToIntFunction<EventLoop> loopIndex;
    private final List<Channel> channels = new ArrayList<>();
    private final AtomicInteger connected = new AtomicInteger();

    public ClientListener(ProxyContext context, ToIntFunction<EventLoop> loopIndex) {
        this.context = context;
        this.loopIndex = loopIndex;
    }

    /**
     * Starts to listen. Throws what Netty throws when an address is in use.
     */
    public void listen(ServerBootstrap bootstrap, List<InetSocketAddress> addresses) {
        bootstrap.childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                connected.incrementAndGet();
                channel.closeFuture().addListener(closed -> connected.decrementAndGet());
                channel.pipeline()
                        .addLast(new ClientSession(context, channel, loopIndex.applyAsInt(channel.eventLoop())));
            }
        });
        for (InetSocketAddress address : addresses) {
            InetSocketAddress resolved = new InetSocketAddress(address.getHostString(), address.getPort());
            channels.add(bootstrap.bind(resolved).syncUninterruptibly().channel());
        }
    }

    /** The addresses in use, with the ports the operating system has chosen. */
    public List<InetSocketAddress> addresses() {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (Channel channel : channels) {
            addresses.add((InetSocketAddress) channel.localAddress());
        }
        return addresses;
    }

    /** Clients whose sockets are open: a session that has ended may still have its farewell to send. */
    public int connected() {
        return connected.get();
    }

    /** Looks at the deadlines of all sessions, each on its own loop, twice a second. */
    public void watch(EventLoop[] loops) {
        for (int i = 0; i < loops.length; i++) {
            int loop = i;
            loops[i].scheduleWithFixedDelay(() -> tick(loop), 500, 500, TimeUnit.MILLISECONDS);
        }
    }

    private void tick(int loop) {
        long now = System.nanoTime();
        for (ClientSession session : context.sessions().all()) {
            if (session.loop() == loop) {
                session.tick(now);
            }
        }
    }

    /** Accepts nobody any more. */
    public void close() {
        for (Channel channel : channels) {
            channel.close().awaitUninterruptibly();
        }
    }
}

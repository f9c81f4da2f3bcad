package dev.carpool;

import dev.carpool.config.TcpConfig;
import dev.carpool.config.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * The settings tcp_* as options of one transport's channels.
 *
 * @param connection of each connection, of clients and to servers
 * @param listener of the listening socket
 * @param missing settings that ask for something the transport has not
 */
record SocketOptions(
        Map<ChannelOption<?>, Object> connection, Map<ChannelOption<?>, Object> listener, List<String> missing) {
    /** As PgBouncer has it (lib/usual/socket.c). */
    private static final int DEFER_ACCEPT_SECONDS = 45;

    static SocketOptions of(Transport transport, TcpConfig tcp) {
        SocketOptions options = new SocketOptions(new LinkedHashMap<>(), new LinkedHashMap<>(), new ArrayList<>());
        options.connection.put(ChannelOption.TCP_NODELAY, true);
        options.connection.put(ChannelOption.SO_KEEPALIVE, tcp.keepAlive());
        Known known = known(transport);
        options.add("tcp_keepcnt", known.keepCount, tcp.keepCount());
        options.add("tcp_keepidle", known.keepIdle, seconds(tcp.keepIdle()));
        options.add("tcp_keepintvl", known.keepInterval, seconds(tcp.keepInterval()));
        options.add("tcp_user_timeout", known.userTimeout, (int)
                Math.min(Integer.MAX_VALUE, tcp.userTimeout().toMillis()));
        options.add("tcp_socket_buffer", ChannelOption.SO_SNDBUF, tcp.socketBufferBytes());
        options.add("tcp_socket_buffer", ChannelOption.SO_RCVBUF, tcp.socketBufferBytes());
        add(
                "tcp_defer_accept",
                known.deferAccept,
                tcp.deferAccept() ? DEFER_ACCEPT_SECONDS : 0,
                options.listener,
                options.missing);
        return options;
    }

    /** What a transport knows beyond Netty's common options. */
    private record Known(
            @Nullable ChannelOption<Integer> keepCount,
            @Nullable ChannelOption<Integer> keepIdle,
            @Nullable ChannelOption<Integer> keepInterval,
            @Nullable ChannelOption<Integer> userTimeout,
            @Nullable ChannelOption<Integer> deferAccept) {}

    private static Known known(Transport transport) {
        return switch (transport) {
            case EPOLL ->
                new Known(
                        EpollChannelOption.TCP_KEEPCNT,
                        EpollChannelOption.TCP_KEEPIDLE,
                        EpollChannelOption.TCP_KEEPINTVL,
                        EpollChannelOption.TCP_USER_TIMEOUT,
                        EpollChannelOption.TCP_DEFER_ACCEPT);
            case IO_URING ->
                new Known(
                        IoUringChannelOption.TCP_KEEPCNT,
                        IoUringChannelOption.TCP_KEEPIDLE,
                        IoUringChannelOption.TCP_KEEPINTVL,
                        IoUringChannelOption.TCP_USER_TIMEOUT,
                        IoUringChannelOption.TCP_DEFER_ACCEPT);
            case NIO, AUTO ->
                new Known(
                        NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT),
                        NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
                        NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
                        null,
                        null);
        };
    }

    private void add(String setting, @Nullable ChannelOption<Integer> option, int value) {
        add(setting, option, value, connection, missing);
    }

    private static void add(
            String setting,
            @Nullable ChannelOption<Integer> option,
            int value,
            Map<ChannelOption<?>, Object> to,
            List<String> missing) {
        if (value == 0) {
            return;
        }
        if (option == null) {
            missing.add(setting);
        } else {
            to.put(option, value);
        }
    }

    /** Whole seconds; a part of one counts as one. */
    private static int seconds(Duration time) {
        return (int) Math.min(Integer.MAX_VALUE, time.plusMillis(999).toSeconds());
    }

    void applyTo(Bootstrap bootstrap) {
        connection.forEach((option, value) -> bootstrap.option(cast(option), value));
    }

    void applyTo(ServerBootstrap bootstrap) {
        connection.forEach((option, value) -> bootstrap.childOption(cast(option), value));
        listener.forEach((option, value) -> bootstrap.option(cast(option), value));
    }

    @SuppressWarnings("unchecked")
    private static ChannelOption<Object> cast(ChannelOption<?> option) {
        return (ChannelOption<Object>) option;
    }
}

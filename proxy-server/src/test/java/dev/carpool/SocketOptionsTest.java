package dev.carpool;

import dev.carpool.config.ConfigReader;
import dev.carpool.config.TcpConfig;
import dev.carpool.config.Transport;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

final class SocketOptionsTest {
    private static TcpConfig all() {
        ConfigReader reader = ConfigReader.create().with("upstream=postgresql://db:5432");
        for (String setting : List.of(
                "tcp_keepcnt=3",
                "tcp_keepidle=1min",
                "tcp_keepintvl=1500ms",
                "tcp_user_timeout=30000",
                "tcp_defer_accept=true",
                "tcp_socket_buffer=64kB")) {
            reader = reader.with(setting);
        }
        return reader.read().configOrThrow().listen().tcp();
    }

    @Test
    void nothingSetIsLeftToTheOperatingSystem() {
        for (Transport transport : List.of(Transport.EPOLL, Transport.IO_URING, Transport.NIO)) {
            SocketOptions options = SocketOptions.of(transport, TcpConfig.defaults());
            assertEquals(
                    Map.of(ChannelOption.TCP_NODELAY, true, ChannelOption.SO_KEEPALIVE, true), options.connection());
            assertEquals(Map.of(), options.listener());
            assertEquals(List.of(), options.missing());
        }
    }

    @Test
    void epollAndIoUringHaveAll() {
        SocketOptions epoll = SocketOptions.of(Transport.EPOLL, all());
        assertEquals(3, epoll.connection().get(EpollChannelOption.TCP_KEEPCNT));
        assertEquals(60, epoll.connection().get(EpollChannelOption.TCP_KEEPIDLE));
        assertEquals(2, epoll.connection().get(EpollChannelOption.TCP_KEEPINTVL));
        assertEquals(30_000, epoll.connection().get(EpollChannelOption.TCP_USER_TIMEOUT));
        assertEquals(65_536, epoll.connection().get(ChannelOption.SO_SNDBUF));
        assertEquals(65_536, epoll.connection().get(ChannelOption.SO_RCVBUF));
        assertEquals(Map.of(EpollChannelOption.TCP_DEFER_ACCEPT, 45), epoll.listener());
        assertEquals(List.of(), epoll.missing());
        SocketOptions uring = SocketOptions.of(Transport.IO_URING, all());
        assertEquals(30_000, uring.connection().get(IoUringChannelOption.TCP_USER_TIMEOUT));
        assertEquals(epoll.connection().size(), uring.connection().size());
        assertEquals(List.of(), uring.missing());
    }

    @Test
    void nioSaysWhatItHasNot() {
        SocketOptions nio = SocketOptions.of(Transport.NIO, all());
        List<Object> values = List.copyOf(nio.connection().values());
        assertEquals(List.of(true, true, 3, 60, 2, 65_536, 65_536), values);
        assertEquals(List.of("tcp_user_timeout", "tcp_defer_accept"), nio.missing());
    }
}

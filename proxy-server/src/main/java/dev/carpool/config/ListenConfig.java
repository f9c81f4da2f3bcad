package dev.carpool.config;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * Where clients connect.
 *
 * @param addresses at least one, possibly not yet resolved; port 0 lets the operating system choose
 */
public record ListenConfig(List<InetSocketAddress> addresses, int backlog, TcpConfig tcp, boolean reusePort) {

    public ListenConfig {
        addresses = List.copyOf(addresses);
    }

    public static ListenConfig defaults() {
        return new ListenConfig(
                List.of(InetSocketAddress.createUnresolved("127.0.0.1", 6432)), 128, TcpConfig.defaults(), false);
    }
}

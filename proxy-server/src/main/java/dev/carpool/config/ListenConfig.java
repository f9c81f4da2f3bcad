package dev.carpool.config;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * Where clients connect.
 *
 * @param addresses at least one, possibly not yet resolved; port 0 lets the operating system choose
 * @param instanceId part of the cancel keys; 0 for one at random
 */
public record ListenConfig(
        List<InetSocketAddress> addresses, int backlog, TcpConfig tcp, boolean reusePort, int instanceId) {

    /** Instance ids go from 1 to this: 11 bits, without those that make process ids like the operating system's. */
    public static final int HIGHEST_INSTANCE_ID = 2043;

    public ListenConfig {
        addresses = List.copyOf(addresses);
    }

    public static ListenConfig defaults() {
        return CarpoolConfig.defaults().listen();
    }

    static ListenConfig of(SettingValues values) {
        int port = values.get(Settings.LISTEN_PORT);
        return new ListenConfig(
                values.get(Settings.LISTEN_ADDR).stream()
                        .map(host -> new HostPort(host, port).address())
                        .toList(),
                values.get(Settings.LISTEN_BACKLOG),
                TcpConfig.of(values),
                values.get(Settings.SO_REUSEPORT),
                values.get(Settings.INSTANCE_ID));
    }
}

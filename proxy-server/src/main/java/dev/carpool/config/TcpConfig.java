package dev.carpool.config;

import java.time.Duration;

/**
 * Socket options of client and server connections. Zero leaves an option to the operating system.
 *
 * @param deferAccept a client is accepted when it has sent something
 * @param socketBufferBytes size of the kernel's send and receive buffers
 */
public record TcpConfig(
        boolean keepAlive,
        int keepCount,
        Duration keepIdle,
        Duration keepInterval,
        Duration userTimeout,
        boolean deferAccept,
        int socketBufferBytes) {

    public static TcpConfig defaults() {
        return CarpoolConfig.defaults().listen().tcp();
    }

    static TcpConfig of(SettingValues values) {
        return new TcpConfig(
                values.get(Settings.TCP_KEEPALIVE),
                values.get(Settings.TCP_KEEPCNT),
                values.get(Settings.TCP_KEEPIDLE),
                values.get(Settings.TCP_KEEPINTVL),
                values.get(Settings.TCP_USER_TIMEOUT),
                values.get(Settings.TCP_DEFER_ACCEPT),
                (int) (long) values.get(Settings.TCP_SOCKET_BUFFER));
    }
}

package dev.carpool.config;

import java.time.Duration;

/**
 * Socket options of client and server connections. Zero leaves an option to the operating system.
 *
 * @param socketBufferBytes size of the kernel's send and receive buffers
 */
public record TcpConfig(
        boolean keepAlive,
        int keepCount,
        Duration keepIdle,
        Duration keepInterval,
        Duration userTimeout,
        int socketBufferBytes) {

    public static TcpConfig defaults() {
        return new TcpConfig(true, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0);
    }
}

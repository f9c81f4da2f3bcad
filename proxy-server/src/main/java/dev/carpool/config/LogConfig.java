package dev.carpool.config;

import java.time.Duration;

/**
 * What is written to the log.
 *
 * @param connections a line per login
 * @param disconnections a line per client session and server connection that ends, with the reason
 * @param poolerErrors a line per error the proxy sends to a client
 * @param stats a line of totals every {@code statsPeriod}
 * @param statsPeriod also the period of the averages in SHOW STATS
 * @param verbose 0 to 3; higher writes more
 */
public record LogConfig(
        boolean connections,
        boolean disconnections,
        boolean poolerErrors,
        boolean stats,
        Duration statsPeriod,
        int verbose) {

    public static LogConfig defaults() {
        return new LogConfig(true, true, true, true, Duration.ofSeconds(60), 0);
    }
}

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
 * @param report count what statements cost in transaction mode, for SHOW COMPATIBILITY
 */
public record LogConfig(
        boolean connections,
        boolean disconnections,
        boolean poolerErrors,
        boolean stats,
        Duration statsPeriod,
        int verbose,
        boolean report) {

    public static LogConfig defaults() {
        return CarpoolConfig.defaults().log();
    }

    static LogConfig of(SettingValues values) {
        return new LogConfig(
                values.get(Settings.LOG_CONNECTIONS),
                values.get(Settings.LOG_DISCONNECTIONS),
                values.get(Settings.LOG_POOLER_ERRORS),
                values.get(Settings.LOG_STATS),
                values.get(Settings.STATS_PERIOD),
                values.get(Settings.VERBOSE),
                values.get(Settings.REPORT));
    }
}

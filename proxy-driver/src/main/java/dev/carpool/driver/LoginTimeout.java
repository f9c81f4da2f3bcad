package dev.carpool.driver;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How long one connect call may take, all attempts and waits together.
 *
 * @param limit null when the caller switched it off with {@code loginTimeout=0}
 */
record LoginTimeout(@Nullable Duration limit) {
    /** Used when nobody says anything; also how long to retry when there is no limit. */
    static final Duration DEFAULT = Duration.ofSeconds(30);

    private static final double LONGEST_SECONDS = Duration.ofDays(3650).toSeconds();
    private static final Duration SHORTEST_ATTEMPT = Duration.ofMillis(10);

    /**
     * The {@code loginTimeout} property in seconds, fractions allowed, but never longer than the data source says; without
     * the property what the data source says, else the DriverManager, else {@link #DEFAULT}. For both of these 0 means not
     * set.
     *
     * @throws SQLException when the property is not a number
     */
    static LoginTimeout of(@Nullable String property, int dataSourceSeconds, int driverManagerSeconds)
            throws SQLException {
        if (property != null) {
            return ofProperty(property).atMost(dataSourceSeconds);
        }
        int seconds = dataSourceSeconds > 0 ? dataSourceSeconds : driverManagerSeconds;
        return new LoginTimeout(seconds > 0 ? Duration.ofSeconds(seconds) : DEFAULT);
    }

    private static LoginTimeout ofProperty(String text) throws SQLException {
        double seconds = seconds(text);
        if (Double.isNaN(seconds)) {
            throw new SQLException(
                    "carpool: loginTimeout must be a number of seconds, not '" + text + "'",
                    SqlStates.INVALID_PARAMETER_VALUE);
        }
        long millis = (long) (Math.min(seconds, LONGEST_SECONDS) * 1000);
        return new LoginTimeout(millis > 0 ? Duration.ofMillis(millis) : null);
    }

    private static double seconds(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private LoginTimeout atMost(int seconds) {
        Duration other = Duration.ofSeconds(seconds);
        return seconds > 0 && (limit == null || other.compareTo(limit) < 0) ? new LoginTimeout(other) : this;
    }

    /** How long to go on trying. */
    Duration retryWindow() {
        return limit == null ? DEFAULT : limit;
    }

    /** The value of pgjdbc's {@code loginTimeout} for an attempt with this much time left. */
    String forAttempt(Duration left) {
        if (limit == null) {
            return "0";
        }
        Duration time = left.compareTo(SHORTEST_ATTEMPT) < 0 ? SHORTEST_ATTEMPT : left;
        return String.format(Locale.ROOT, "%.3f", time.toMillis() / 1000.0);
    }
}

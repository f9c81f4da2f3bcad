package dev.carpool.driver;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of the {@code carpool.*} properties of one connect call. */
record RetryPolicy(boolean enabled, Duration backoff, Duration maxBackoff) {
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /**
     * Reads and checks all of them.
     *
     * @throws SQLException naming every unknown name and every wrong value
     */
    static RetryPolicy read(Map<String, String> given) throws SQLException {
        List<String> problems = new ArrayList<>();
        given.keySet().stream()
                .filter(name -> CarpoolProperty.forKey(name) == null)
                .sorted()
                .forEach(name ->
                        problems.add("unknown property " + name + ", did you mean " + NearestName.of(name) + "?"));
        boolean enabled = flag(CarpoolProperty.CONNECT_RETRY, given, problems);
        Duration backoff = duration(CarpoolProperty.RETRY_BACKOFF, given, problems);
        Duration maxBackoff = duration(CarpoolProperty.RETRY_MAX_BACKOFF, given, problems);
        if (problems.isEmpty() && backoff.compareTo(maxBackoff) > 0) {
            problems.add(CarpoolProperty.RETRY_BACKOFF.key() + " (" + DurationText.format(backoff) + ") is longer than "
                    + CarpoolProperty.RETRY_MAX_BACKOFF.key() + " (" + DurationText.format(maxBackoff) + ")");
        }
        if (!problems.isEmpty()) {
            throw new SQLException("carpool: " + String.join("; ", problems), SqlStates.INVALID_PARAMETER_VALUE);
        }
        return new RetryPolicy(enabled, backoff, maxBackoff);
    }

    private static boolean flag(CarpoolProperty property, Map<String, String> given, List<String> problems) {
        String value = given.getOrDefault(property.key(), property.defaultValue());
        if (!property.choices().contains(value)) {
            problems.add(property.key() + " must be one of " + property.choices() + ", not '" + value + "'");
        }
        return Boolean.parseBoolean(value);
    }

    private static Duration duration(CarpoolProperty property, Map<String, String> given, List<String> problems) {
        String value = given.getOrDefault(property.key(), property.defaultValue());
        @Nullable Duration duration = DurationText.parse(value);
        if (duration == null || duration.compareTo(SHORTEST) < 0 || duration.compareTo(LONGEST) > 0) {
            problems.add(property.key() + " must be a duration from 1ms to 5min, such as " + property.defaultValue()
                    + ", not '" + value + "'");
            return SHORTEST;
        }
        return duration;
    }
}

package dev.carpool.driver;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The properties this driver adds to pgjdbc's, for the URL and for {@link java.util.Properties}. {@code docs/driver.md}
 * and {@link CarpoolDriver#getPropertyInfo} follow this table.
 */
public enum CarpoolProperty {
    CONNECT_RETRY(
            "carpool.connectRetry",
            "true",
            "Try again, until the login timeout, when the proxy refuses connections or is still starting.",
            "true",
            "false"),
    RETRY_BACKOFF(
            "carpool.retryBackoff",
            "50ms",
            "Wait before the second attempt; doubles with every further one, and each is shortened by chance to between a"
                    + " half and the whole."),
    RETRY_MAX_BACKOFF("carpool.retryMaxBackoff", "1s", "Longest wait between two attempts.");

    /** What the names of all of them begin with. */
    static final String PREFIX = "carpool.";

    private final String key;
    private final String defaultValue;
    private final String description;

    @SuppressWarnings("ImmutableEnumChecker") // List.of
    private final List<String> choices;

    CarpoolProperty(String key, String defaultValue, String description, String... choices) {
        this.key = key;
        this.defaultValue = defaultValue;
        this.description = description;
        this.choices = List.of(choices);
    }

    /** The name to use in a URL or in properties. */
    public String key() {
        return key;
    }

    public String defaultValue() {
        return defaultValue;
    }

    public String description() {
        return description;
    }

    /** The only values allowed; empty when the value is a duration such as {@code 50ms}, {@code 1s} or {@code 2min}. */
    public List<String> choices() {
        return choices;
    }

    /** The property of exactly this name. */
    static @Nullable CarpoolProperty forKey(String key) {
        for (CarpoolProperty property : values()) {
            if (property.key.equals(key)) {
                return property;
            }
        }
        return null;
    }

    /** Whether the name is meant for this driver: right, wrong or in the wrong case. */
    static boolean isOurs(String key) {
        return key.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
    }
}

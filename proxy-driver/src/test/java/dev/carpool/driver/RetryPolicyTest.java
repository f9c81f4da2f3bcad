package dev.carpool.driver;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class RetryPolicyTest {
    @Test
    void takesDefaultsFromTheTable() throws SQLException {
        assertEquals(new RetryPolicy(true, Duration.ofMillis(50), Duration.ofSeconds(1)), RetryPolicy.read(Map.of()));
    }

    @Test
    void readsAllValues() throws SQLException {
        Map<String, String> given = Map.of(
                "carpool.connectRetry", "false", "carpool.retryBackoff", "0.2", "carpool.retryMaxBackoff", "2min");
        assertEquals(new RetryPolicy(false, Duration.ofMillis(200), Duration.ofMinutes(2)), RetryPolicy.read(given));
    }

    @Test
    void listsEveryProblemAtOnce() {
        Map<String, String> given = Map.of(
                "carpool.retrybackof", "geheim", "carpool.connectRetry", "maybe", "carpool.retryMaxBackoff", "soon");
        SQLException wrong = assertThrows(SQLException.class, () -> RetryPolicy.read(given));
        assertEquals("22023", wrong.getSQLState());
        assertEquals(
                "carpool: unknown property carpool.retrybackof, did you mean carpool.retryBackoff?;"
                        + " carpool.connectRetry must be one of [true, false], not 'maybe';"
                        + " carpool.retryMaxBackoff must be a duration from 1ms to 5min, such as 1s, not 'soon'",
                wrong.getMessage());
    }

    @Test
    void refusesFirstWaitLongerThanLongest() {
        Map<String, String> given = Map.of("carpool.retryBackoff", "3s");
        SQLException wrong = assertThrows(SQLException.class, () -> RetryPolicy.read(given));
        assertEquals(
                "carpool: carpool.retryBackoff (3.0 s) is longer than carpool.retryMaxBackoff (1.0 s)",
                wrong.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "0ms", "301s", "6min", "-1s", "", " ", "1h", "1e3ms", "ms"})
    void refusesValue(String value) {
        Map<String, String> given = Map.of("carpool.retryMaxBackoff", value);
        assertTrue(assertThrows(SQLException.class, () -> RetryPolicy.read(given))
                .getMessage()
                .contains("carpool.retryMaxBackoff must be"));
    }

    @ParameterizedTest
    @CsvSource({"50ms,50", "' 1.5 s ',1500", "2MIN,120000", "3,3000", "0.0005s,0"})
    void readsDurations(String text, long millis) {
        Duration duration = DurationText.parse(text);
        assertEquals(millis, duration == null ? -1 : duration.toMillis());
    }

    @Test
    void readsNoOtherDurations() {
        assertNull(DurationText.parse("PT1S"));
        assertNull(DurationText.parse("12345678901s"));
    }

    @Test
    void everyDefaultIsValidAndNamedRight() {
        for (CarpoolProperty property : CarpoolProperty.values()) {
            assertTrue(property.key().startsWith(CarpoolProperty.PREFIX), property.key());
            assertTrue(
                    property.choices().isEmpty()
                            ? DurationText.parse(property.defaultValue()) != null
                            : property.choices().contains(property.defaultValue()));
            assertEquals(property, CarpoolProperty.forKey(property.key()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "carpool.retrybackof,carpool.retryBackoff",
        "carpool.retryMaxBackof,carpool.retryMaxBackoff",
        "CARPOOL.CONNECTRETRIES,carpool.connectRetry",
    })
    void findsNearestName(String wrong, String right) {
        assertEquals(right, NearestName.of(wrong));
    }

    @Test
    void measuresDistance() {
        assertEquals(0, NearestName.distance("same", "same"));
        assertEquals(3, NearestName.distance("kitten", "sitting"));
        assertEquals(4, NearestName.distance("", "four"));
    }
}

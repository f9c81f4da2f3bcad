package dev.carpool.driver;

import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

final class LoginTimeoutTest {
    @ParameterizedTest
    @CsvSource({
        // property, data source, DriverManager: milliseconds
        ",     0, 0,  30000",
        ",     0, 7,   7000",
        ",     5, 7,   5000",
        "2.5,  0, 7,   2500",
        "2.5,  5, 7,   2500",
        "20,   5, 7,   5000",
        "0,    5, 7,   5000",
    })
    void choosesLimit(String property, int dataSource, int driverManager, long millis) throws SQLException {
        assertEquals(new LoginTimeout(Duration.ofMillis(millis)), LoginTimeout.of(property, dataSource, driverManager));
    }

    @Test
    void zeroSwitchesLimitOffButNotTheRetryWindow() throws SQLException {
        LoginTimeout none = LoginTimeout.of("0", 0, 7);
        assertNull(none.limit());
        assertEquals(Duration.ofSeconds(30), none.retryWindow());
        assertEquals("0", none.forAttempt(Duration.ofSeconds(3)));
    }

    @Test
    void givesAttemptTheTimeLeftAndNeverZero() throws SQLException {
        LoginTimeout timeout = LoginTimeout.of("10", 0, 0);
        assertEquals("9.750", timeout.forAttempt(Duration.ofMillis(9750)));
        assertEquals("0.010", timeout.forAttempt(Duration.ZERO));
    }

    @ParameterizedTest
    @ValueSource(strings = {"soon", "", "NaN", "10s"})
    void refusesWhatIsNoNumber(String text) {
        assertEquals(
                "22023",
                assertThrows(SQLException.class, () -> LoginTimeout.of(text, 0, 0))
                        .getSQLState());
    }

    @Test
    void survivesEndlessTimes() throws SQLException {
        assertEquals(Duration.ofDays(3650), LoginTimeout.of("Infinity", 0, 0).retryWindow());
        assertEquals(Duration.ofDays(3650), LoginTimeout.of("1e30", 0, 0).retryWindow());
    }
}

package dev.carpool.config;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class NumbersTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    @ParameterizedTest
    @CsvSource({
        "15, PT15S",
        "0.5, PT0.5S",
        "0, PT0S",
        ".25, PT0.25S",
        "30s, PT30S",
        "5min, PT5M",
        "1h, PT1H",
        "2d, PT48H",
        "500ms, PT0.5S",
        "1.5h, PT1H30M",
        "10 min, PT10M",
        "3us, PT0.000003S"
    })
    void readsTimesPlainAndWithUnits(String text, String iso) throws BadValue {
        assertEquals(Duration.parse(iso), Numbers.duration(text, SECOND));
    }

    @Test
    void countsPlainTimesInTheUnitOfTheSetting() throws BadValue {
        assertEquals(Duration.ofMillis(250), Numbers.duration("250", Duration.ofMillis(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "abc", "5m", "5 minutes", "1h30min", "1e3", "PT30S", "9999999999d", "5S"})
    void refusesTimesThatMeanNothingHere(String text) {
        assertThrows(BadValue.class, () -> Numbers.duration(text, SECOND));
    }

    @Test
    void namesTheUnitsWhenOneIsUnknown() {
        BadValue bad = assertThrows(BadValue.class, () -> Numbers.duration("5m", SECOND));
        assertTrue(bad.why().contains("us, ms, s, min, h, d"), bad.why());
    }

    @Test
    void roundsTinyTimesUpSoThatTheyAreNotOff() throws BadValue {
        assertEquals(Duration.ofNanos(1), Numbers.duration("0.0001us", SECOND));
    }

    @ParameterizedTest
    @CsvSource({"4096, 4096", "64kB, 65536", "1MB, 1048576", "1mb, 1048576", "2GB, 2147483648", "0.5kB, 512", "7B, 7"})
    void readsSizesPlainAndWithUnits(String text, long bytes) throws BadValue {
        assertEquals(bytes, Numbers.bytes(text, Dialect.CARPOOL));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "64kb/s", "1PB", "many", "99999999999999999999"})
    void refusesSizesThatMeanNothing(String text) {
        assertThrows(BadValue.class, () -> Numbers.bytes(text, Dialect.CARPOOL));
    }

    @ParameterizedTest
    @CsvSource({"010, 8", "0x10, 16", "0X1f, 31", "10, 10", "-5, -5", "+7, 7", "0, 0", "00, 0"})
    void readsIntegersOfPgBouncerAsCDoes(String text, long value) throws BadValue {
        assertEquals(value, Numbers.integer(text, Dialect.PGBOUNCER));
    }

    @ParameterizedTest
    @ValueSource(strings = {"08", "1 2", "1x", "ten", "", "1.5", "99999999999999999999"})
    void refusesWhatCDoesNotReadToItsEnd(String text) {
        assertThrows(BadValue.class, () -> Numbers.integer(text, Dialect.PGBOUNCER));
    }

    @Test
    void readsIntegersOfIniEntriesInDecimal() throws BadValue {
        assertEquals(10, Numbers.integer("010", Dialect.PGBOUNCER_ENTRY));
    }

    @Test
    void refusesLeadingZerosInOurOwnFiles() {
        BadValue bad = assertThrows(BadValue.class, () -> Numbers.integer("010", Dialect.CARPOOL));
        assertTrue(bad.why().contains("octal"), bad.why());
    }

    @ParameterizedTest
    @CsvSource({"PT30S, 30", "PT0.5S, 0.5", "PT0S, 0", "PT1H, 3600"})
    void writesTimesAsPgBouncerDoes(String iso, String text) {
        assertEquals(text, Numbers.plain(Duration.parse(iso), SECOND));
    }
}

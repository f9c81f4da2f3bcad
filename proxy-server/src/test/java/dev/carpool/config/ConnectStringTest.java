package dev.carpool.config;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

final class ConnectStringTest {

    @Test
    void readsPairsInTheirOrder() throws BadValue {
        assertEquals(
                List.of(Map.entry("host", "db1"), Map.entry("port", "5433")),
                ConnectString.parse("  host=db1   port = 5433 "));
    }

    @Test
    void takesQuotedValuesWithBlanksAndDoubledQuotes() throws BadValue {
        assertEquals(
                List.of(Map.entry("connect_query", "select 'a = b'"), Map.entry("host", "db")),
                ConnectString.parse("connect_query='select ''a = b''' host=db"));
    }

    @Test
    void isEmptyForADatabaseWithoutSettings() throws BadValue {
        assertEquals(List.of(), ConnectString.parse("  "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"host", "host=", "=db", "host=db port=", "host=''", "password='s3cret", "host db=x"})
    void refusesWhatPgBouncerRefuses(String text) {
        BadValue bad = assertThrows(BadValue.class, () -> ConnectString.parse(text));
        assertFalse(bad.why().contains("s3cret"), bad.why());
    }
}

package dev.carpool.auth;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

final class SaslPrepTest {
    @ParameterizedTest
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "user,user",
                "USER,USER",
                "I\u00ADX,IX",
                "\u00AA,a",
                "\u2168,IX",
                "a\u00A0b,a b",
                "a\u200Bb,a b",
                "a\u200Db,ab",
                "e\u0301,\u00E9",
                "\u06271\u0628,\u06271\u0628"
            })
    void mapsAndNormalises(String password, String prepared) {
        assertEquals(prepared, prepare(password));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u2168\u0007", // control character
                "\u2168\uE000", // private use
                "\u2168\uD83D\uDE00", // not in Unicode 3.2
                "\u2168\u0221", // unassigned in Unicode 3.2, assigned since
                "\u0627\u2168", // left to right inside right to left
                "\u06271\u00BD", // right to left does not end so
                "\u00AD", // nothing is left
            })
    void leavesProhibitedAsItIs(String password) {
        assertEquals(password, prepare(password));
    }

    @Test
    void leavesControlCharactersOfAsciiAlone() {
        assertEquals("a\tb\u007F", prepare("a\tb\u007F"));
    }

    @Test
    void leavesBytesThatAreNoUtf8Alone() {
        byte[] latin1 = {'p', (byte) 0xE4, 's', 's'};
        assertArrayEquals(latin1, SaslPrep.prepare(latin1));
    }

    private static String prepare(String password) {
        return new String(SaslPrep.prepare(password.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }
}

package dev.carpool.suspicion;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class TextRulesTest {
    /** Names and aliases of PostgreSQL's encodings of clients alone. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SJIS",
                "Shift_JIS",
                "mskanji",
                "win932",
                "Windows932",
                "SHIFT_JIS_2004",
                "BIG5",
                "win950",
                "Windows950",
                "GBK",
                "win936",
                "windows936",
                "GB18030",
                "UHC",
                "win949",
                "windows949",
                "JOHAB"
            })
    void laterBytesMayLookLikeAscii(String encoding) {
        assertFalse(TextRules.of("on", encoding).asciiBytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UTF8",
                "unicode",
                "SQL_ASCII",
                "LATIN1",
                "ISO_8859_5",
                "WIN1252",
                "KOI8R",
                "EUC_JP",
                "EUC_JIS_2004",
                "EUC_CN",
                "EUC_KR",
                "EUC_TW",
                "MULE_INTERNAL"
            })
    void bytesBelow0x80AreAscii(String encoding) {
        assertTrue(TextRules.of("on", encoding).asciiBytes());
    }

    @Test
    void whatIsNotKnownIsNotTakenForGranted() {
        assertEquals(new TextRules(false, false), TextRules.of(null, null));
        assertFalse(TextRules.of("off", "UTF8").standardStrings());
    }
}

package dev.carpool.it;

import java.nio.charset.Charset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

/** What a text says hangs on client_encoding and standard_conforming_strings: what sets something is never overlooked. */
class MisreadTextsIT extends TwoClients {
    /** A character whose second byte is the backslash's, in each of the encodings of clients alone. */
    private static String withBackslash(Charset encoding) {
        for (int first = 0x81; first < 0xff; first++) {
            String character = new String(new byte[] {(byte) first, '\\'}, encoding);
            if (character.length() == 1 && character.charAt(0) != '\ufffd') {
                return character;
            }
        }
        throw new AssertionError(encoding + " has none");
    }

    private static final String HIDDEN = "set_config($$work_mem$$, $$77MB$$, false)";

    private void assertKeptByItsOwner() throws Exception {
        for (int i = 0; i < 2; i++) {
            assertNotEquals("77MB", b.value("show work_mem"));
            assertEquals("77MB", a.value("show work_mem"));
        }
    }

    private static byte[] zeroed(String text, Charset encoding) {
        return (text + '\0').getBytes(encoding);
    }

    private static byte[] parse(String name, String sql, Charset encoding) {
        return Wire.message('P', Wire.all(zeroed(name, encoding), zeroed(sql, encoding), new byte[2]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"SJIS Shift_JIS", "BIG5 Big5", "GBK GBK", "GB18030 GB18030"})
    void bytesOfCharactersAreNoBackslashes(String names) throws Exception {
        Charset encoding = Charset.forName(names.split(" ", -1)[1]);
        String string = "E'" + withBackslash(encoding) + "'";
        login(ProxyUnderTest.start("default_pool_size=1"), "client_encoding", names.split(" ", -1)[0]);
        a.exchange(Wire.message('Q', zeroed("select " + string + "; select " + HIDDEN + " --'", encoding)));
        assertKeptByItsOwner();
        a.query("reset work_mem");
        a.exchange(parse("", "select " + string + ", " + HIDDEN + " --'", encoding), Wire.run(""));
        assertKeptByItsOwner();
        a.query("reset work_mem");
        a.exchange(parse("named", "select " + string + ", " + HIDDEN + " --'", encoding), Wire.run("named"));
        assertKeptByItsOwner();
    }

    @Test
    void bytesOfCharactersAreNoBackslashesInLongTexts() throws Exception {
        Charset encoding = Charset.forName("Shift_JIS");
        String string = "E'" + withBackslash(encoding) + "'";
        login(ProxyUnderTest.start("default_pool_size=1"), "client_encoding", "SJIS");
        a.exchange(Wire.message(
                'Q', zeroed("select " + string + "; select " + HIDDEN + " --'" + " ".repeat(40_000), encoding)));
        assertKeptByItsOwner();
    }

    @Test
    void anEncodingSetInTheSameBatchCounts() throws Exception {
        Charset encoding = Charset.forName("Shift_JIS");
        String string = "E'" + withBackslash(encoding) + "'";
        login(ProxyUnderTest.start("default_pool_size=1"));
        a.exchange(
                Wire.parse("", "set client_encoding to SJIS"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                parse("", "select " + string + ", " + HIDDEN + " --'", encoding),
                Wire.run(""));
        assertKeptByItsOwner();
    }

    @Test
    void aBackslashEscapesFromTheNextTextOn() throws Exception {
        login(ProxyUnderTest.start("default_pool_size=1"));
        a.exchange(
                Wire.parse("", "set standard_conforming_strings to off"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.extended("select '\\'', " + HIDDEN + " --'"));
        assertKeptByItsOwner();
    }

    @Test
    void aBackslashEscapesBehindASync() throws Exception {
        login(ProxyUnderTest.start("default_pool_size=1"), "standard_conforming_strings", "off");
        b.query("select 1");
        a.query("select '\\'', " + HIDDEN + " --'");
        assertKeptByItsOwner();
        a.query("reset work_mem");
        b.query("select 1");
        a.exchange(Wire.extended("select '\\'', " + HIDDEN + " --'"));
        assertKeptByItsOwner();
    }

    private static final String NULL_EQUALS = "select (null::int = null)::text";
    private static final String MOMENT = "select extract(epoch from timestamptz '2020-01-01 00:00:00')";

    /** The other client has this statement; returns what it gets of it. */
    private String answerToOther(String sql) throws Exception {
        login(ProxyUnderTest.start("default_pool_size=1"));
        b.exchange(Wire.parse("own", sql), Wire.sync());
        return b.exchange(Wire.run("own"));
    }

    private void assertUnchangedForOther(String before) throws Exception {
        for (int i = 0; i < 2; i++) {
            assertEquals(before, b.exchange(Wire.run("own")));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set local transform_null_equals to on",
                "set transform_null_equals to on",
                "select set_config('transform_null_equals', 'on', true)",
                "select set_config('transform_' || 'null_equals', 'on', true)",
                "set \"Transform_Null_Equals\" to on",
            })
    void aStatementOfOthersIsNoneWhoseSettingsWereTheTransactions(String set) throws Exception {
        String before = answerToOther(NULL_EQUALS);
        a.query("begin");
        a.query(set);
        a.exchange(Wire.parse("kept", NULL_EQUALS), Wire.sync());
        assertNotEquals(before, a.exchange(Wire.run("kept")));
        a.query("rollback");
        assertUnchangedForOther(before);
    }

    @Test
    void aStatementOfOthersIsNoneWhoseSettingsWereABoundTransactions() throws Exception {
        String before = answerToOther(NULL_EQUALS);
        a.query("begin");
        a.exchange(Wire.extended("select set_config($1, 'on', true)", "transform_null_equals"));
        a.exchange(Wire.parse("kept", NULL_EQUALS), Wire.sync());
        assertNotEquals(before, a.exchange(Wire.run("kept")));
        a.query("commit");
        assertUnchangedForOther(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set timezone to 'Asia/Tokyo'",
                "set time zone 'Asia/Tokyo'",
                "set local timezone to 'Asia/Tokyo'",
                "select set_config('timezone', 'Asia/Tokyo', true)",
            })
    void aStatementOfOthersIsNoneWhoseSettingsWereTheBatchs(String set) throws Exception {
        String before = answerToOther(MOMENT);
        String there = a.exchange(
                Wire.parse("", set),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.parse("kept", MOMENT),
                Wire.run("kept"));
        assertNotEquals(before, there.replaceFirst(".* (?=2 D:)", ""));
        assertUnchangedForOther(before);
    }
}

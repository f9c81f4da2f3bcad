package dev.carpool.suspicion;

import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

class SqlTokensTest {
    private static String tokens(String sql, boolean standardStrings) {
        SqlTokens tokens = new SqlTokens(sql, standardStrings);
        StringJoiner text = new StringJoiner(" ");
        while (tokens.next() != SqlTokens.Kind.END) {
            text.add(tokens.kind() + "(" + tokens.text() + ")");
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    SeLeCt _a$1 => WORD(select) WORD(_a$1)
                    "A ""b"" c""d" => QUOTED(A "b" c"d)
                    a.b"c" => WORD(a) SIGN(.) WORD(b) QUOTED(c)
                    'it''s' => STRING(it's)
                    '' 'a' => STRING() STRING(a)
                    E'a' e'b''c' => STRING(a) STRING(b'c)
                    E'a\\'; b' c => STRANGE() WORD(c)
                    E'a\\\\'c => STRANGE() WORD(c)
                    E 'a' => WORD(e) STRING(a)
                    N'a' b'1' => WORD(n) STRING(a) WORD(b) STRING(1)
                    U&'a' => STRANGE() SIGN(&) STRING(a)
                    u&"a;b" => STRANGE() SIGN(&) QUOTED(a;b)
                    u & v => WORD(u) SIGN(&) WORD(v)
                    'a\\' b => STRING(a\\) WORD(b)
                    1 1.5 .5 5. => NUMBER(1) NUMBER(1.5) NUMBER(.5) NUMBER(5.)
                    1e5 0x1F 1_000 => STRANGE() STRANGE() STRANGE()
                    -1 => SIGN(-) NUMBER(1)
                    $1 $12::text => PARAMETER(1) PARAMETER(12) SIGN(:) SIGN(:) WORD(text)
                    $$a'b$$ => STRING(a'b)
                    $a$b$$c$b$d$a$e => STRING(b$$c$b$d) WORD(e)
                    a$$b => WORD(a$$b)
                    $a b => STRANGE() WORD(a) WORD(b)
                    a--b => WORD(a)
                    a - -b => WORD(a) SIGN(-) SIGN(-) WORD(b)
                    a/*b/*c*/d*/e => WORD(a) WORD(e)
                    a/**/b/***/c/*/**/*/d => WORD(a) WORD(b) WORD(c) WORD(d)
                    a/b => WORD(a) SIGN(/) WORD(b)
                    """)
    void tokens(String sql, String expected) {
        assertEquals(expected, tokens(sql, true));
    }

    @Test
    void lineCommentsEndWithTheLine() {
        assertEquals("WORD(a) WORD(b) WORD(c)", tokens("a--x\nb --y\rc", true));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', textBlock = """
                    'open => STRANGE()
                    "open => STRANGE()
                    E'open\\' => STRANGE()
                    $a$open => STRANGE()
                    a/*open/**/ => WORD(a)
                    """)
    void whatDoesNotEndIsTheLast(String sql, String expected) {
        assertEquals(expected, tokens(sql, true));
    }

    @Test
    void backslashesEscapeWhereTheSettingSaysSo() {
        assertEquals("STRANGE() WORD(c)", tokens("'a\\'; b' c", false));
        assertEquals("STRING(a) WORD(c)", tokens("'a' c", false));
        assertEquals("STRING(a\\) WORD(b)", tokens("$$a\\$$ b", false));
    }

    @Test
    void onlyLettersOfAsciiHaveACase() {
        assertEquals("WORD(a\u00c4b)", tokens("A\u00c4B", true));
        assertEquals("WORD(ab)", tokens("AB", true));
    }

    @Test
    void tokensKnowWhereTheyAre() {
        SqlTokens tokens = new SqlTokens(" /* a */ 'b''c' ", true);
        tokens.next();
        assertEquals("9-15", tokens.start() + "-" + tokens.end());
        tokens.next();
        assertEquals(SqlTokens.Kind.END, tokens.kind());
    }
}

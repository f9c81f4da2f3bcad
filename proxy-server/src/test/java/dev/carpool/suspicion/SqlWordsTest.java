package dev.carpool.suspicion;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

final class SqlWordsTest {
    @Test
    void everyWordTokenIsAKeyWord() {
        for (int number = 0; number < SqlToken.count(); number++) {
            SqlToken token = SqlToken.of(number);
            if (token.isWord()) {
                int flags = find(token.word());
                assertEquals(number, flags & SqlWords.TOKEN, token.word());
                assertNotEquals(0, flags & (SqlWords.KEYWORD | SqlWords.UNRESERVED), token.word());
            }
        }
    }

    @Test
    void knowsFunctionsOfBothVersions() {
        assertEquals(SqlWords.HARMLESS, find("lower"));
        assertEquals(SqlWords.HARMLESS, find("uuidv7"), "only in 18");
        assertEquals(SqlWords.HARMLESS, find("pg_advisory_xact_lock"));
        assertEquals(0, find("query_to_xml"));
        assertEquals(0, find("dblink"));
        assertEquals(SqlWords.HARMLESS | SqlWords.SET_CONFIG, find("set_config"));
    }

    private static int find(String word) {
        byte[] name = word.getBytes(StandardCharsets.US_ASCII);
        int hash = SqlWords.HASH_START;
        for (byte next : name) {
            hash = SqlWords.hash(hash, next);
        }
        return SqlWords.find(name, name.length, hash);
    }
}

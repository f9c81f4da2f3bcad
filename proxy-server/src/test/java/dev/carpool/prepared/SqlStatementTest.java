package dev.carpool.prepared;

import dev.carpool.suspicion.Suspicion;
import dev.carpool.suspicion.TextRules;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SqlStatementTest {
    private static final TextRules USUAL = TextRules.of("on", "UTF8");

    @Test
    void aTextOfUnknownCharactersIsNone() {
        assertNotNull(SqlStatement.found("a", "prepare a as select '\u00e9'", USUAL));
        assertNull(SqlStatement.found("a", "prepare a as select '\u00e9'", TextRules.of("on", "SJIS")));
    }

    @Test
    void takesItsOwnPrepareOutOfTheSource() {
        String source = "prepare a as select 1; prepare b as select 2; select 3";
        SqlStatement found = SqlStatement.found("b", source, USUAL);
        assertNotNull(found);
        assertEquals("prepare b as select 2", found.text());
        assertTrue(found.matches(source));
        assertTrue(found.matches("prepare b as select 2"));
        assertFalse(found.matches("prepare a as select 1"));
    }

    @Test
    void aPrepareThatCannotBeToldIsNone() {
        assertNull(SqlStatement.found("c", "prepare a as select 1", USUAL));
        assertNull(SqlStatement.found("a", "prepare a as select 1; deallocate a; prepare a as select 2", USUAL));
        assertNull(SqlStatement.found("a", "prepare U&\"\\0061\" as select 1", USUAL));
    }

    @Test
    void isAsSuspiciousAsWhatItExecutes() {
        assertEquals(
                Suspicion.NONE,
                SqlStatement.of("a", "prepare a as select 1", null).suspicion());
        assertEquals(
                Suspicion.ADVISORY_LOCK,
                SqlStatement.of("a", "prepare a as select pg_advisory_lock(1)", null)
                                .suspicion()
                        & Suspicion.ADVISORY_LOCK);
    }
}

package dev.carpool.suspicion;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;

class StatementShapeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select 1 | select ?",
                "Select  pg_advisory_lock(4711, -2.5e3) | Select pg_advisory_lock(?, -?)",
                "set app.user to 'jo''e' | set app.user to ?",
                "set /* who */ app.user = E'jo\\'e' -- end | set app.user = ?",
                "select set_config($1, $$it's$$, false) | select set_config($1, ?, false)",
                "create temp table \"My T\" (a int) | create temp table \"My T\" (a int)",
                "alter role r password 'cut off | alter role r password ?",
                "do $x$ begin cut off | do ?",
                "`` | ``",
            })
    void literalsAndCommentsAreGone(String sql, String shape) {
        assertEquals(shape, StatementShape.of(sql, true));
    }

    @Test
    void aBackslashEndsNoStringWhereItIsAnEscape() {
        assertEquals("select ?, ?", StatementShape.of("select 'it\\'s secret', 2", false));
    }

    @Test
    void longStatementsAreCut() {
        String shape = StatementShape.of("select " + "column_name, ".repeat(100), true);
        assertEquals(StatementShape.LONGEST, shape.length());
    }
}

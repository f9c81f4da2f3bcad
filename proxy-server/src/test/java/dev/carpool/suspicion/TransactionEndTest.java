package dev.carpool.suspicion;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

/** Which texts leave a failed transaction with their first statement. */
class TransactionEndTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rollback; execute p",
                "/* x */ ROLLBACK WORK;execute p",
                "abort transaction ; execute p",
                "commit; execute p",
                "end",
            })
    void theWholeTransaction(String sql) {
        assertEquals(new TransactionEnd("ROLLBACK", false), TransactionEnd.read(sql, true));
    }

    @ParameterizedTest
    @CsvSource({
        "rollback to a; execute p, ROLLBACK TO a",
        "ROLLBACK WORK TO SAVEPOINT \"A;b\";execute p, ROLLBACK TO SAVEPOINT \"A;b\"",
    })
    void aSavepoint(String sql, String back) {
        assertEquals(new TransactionEnd(back, true), TransactionEnd.read(sql, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "execute p",
                "begin",
                "select 1; rollback",
                "rollback and chain; execute p",
                "commit and no chain",
                "rollback prepared 'x'",
            })
    void nothingOfThatKind(String sql) {
        assertNull(TransactionEnd.read(sql, true));
    }

    @Test
    void whatCannotBeReadIsLeftToTheServer() {
        assertEquals(new TransactionEnd("ROLLBACK TO 'a", true), TransactionEnd.read("rollback to 'a", true));
    }
}

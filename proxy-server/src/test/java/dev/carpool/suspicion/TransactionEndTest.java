package dev.carpool.suspicion;

import dev.carpool.suspicion.TransactionEnd.Then;
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
                "commit and no chain",
            })
    void theWholeTransaction(String sql) {
        assertEquals(new TransactionEnd("ROLLBACK", Then.NOTHING), TransactionEnd.read(sql, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback and chain; execute p", "COMMIT WORK AND CHAIN", "end and chain"})
    void anotherTransaction(String sql) {
        assertEquals(new TransactionEnd("ROLLBACK AND CHAIN", Then.ANOTHER), TransactionEnd.read(sql, true));
    }

    @ParameterizedTest
    @CsvSource({
        "rollback to a; execute p, ROLLBACK TO a",
        "ROLLBACK WORK TO SAVEPOINT \"A;b\";execute p, ROLLBACK TO SAVEPOINT \"A;b\"",
    })
    void aSavepoint(String sql, String back) {
        assertEquals(new TransactionEnd(back, Then.THE_SAME), TransactionEnd.read(sql, true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "execute p",
                "begin",
                "select 1; rollback",
                "rollback and chain of",
                "rollback and no",
                "rollback prepared 'x'",
            })
    void nothingOfThatKind(String sql) {
        assertNull(TransactionEnd.read(sql, true));
    }

    @Test
    void whatCannotBeReadIsLeftToTheServer() {
        assertEquals(new TransactionEnd("ROLLBACK TO 'a", Then.THE_SAME), TransactionEnd.read("rollback to 'a", true));
    }
}

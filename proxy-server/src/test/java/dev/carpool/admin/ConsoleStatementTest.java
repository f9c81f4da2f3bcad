package dev.carpool.admin;

import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

class ConsoleStatementTest {
    @Test
    void splitsAtSemicolonsOutsideQuotes() {
        List<ConsoleStatement> all = ConsoleStatement.split("PAUSE \"a;b\" ; SET x = 'c;d''e';;");
        assertEquals(2, all.size());
        assertEquals(new Token(Token.Kind.NAME, "a;b"), all.get(0).tokens().get(1));
        assertEquals(new Token(Token.Kind.STRING, "c;d'e"), all.get(1).tokens().get(3));
        assertEquals("SET x = 'c;d''e'", all.get(1).text());
    }

    @Test
    void leavesOutComments() {
        assertEquals(
                "SHOW POOLS",
                ConsoleStatement.split("/* a */ show -- b\n pools").get(0).words(2));
        assertEquals(List.of(), ConsoleStatement.split("-- nothing"));
        assertEquals(List.of(), ConsoleStatement.split("/* never ends"));
    }

    @Test
    void countsParameters() {
        assertEquals(2, ConsoleStatement.split("X $2 $1").get(0).parameters());
        assertEquals(0, ConsoleStatement.split("X $ a").get(0).parameters());
    }

    @Test
    void shortensWhatIsShownInErrors() {
        assertEquals(103, ConsoleStatement.split("x".repeat(500)).get(0).shown().length());
    }
}

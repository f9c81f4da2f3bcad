package dev.carpool;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class MainTest {
    private final StringWriter said = new StringWriter();
    private final CommandLine line =
            new CommandLine(new Main()).setOut(new PrintWriter(said)).setErr(new PrintWriter(said));

    @Test
    void helpListsEveryCommand() {
        assertEquals(0, line.execute("--help"));
        for (String command : new String[] {"run", "check", "report", "demo", "help"}) {
            assertTrue(said.toString().contains("\n  " + command + " "), command + " in " + said);
        }
    }

    @Test
    void theDemoNeedsItsOwnJar() {
        assertEquals(2, line.execute("demo", "--listen", "127.0.0.1:6432"));
        assertTrue(said.toString().contains("./carpool demo"), said.toString());
    }
}

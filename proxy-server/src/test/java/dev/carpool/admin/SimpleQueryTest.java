package dev.carpool.admin;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SimpleQueryTest {
    private final TestProxy proxy = new TestProxy();
    private final ConsoleFixture console = ConsoleFixture.operator(proxy);

    @AfterEach
    void close() {
        console.close();
    }

    @Test
    void answersShowWithRowsAndTag() {
        assertEquals(
                List.of("T[key:25, value:25]", "D[active, yes]", "D[paused, no]", "D[suspended, no]", "C SHOW", "Z I"),
                console.query("SHOW STATE;"));
    }

    @Test
    void runsSeveralCommandsInOneQuery() {
        assertEquals(List.of("C PAUSE", "C RESUME", "Z I"), console.query("pause; -- all\n /* and */ Resume ;"));
    }

    @Test
    void leavesOutTheRestAfterAnError() {
        assertEquals(
                List.of("E 42601 invalid command 'frobnicate', use SHOW HELP;", "Z I"),
                console.query("frobnicate; PAUSE"));
        assertFalse(proxy.pools().isAllPaused());
    }

    @Test
    void answersEmptyQuery() {
        assertEquals(List.of("I", "Z I"), console.query(" ; -- nothing"));
    }

    @Test
    void takesSelectForShow() {
        assertEquals("T[version:25]", console.query("select version").get(0));
    }

    @Test
    void answersWhatDriversAskByThemselves() {
        assertEquals(List.of("T[?column?:23]", "D[1]", "C SELECT 1", "Z I"), console.query("SELECT 1"));
        assertEquals(List.of("N 00000 SET ignored", "C SET", "Z I"), console.query("SET extra_float_digits = 3"));
        assertEquals(
                "D[read committed]",
                console.query("SHOW TRANSACTION ISOLATION LEVEL").get(1));
        assertEquals(List.of("C BEGIN", "Z T"), console.query("BEGIN"));
        assertEquals(List.of("C COMMIT", "Z I"), console.query("COMMIT"));
        assertEquals("T[version:25]", console.query("SELECT version()").get(0));
    }

    @Test
    void refusesArgumentsThatDoNotFit() {
        assertEquals(
                "E 42601 invalid command 'SHOW POOLS x', use SHOW HELP;",
                console.query("SHOW POOLS x").get(0));
        assertEquals(
                "E 42601 invalid command 'PAUSE a b', use SHOW HELP;",
                console.query("PAUSE a b").get(0));
    }

    @Test
    void sendsTheTableOfCommandsAsNotice() {
        assertEquals(List.of("N 00000 Console usage", "C SHOW", "Z I"), console.query("show help"));
    }

    @Test
    void refusesFunctionCallsAndIgnoresCopyData() {
        io.netty.buffer.ByteBuf out = ConsoleFixture.messages();
        out.writeByte('F').writeInt(4);
        out.writeByte('d').writeInt(4);
        assertEquals(List.of("E 0A000 function calls are not supported on the console", "Z I"), console.send(out));
    }

    @Test
    void doesNotReadOnWhileACommandIsGoingOn() {
        proxy.later = true;
        assertEquals(List.of(), console.query("RELOAD; SHOW STATE"));
        assertTrue(console.conversation.isBusy());
        proxy.runLater();
        List<String> rest = console.answers();
        assertEquals(List.of("C RELOAD", "T[key:25, value:25]"), rest.subList(0, 2));
        assertEquals("Z I", rest.get(rest.size() - 1));
        assertEquals(1, rest.stream().filter(word -> word.startsWith("Z")).count());
        assertFalse(console.conversation.isBusy());
    }

    @Test
    void dropsTheAnswerForAClientThatHasLeft() {
        proxy.later = true;
        console.query("SHOW STATE");
        console.conversation.closed();
        proxy.runLater();
        assertEquals(List.of(), console.answers());
    }
}

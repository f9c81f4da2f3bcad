package dev.carpool.admin;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static dev.carpool.admin.ConsoleFixture.bind;
import static dev.carpool.admin.ConsoleFixture.describe;
import static dev.carpool.admin.ConsoleFixture.execute;
import static dev.carpool.admin.ConsoleFixture.messages;
import static dev.carpool.admin.ConsoleFixture.parse;
import static dev.carpool.admin.ConsoleFixture.sync;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ExtendedQueryTest {
    private final TestProxy proxy = new TestProxy();
    private final ConsoleFixture console = ConsoleFixture.operator(proxy);

    @AfterEach
    void close() {
        console.close();
    }

    @Test
    void answersAWholeRound() {
        ByteBuf out = messages();
        parse(out, "", "SHOW VERSION");
        describe(out, 'S', "");
        bind(out, "", "", List.of());
        describe(out, 'P', "");
        execute(out, "", 0);
        sync(out);
        assertEquals(
                List.of(
                        "1",
                        "t 0",
                        "T[version:25]",
                        "2",
                        "T[version:25]",
                        "D[PgBouncer 1.25.2 (Carpool 9.8.7)]",
                        "C SHOW",
                        "Z I"),
                console.send(out));
    }

    @Test
    void sendsNumbersInTheFormatAskedFor() {
        proxy.pool("shop", "app");
        ByteBuf out = messages();
        parse(out, "lists", "SHOW LISTS");
        bind(out, "", "lists", List.of(), 0, 1);
        describe(out, 'P', "");
        execute(out, "", 1);
        parse(out, "totals", "SHOW TOTALS");
        bind(out, "t", "totals", List.of(), 1);
        execute(out, "t", 1);
        sync(out);
        assertEquals(
                List.of(
                        "1",
                        "2",
                        "T[list:25, items:23b]",
                        "D[databases, x00000002]",
                        "s",
                        "1",
                        "2",
                        "D[total_server_assignment_count, x0000000000000000]",
                        "s",
                        "Z I"),
                console.send(out));
    }

    @Test
    void fetchesRowsInPortions() {
        ByteBuf out = messages();
        parse(out, "", "SHOW STATE");
        bind(out, "c", "", List.of());
        execute(out, "c", 2);
        execute(out, "c", 2);
        execute(out, "c", 2);
        sync(out);
        assertEquals(
                List.of(
                        "1",
                        "2",
                        "D[active, yes]",
                        "D[paused, no]",
                        "s",
                        "D[suspended, no]",
                        "C SHOW",
                        "C SHOW",
                        "Z I"),
                console.send(out));
    }

    @Test
    void fillsInParameters() {
        ByteBuf out = messages();
        parse(out, "", "DISABLE $1");
        describe(out, 'S', "");
        bind(out, "", "", List.of("shop"));
        execute(out, "", 0);
        sync(out);
        assertEquals(List.of("1", "t 1", "n", "2", "C DISABLE", "Z I"), console.send(out));
        assertTrue(proxy.pools().isDisabled("shop"));
    }

    @Test
    void skipsToSyncAfterAnError() {
        ByteBuf out = messages();
        bind(out, "", "missing", List.of());
        execute(out, "", 0);
        parse(out, "", "PAUSE");
        sync(out);
        parse(out, "", "PAUSE; RESUME");
        sync(out);
        parse(out, "", "SHOW NOTHING");
        bind(out, "", "", List.of());
        execute(out, "", 0);
        execute(out, "", 0);
        sync(out);
        assertEquals(
                List.of(
                        "E 26000 prepared statement \"missing\" does not exist",
                        "Z I",
                        "E 42601 cannot insert multiple commands into a prepared statement",
                        "Z I",
                        "1",
                        "2",
                        "E 42601 invalid command 'SHOW NOTHING', use SHOW HELP;",
                        "Z I"),
                console.send(out));
    }

    @Test
    void keepsNamedStatementsUntilTheyAreClosed() {
        ByteBuf out = messages();
        parse(out, "s", "SHOW STATE");
        sync(out);
        parse(out, "s", "SHOW LISTS");
        sync(out);
        ConsoleFixture.close(out, 'S', "s");
        describe(out, 'S', "s");
        sync(out);
        assertEquals(
                List.of(
                        "1",
                        "Z I",
                        "E 42P05 prepared statement \"s\" already exists",
                        "Z I",
                        "3",
                        "E 26000 prepared statement \"s\" does not exist",
                        "Z I"),
                console.send(out));
    }

    @Test
    void answersAnEmptyStatement() {
        ByteBuf out = messages();
        parse(out, "", "");
        bind(out, "", "", List.of());
        describe(out, 'P', "");
        execute(out, "", 0);
        sync(out);
        assertEquals(List.of("1", "2", "n", "I", "Z I"), console.send(out));
    }
}

package dev.carpool.error;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ErrorDocumentTest {
    private static final Path FILE = Path.of("..", "docs", "errors.md");

    @Test
    void documentMatchesTheTable() throws IOException {
        String text = text();
        if (Boolean.getBoolean("carpool.docs.write")) {
            Files.writeString(FILE, text);
        }
        assertEquals(text, Files.readString(FILE), "write it anew with -Dcarpool.docs.write=true");
    }

    @Test
    void codesAreUnique() {
        Set<String> codes = new HashSet<>();
        for (CarpoolError error : CarpoolError.values()) {
            assertTrue(codes.add(error.code()), error.code());
        }
    }

    @Test
    void repliesFillTheirTexts() {
        ErrorReply reply = CarpoolError.CHECKOUT_TIMEOUT.reply("app/anna", "30 s", "pool_size");
        assertEquals("53300", reply.sqlState());
        assertEquals(
                "carpool: CP201 no server connection for app/anna became free within 30 s (pool_size)",
                reply.message());
    }

    @Test
    void hintsGetTheArgumentsTheTextLeavesOver() {
        assertEquals(
                "try again in 4 s", CarpoolError.LOGIN_THROTTLED.reply("4 s").hint());
    }

    private static String text() {
        StringBuilder text = new StringBuilder("""
                # Errors

                PostgreSQL's own errors pass through Carpool byte for byte. Errors of Carpool itself begin with `carpool:` and
                one of these codes; only where a client must not tell the two apart (marked *as PostgreSQL*) is the text
                PostgreSQL's, and on the console PgBouncer's. After FATAL the connection is closed, after ERROR and WARNING (a notice)
                the session goes on.
                This page is checked against the table in `CarpoolError`; `-Dcarpool.docs.write=true` in a test run writes it anew.

                | Code | SQLSTATE | Severity | Text | What to do |
                |---|---|---|---|---|
                """);
        for (CarpoolError error : CarpoolError.values()) {
            text.append("| ")
                    .append(error.code())
                    .append(error.isWordedAsPostgres() ? " *as PostgreSQL*" : "")
                    .append(error.isWordedAsPgBouncer() ? " *as PgBouncer*" : "")
                    .append(" | `")
                    .append(error.sqlState())
                    .append("` | ")
                    .append(error.severity())
                    .append(" | ")
                    .append(placeholders(error.text()))
                    .append(" | ")
                    .append(placeholders(error.hint()))
                    .append(" |\n");
        }
        return text.toString();
    }

    private static String placeholders(String pattern) {
        return pattern.replaceAll("%[sd]", "…");
    }
}

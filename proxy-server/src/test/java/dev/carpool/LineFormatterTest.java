package dev.carpool;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class LineFormatterTest {
    private static final Instant AT = LocalDateTime.of(2026, 2, 3, 4, 5, 6, 7_000_000)
            .atZone(ZoneId.systemDefault())
            .toInstant();

    private static LogRecord record(String message) {
        LogRecord logged = new LogRecord(Level.WARNING, message);
        logged.setInstant(AT);
        return logged;
    }

    @Test
    void aLineForAnEvent() {
        assertEquals(
                "2026-02-03 04:05:06.007 WARNING C-1: 100% {0}" + System.lineSeparator(),
                new LineFormatter().format(record("C-1: 100% {0}")));
    }

    @Test
    void theStackOfWhatWasThrown() {
        LogRecord logged = record("failed");
        logged.setThrown(new IllegalStateException("why", new NullPointerException()));
        String[] lines = new LineFormatter().format(logged).split("\\R");
        assertEquals("2026-02-03 04:05:06.007 WARNING failed", lines[0]);
        assertEquals("java.lang.IllegalStateException: why", lines[1]);
        assertTrue(lines[2].startsWith("\tat "), lines[2]);
        assertTrue(String.join("\n", lines).contains("Caused by: java.lang.NullPointerException"));
    }
}

package dev.carpool;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/**
 * A line for each event: time, level, message; behind it the stack of what was thrown. {@code SimpleFormatter} can do the same
 * and parses its format anew for each line: 6 kB of garbage, more than all the rest of a login.
 */
final class LineFormatter extends Formatter {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.");

    private final ZoneId zone = ZoneId.systemDefault();

    @Override
    public String format(LogRecord logged) {
        StringBuilder line = new StringBuilder(160);
        TIME.formatTo(logged.getInstant().atZone(zone), line);
        line.append(String.valueOf(1000 + logged.getMillis() % 1000), 1, 4)
                .append(' ')
                .append(logged.getLevel().getLocalizedName())
                .append(' ')
                .append(formatMessage(logged))
                .append(System.lineSeparator());
        Throwable thrown = logged.getThrown();
        if (thrown != null) {
            StringWriter stack = new StringWriter();
            thrown.printStackTrace(new PrintWriter(stack, true));
            line.append(stack);
        }
        return line.toString();
    }
}

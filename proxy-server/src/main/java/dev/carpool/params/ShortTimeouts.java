package dev.carpool.params;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Timeouts of a session that are so short that they may end what the proxy asks of its server connection, too. */
final class ShortTimeouts {
    /** Milliseconds. What the proxy asks takes no longer even on a server that is very busy. */
    private static final double SHORT = 1000;

    private static final List<String> NAMES = List.of("statement_timeout", "transaction_timeout");

    private static final Map<String, Double> MILLISECONDS =
            Map.of("us", 0.001, "ms", 1.0, "s", 1e3, "min", 6e4, "h", 3.6e6, "d", 8.64e7);

    private ShortTimeouts() {}

    /** Those of these settings. */
    static List<String> of(ParameterValues settings) {
        return settings.isEmpty()
                ? List.of()
                : NAMES.stream().filter(name -> isShort(settings.value(name))).toList();
    }

    /** Whether this value is short, or cannot be understood. */
    private static boolean isShort(@Nullable String value) {
        if (value == null) {
            return false;
        }
        String text = value.trim();
        int end = 0;
        while (end < text.length() && "0123456789.".indexOf(text.charAt(end)) >= 0) {
            end++;
        }
        String unit = text.substring(end).trim();
        Double milliseconds = unit.isEmpty() ? Double.valueOf(1) : MILLISECONDS.get(unit);
        if (milliseconds == null) {
            return true;
        }
        try {
            double timeout = Double.parseDouble(text.substring(0, end)) * milliseconds;
            return timeout > 0 && timeout < SHORT;
        } catch (NumberFormatException incomprehensible) {
            return true;
        }
    }
}

package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * What Carpool reads of an ErrorResponse (PostgreSQL manual, "Error and Notice Message Fields").
 *
 * @param severity the untranslated one (field V) where the server sends it
 */
public record ErrorFields(String severity, String sqlState, String message) {

    /** Reads the fields between two indexes; what is missing is empty, what is cut off is ignored. */
    public static ErrorFields decode(ByteBuf in, int from, int to) {
        String severity = "";
        String sqlState = "";
        String message = "";
        int at = from;
        while (at < to && in.getByte(at) != 0) {
            byte field = in.getByte(at);
            int end = in.indexOf(at + 1, to, (byte) 0);
            if (end < 0) {
                break;
            }
            String value = in.toString(at + 1, end - at - 1, StandardCharsets.UTF_8);
            switch (field) {
                case 'V' -> severity = value;
                case 'S' -> severity = severity.isEmpty() ? value : severity;
                case 'C' -> sqlState = value;
                case 'M' -> message = value;
                default -> {}
            }
            at = end + 1;
        }
        return new ErrorFields(severity, sqlState, message);
    }

    /** Whether the server closes the connection behind this error. */
    public boolean isFatal() {
        return severity.equals("FATAL") || severity.equals("PANIC");
    }
}

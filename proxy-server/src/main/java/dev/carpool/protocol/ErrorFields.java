package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * What Carpool reads of an ErrorResponse (PostgreSQL manual, "Error and Notice Message Fields").
 *
 * @param severity the untranslated one (field V) where the server sends it
 * @param routine the function of PostgreSQL that reports it; never translated
 */
public record ErrorFields(String severity, String sqlState, String message, String routine) {

    /** Reads the fields between two indexes; what is missing is empty, what is cut off is ignored. */
    public static ErrorFields decode(ByteBuf in, int from, int to) {
        String severity = "";
        String sqlState = "";
        String message = "";
        String routine = "";
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
                case 'R' -> routine = value;
                default -> {}
            }
            at = end + 1;
        }
        return new ErrorFields(severity, sqlState, message, routine);
    }

    /** Whether the server closes the connection behind this error. */
    public boolean isFatal() {
        return severity.equals("FATAL") || severity.equals("PANIC");
    }
}

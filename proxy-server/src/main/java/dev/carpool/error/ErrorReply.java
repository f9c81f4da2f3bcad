package dev.carpool.error;

import dev.carpool.error.CarpoolError.Severity;

/**
 * An error ready to be sent to a client as ErrorResponse (PostgreSQL manual, "Error and Notice Message Fields").
 *
 * @param hint empty when there is none
 */
public record ErrorReply(Severity severity, String sqlState, String message, String hint) {

    /** The same error with another severity. */
    public ErrorReply withSeverity(Severity other) {
        return new ErrorReply(other, sqlState, message, hint);
    }
}

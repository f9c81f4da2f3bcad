package dev.carpool.server;

import dev.carpool.error.ErrorReply;
import org.jspecify.annotations.Nullable;

/**
 * Why no server connection came to be.
 *
 * @param kind decides whether waiting clients may hope
 * @param reply what a client is told
 * @param serverMessage PostgreSQL's own ErrorResponse, whole message, when it sent one: it goes to the client byte for byte
 */
@SuppressWarnings("ArrayRecordComponent")
public record LoginFailure(Kind kind, ErrorReply reply, byte @Nullable [] serverMessage) {
    public enum Kind {
        /** No connection, or lost before the login ended. */
        UNREACHABLE,
        /** The server starts, stops or has no room: worth trying again soon. */
        NOT_NOW,
        /** The server wants proof of identity that the proxy cannot give or that is wrong. */
        CREDENTIALS,
        /** Anything else the server refuses: no such database, a startup parameter it does not know. */
        REFUSED,
        TLS
    }
}

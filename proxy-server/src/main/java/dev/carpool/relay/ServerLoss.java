package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import org.jspecify.annotations.Nullable;

/** What the loss of a server connection costs the session that is linked with it. */
enum ServerLoss {
    /**
     * Nothing: what was sent for the client is answered, but for a held ReadyForQuery perhaps, and nothing binds it to the
     * connection. Another one can do what waits.
     */
    NOTHING,
    /** One answer: the client gets an error in its place, and goes on. */
    ONE_ANSWER,
    /** The session itself. */
    SESSION;

    /** SQLSTATE idle_session_timeout: has come before the request, and may be due to the session before. */
    private static final String IDLE_SESSION_TIMEOUT = "57P05";

    /** @param lastWords the server's, if it had any */
    static ServerLoss of(Link link, @Nullable ErrorFields lastWords) {
        ServerConnection server = link.server();
        boolean bound = link.mode() == PoolingMode.SESSION
                || link.state().isPinned()
                || link.requests().isBound()
                || server.transactionStatus() != TransactionStatus.IDLE;
        if (bound) {
            return SESSION;
        }
        return server.outstanding().hasClients() ? whileAsked(link, lastWords) : betweenRequests(link);
    }

    /**
     * If PostgreSQL has said that it ends the connection (an administrator's command above all), that is what the client
     * would have been told without a proxy, and is prepared for.
     */
    private static ServerLoss whileAsked(Link link, @Nullable ErrorFields lastWords) {
        OutstandingRequests outstanding = link.server().outstanding();
        boolean one = outstanding.owedReadyForQuery() == 1
                && !outstanding.isUnsynced()
                && !link.requests().hasWaiting()
                && !link.state().isLeftInDoubt()
                && !link.channels().areInDoubt();
        boolean unsaid = lastWords == null || lastWords.sqlState().equals(IDLE_SESSION_TIMEOUT);
        return one && unsaid ? ONE_ANSWER : SESSION;
    }

    private static ServerLoss betweenRequests(Link link) {
        SessionChannels channels = link.channels();
        boolean waiting = link.requests().hasWaiting();
        if (link.state().isMovable() && !channels.areInDoubt()) {
            return !waiting || link.requests().mayGoElsewhere(link.server()) ? NOTHING : SESSION;
        }
        boolean untold =
                channels.isReadyHeld() && !waiting && !link.state().areSeveralInDoubt() && !channels.isToldEarly();
        return untold ? ONE_ANSWER : SESSION;
    }

    /**
     * What the client is told.
     *
     * @param lastWords the server's, if it had any
     */
    ErrorReply reply(ServerConnection server, @Nullable ErrorFields lastWords) {
        boolean goesOn = this != SESSION;
        CarpoolError.Severity severity = goesOn ? CarpoolError.Severity.ERROR : CarpoolError.Severity.FATAL;
        if (lastWords != null && !lastWords.sqlState().isEmpty()) {
            return new ErrorReply(severity, lastWords.sqlState(), lastWords.message(), "");
        }
        CarpoolError error = switch (server.closeReason()) {
            case CANCEL_FAILED -> CarpoolError.CANCEL_WAIT_TIMEOUT;
            case PROTOCOL_VIOLATION -> CarpoolError.SERVER_PROTOCOL;
            default -> goesOn ? CarpoolError.SERVER_LOST : CarpoolError.SERVER_LOST_IN_TRANSACTION;
        };
        return error.reply().withSeverity(severity);
    }
}

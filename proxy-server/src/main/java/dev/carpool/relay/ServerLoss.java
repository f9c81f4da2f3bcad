package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import org.jspecify.annotations.Nullable;

/** What the loss of a server connection means for the session that is linked with it. */
final class ServerLoss {
    /** SQLSTATE idle_session_timeout: has come before the request, and may be due to the session before. */
    private static final String IDLE_SESSION_TIMEOUT = "57P05";

    private ServerLoss() {}

    /**
     * Whether only the proxy still had a question, if anybody: the client has been told all it has asked for, but perhaps
     * for a held ReadyForQuery, and nothing binds it to the connection.
     */
    static boolean concernsNobody(Link link) {
        if (link.channels().isCatchingUp()) {
            return !link.state().isPinned();
        }
        ServerConnection server = link.server();
        return server.isProbing()
                && link.mode() != PoolingMode.SESSION
                && server.transactionStatus() == TransactionStatus.IDLE
                && link.state().isMovable()
                && owes(0, link);
    }

    /**
     * Whether the server has seen nothing of what the client has asked for: another connection can do it. Not so if the
     * connection was lost before it has ever served anybody: the next one might be lost in the same way.
     */
    static boolean leavesRequests(Link link) {
        ServerConnection server = link.server();
        return link.requests().isBehindSync()
                && link.mode() != PoolingMode.SESSION
                && link.state().isMovable()
                && server.transactions() > 0
                && server.transactionStatus() == TransactionStatus.IDLE
                && server.outstanding().owedReadyForQuery() == 0;
    }

    /**
     * Whether the session can go on when its client gets an error in place of the only answer that is owed. Not so if
     * PostgreSQL has said that it ends the connection (an administrator's command above all): that is what the client would
     * have been told without a proxy, and is prepared for.
     *
     * @param lastWords the server's, if it had any
     */
    static boolean costsOneAnswer(Link link, @Nullable ErrorFields lastWords) {
        if (lastWords != null && !lastWords.sqlState().equals(IDLE_SESSION_TIMEOUT)) {
            return false;
        }
        boolean inTransaction = link.state().isPinned()
                || link.server().transactionStatus() != TransactionStatus.IDLE
                || link.mode() == PoolingMode.SESSION;
        return !inTransaction && owes(1, link);
    }

    private static boolean owes(int answers, Link link) {
        OutstandingRequests outstanding = link.server().outstanding();
        return !link.requests().isUnfinished()
                && !outstanding.isUnsynced()
                && outstanding.owedReadyForQuery() == answers;
    }

    /**
     * What the client is told.
     *
     * @param lastWords the server's, if it had any
     * @param goesOn whether the session goes on
     */
    static ErrorReply reply(ServerConnection server, @Nullable ErrorFields lastWords, boolean goesOn) {
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

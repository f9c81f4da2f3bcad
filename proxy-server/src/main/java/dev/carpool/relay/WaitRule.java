package dev.carpool.relay;

import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;

import static dev.carpool.protocol.FrontendMessageType.*;

/**
 * Says which messages must not be dealt with before the server has answered what was sent before: what the name of a
 * statement stands for, or what the server has under it, hangs on that. Confined to the session's event loop.
 */
final class WaitRule {
    /** What may drop statements, or change a setting with which a text is understood. */
    private static final int CHANGES_STATEMENTS = Suspicion.SQL_PREPARE
            | Suspicion.DISCARD
            | Suspicion.SET
            | Suspicion.SET_CONFIG
            | Suspicion.DO_OR_CALL
            | Suspicion.UNCLEAR;

    private final StatementRewriter statements;
    private final SqlStatements sql;
    private final UnnamedStatement unnamed;
    private final RequestLexer lexer;
    private final SessionState state;

    /** Something owed may change what names of statements stand for, or how a statement is to be understood. */
    private boolean uncertain;

    /** A statement that may do so has been bound in this batch. */
    private boolean changesBound;

    WaitRule(
            StatementRewriter statements,
            SqlStatements sql,
            UnnamedStatement unnamed,
            RequestLexer lexer,
            SessionState state) {
        this.statements = statements;
        this.sql = sql;
        this.unnamed = unnamed;
        this.lexer = lexer;
        this.state = state;
    }

    /** A link begins: nothing is owed. */
    void begin() {
        uncertain = false;
        changesBound = false;
    }

    /** A simple query with these bits of {@link Suspicion} is sent. */
    void queried(int bits) {
        uncertain |= (bits & CHANGES_STATEMENTS) != 0;
    }

    /** A statement with these bits of {@link Suspicion} is bound. */
    void bound(int bits) {
        changesBound |= (bits & CHANGES_STATEMENTS) != 0;
    }

    /** A portal is executed. */
    void executed() {
        uncertain |= state.isSuspected(CHANGES_STATEMENTS) || changesBound;
    }

    /** A Sync is sent. */
    void synced() {
        changesBound = false;
    }

    /** Whether the message at {@code at}, whose beginning is here, must wait. */
    boolean mustWait(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        return hangsOnAnswers(type, in, at, length, server) || needsStatements(type, in, at, length, server);
    }

    /**
     * Whether what the message's name stands for hangs on answers to earlier batches. Within a batch it does not, because
     * after an error the server skips the rest.
     */
    private boolean hangsOnAnswers(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        OutstandingRequests outstanding = server.outstanding();
        if (outstanding.isEmpty()) {
            uncertain = false;
            return false;
        }
        if ((!uncertain && !outstanding.hasEarlierChanges()) || outstanding.isCopyIn()) {
            return false;
        }
        int here = Math.min(at + 1 + length, in.writerIndex());
        int from = type == PARSE ? at + 5 : usedName(type, in, at, length, here);
        if (from < 0) {
            return false;
        }
        int to = MessageStrings.end(in, from, here);
        if (from == to) {
            return type != PARSE && unnamed.isUncertain(outstanding);
        }
        return statements.isVirtual() && (uncertain || statements.isUncertain(in, from, to, outstanding));
    }

    /**
     * Where the name of a statement begins that a message uses, -1 for none.
     *
     * @param here the end of what is here of the message
     */
    private static int usedName(byte type, ByteBuf in, int at, int length, int here) {
        return switch (type) {
            case BIND -> MessageStrings.end(in, at + 5, here) + 1;
            case DESCRIBE, CLOSE -> length < 6 || in.getByte(at + 5) != 'S' ? -1 : at + 6;
            default -> -1;
        };
    }

    /**
     * Whether statements prepared in SQL may be needed in front of a message, and it is not known yet in which transaction,
     * or which there will be then.
     */
    private boolean needsStatements(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        OutstandingRequests outstanding = server.outstanding();
        return !outstanding.isEmpty()
                && !outstanding.isUnsynced()
                && !outstanding.isCopyIn()
                && mayNeedStatements(type, in, at, length, server)
                && (outstanding.owedReadyForQuery() > 0 || server.isProbing());
    }

    private boolean mayNeedStatements(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        int here = Math.min(at + 1 + length, in.writerIndex());
        if (type == QUERY) {
            if (length > RequestRewriter.LONGEST_READ) {
                return sql.isActive(server);
            }
            return length > 4 && sql.concerns(lexer.suspicion(in, at + 5, at + length, server, state), server);
        }
        if (type == PARSE) {
            if (length > RequestRewriter.LARGEST_KEPT_STATEMENT) {
                return false;
            }
            int text = MessageStrings.end(in, at + 5, here) + 1;
            return sql.concerns(lexer.suspicion(in, text, MessageStrings.end(in, text, here), server, state), server);
        }
        int from = usedName(type, in, at, length, here);
        if (from < 0) {
            return false;
        }
        int to = MessageStrings.end(in, from, here);
        if (from == to) {
            return sql.concerns(unnamed.suspicion(), server);
        }
        Mapping mapping = statements.find(in, from, to);
        return mapping == null
                ? sql.isActive(server)
                : sql.concerns(mapping.statement().suspicion(), server);
    }
}

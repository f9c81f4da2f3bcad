package dev.carpool.relay;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.prepared.ClientStatements;
import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.ServerStatements;
import dev.carpool.prepared.SharedStatement;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.FrontendMessageType.*;

/**
 * Named prepared statements of one client session across server connections: the client's names stand for shared
 * statements, and a server connection that lacks one gets it on the way. Confined to the session's event loop.
 */
final class StatementRewriter {
    private final StatementCatalog catalog;
    private final Object scope;
    private final ClientStatements statements;
    private final boolean virtual;

    StatementRewriter(StatementCatalog catalog, Object scope, ClientStatements statements, boolean virtual) {
        this.catalog = catalog;
        this.scope = scope;
        this.statements = statements;
        this.virtual = virtual;
    }

    /** Whether statements are followed at all (max_prepared_statements is not 0). */
    boolean isVirtual() {
        return virtual;
    }

    @Nullable
    SharedStatement lookup(ByteBuf in, int from, int to) {
        return virtual ? statements.lookup(in, from, to) : null;
    }

    /**
     * A Parse message with a name: {@code nameEnd} is the index of the name's terminator, {@code end} that behind the
     * message. What the server must see is written to {@code out}.
     */
    void parse(ByteBuf in, int at, int nameEnd, int end, Link link, ByteBuf out) {
        ServerConnection server = link.server();
        OutstandingRequests outstanding = server.outstanding();
        int nameFrom = at + 5;
        if (statements.lookup(in, nameFrom, nameEnd) != null) {
            String name = in.toString(nameFrom, nameEnd - nameFrom, StandardCharsets.UTF_8);
            failInPlace(CarpoolError.DUPLICATE_STATEMENT.reply(name), server, out);
            return;
        }
        SharedStatement statement = catalog.intern(scope, in, nameEnd + 1, end);
        Mapping mapping = statements.put(in, nameFrom, nameEnd, statement);
        if (mapping == null) {
            failInPlace(CarpoolError.TOO_MANY_STATEMENTS.reply(statements.bytes() + " bytes"), server, out);
            return;
        }
        if (server.statements().touch(statement, server.transactions())) {
            outstanding.push(OutstandingRequests.FAKE_PARSE, () -> statements.undoPut(mapping));
            server.answerFakes();
            return;
        }
        makeRoom(server, out);
        server.statements().add(statement, server.transactions());
        link.serverParse();
        outstanding.push(OutstandingRequests.PARSE, () -> {
            server.statements().remove(statement);
            statements.undoPut(mapping);
        });
        out.writeBytes(statement.parseMessage());
    }

    /** Makes sure that the server connection has the statement; what that takes is written to {@code out}. */
    void ensure(SharedStatement statement, Link link, ByteBuf out) {
        ServerConnection server = link.server();
        if (server.statements().touch(statement, server.transactions())) {
            return;
        }
        makeRoom(server, out);
        server.statements().add(statement, server.transactions());
        link.serverParse();
        server.outstanding()
                .push(
                        OutstandingRequests.PARSE | OutstandingRequests.SWALLOW,
                        () -> server.statements().remove(statement));
        out.writeBytes(statement.parseMessage());
    }

    private static void makeRoom(ServerConnection server, ByteBuf out) {
        ServerStatements held = server.statements();
        SharedStatement next = held.evictionCandidate(server.transactions());
        while (next != null) {
            SharedStatement oldest = next;
            held.remove(oldest);
            byte[] name = oldest.serverName();
            out.writeByte(CLOSE);
            out.writeInt(4 + 1 + name.length + 1);
            out.writeByte('S');
            out.writeBytes(name);
            out.writeByte(0);
            server.outstanding()
                    .push(
                            OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW,
                            () -> held.add(oldest, server.transactions()));
            next = held.evictionCandidate(server.transactions());
        }
    }

    /** Close of a named statement: answered by the proxy when the client has it. */
    boolean close(ByteBuf in, int from, int to, ServerConnection server) {
        if (!virtual) {
            return false;
        }
        Mapping removed = statements.remove(in, from, to);
        if (removed == null) {
            return false;
        }
        server.outstanding().push(OutstandingRequests.FAKE_CLOSE, () -> statements.undoRemove(removed));
        server.answerFakes();
        return true;
    }

    /**
     * Makes the server itself report an error at this place, so that its transaction fails and it skips to Sync as it
     * must; the error's text is the proxy's.
     */
    private static void failInPlace(ErrorReply reply, ServerConnection server, ByteBuf out) {
        ByteBuf message = server.channel().alloc().heapBuffer(256);
        WireWriter.error(message, reply.severity().name(), reply.sqlState(), reply.message(), reply.hint());
        byte[] bytes = new byte[message.readableBytes()];
        message.readBytes(bytes);
        message.release();
        int at = WireWriter.begin(out, PARSE);
        WireWriter.cstring(out, "");
        WireWriter.cstring(out, "carpool: this statement is meant to fail");
        out.writeShort(0);
        WireWriter.end(out, at);
        server.unnamedStatement(0);
        server.outstanding()
                .push(
                        OutstandingRequests.PARSE | OutstandingRequests.REPLACE_ERROR,
                        new OutstandingRequests.Replacement(bytes));
    }

    /** A stale plan on a server is replaced: whoever parses the same text again gets a new statement. */
    void requestFailed(ErrorFields fields) {
        boolean stale = (fields.sqlState().equals("0A000") && fields.message().contains("cached plan"))
                || (fields.sqlState().equals("26000") && fields.message().contains(" \"cp"));
        if (stale && virtual) {
            statements.forEach(mapping -> {
                catalog.retire(mapping.statement());
                mapping.renew(catalog.renew(mapping.statement()));
            });
        }
    }

    void forgetAll() {
        statements.clear();
    }

    long keptBytes() {
        return statements.bytes();
    }

    int count() {
        return statements.size();
    }
}

package dev.carpool.relay;

import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.NamedStatements;
import dev.carpool.prepared.PrepareNumbers;
import dev.carpool.prepared.SqlStatement;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.OutstandingRequests.Attempt;
import dev.carpool.server.OwnNames;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.TransactionEnd;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.FrontendMessageType.*;

/**
 * Writes in front of a client's request what gives a server connection statements under the client's own names. Between
 * batches one that fails is missing and nothing else happens: inside a transaction each is made behind a savepoint, which
 * prepared statements survive. There it has the settings with which its client has prepared it. Within a batch an error is
 * the batch's.
 */
final class StatementSupply {
    /** The savepoint, and within a batch the name of statement and portal. */
    private static final String NAME = OwnNames.of("prepare");

    private final ServerConnection server;
    private final OutstandingRequests outstanding;
    private final NamedStatements named;
    private final boolean inBatch;
    private final ByteBuf out;

    StatementSupply(ServerConnection server, boolean inBatch, ByteBuf out) {
        this.server = server;
        this.outstanding = server.outstanding();
        this.named = server.named();
        this.inBatch = inBatch;
        this.out = out;
    }

    /** The client's name of a {@link SqlStatement} or {@link Mapping}. */
    static String name(Object statement) {
        return statement instanceof Mapping mapping
                ? new String(mapping.name(), StandardCharsets.ISO_8859_1)
                : ((SqlStatement) statement).name();
    }

    /** Tells which of them the client has prepared first, see {@link PrepareNumbers}. */
    static long number(Object statement) {
        return statement instanceof Mapping mapping ? mapping.number() : ((SqlStatement) statement).number();
    }

    /** Closes what the connection has under a name; the server does not mind if it has nothing. */
    void close(String name) {
        Object there = named.get(name);
        named.remove(name);
        pushClose(() -> {
            if (there != null && named.get(name) == null) {
                named.put(name, there);
            }
        });
        close('S', name);
    }

    /** Closes what the proxy has prepared for itself. */
    void closeProbeStatements() {
        for (String name : server.takeProbeStatements()) {
            pushClose(() -> server.hasProbeStatement(name));
            close('S', name);
        }
        pushClose(null);
        close('S', NAME);
    }

    private void pushClose(OutstandingRequests.@Nullable Effect effect) {
        int entry = OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW;
        if (effect == null) {
            outstanding.push(entry);
        } else {
            outstanding.push(entry, effect);
        }
    }

    private void close(char what, String name) {
        int at = WireWriter.begin(out, CLOSE);
        out.writeByte(what);
        string(name);
        WireWriter.end(out, at);
    }

    private void string(String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1)).writeByte(0);
    }

    /**
     * Gives the connection these statements.
     *
     * @param settings those of the connection that decide what a text means
     */
    void write(List<Object> statements, ParameterValues settings) {
        if (statements.isEmpty()) {
            return;
        }
        write(statements, settings, !inBatch && server.transactionStatus() != TransactionStatus.IDLE);
    }

    /**
     * The same in a failed transaction, in which nothing can be prepared, in front of a text that ends it: it is ended here,
     * and what the text finds is one like it, or where it has gone back to.
     */
    void writeBehind(TransactionEnd end, List<Object> statements, ParameterValues settings) {
        query(end.sql(), Attempt.forClient());
        write(statements, settings, end.then() != TransactionEnd.Then.NOTHING);
        if (end.then() == TransactionEnd.Then.NOTHING) {
            query("BEGIN");
        }
        if (end.then() != TransactionEnd.Then.THE_SAME) {
            query("ROLLBACK TO " + NAME); // there is none: it fails
        }
    }

    private void write(List<Object> statements, ParameterValues settings, boolean inTransaction) {
        if (inTransaction) {
            query("SAVEPOINT " + NAME);
        }
        for (Object statement : statements) {
            named.put(name(statement), statement);
            ParameterValues then = inBatch ? null : settingsOf(statement);
            boolean differs = false;
            if (then != null && then != settings) {
                differs = true;
                if (!inTransaction) {
                    query("BEGIN");
                }
                outstanding.push(OutstandingRequests.QUERY, new Attempt(() -> {}));
                ParameterSync.writeLocal(out, settings, then, server.defaultEncoding());
            }
            if (statement instanceof Mapping mapping) {
                parse(mapping);
            } else {
                prepare((SqlStatement) statement);
            }
            if (inTransaction) {
                query("ROLLBACK TO " + NAME);
            } else if (differs) {
                query("ROLLBACK");
            }
        }
        if (inTransaction) {
            query("RELEASE " + NAME);
        }
    }

    private static @Nullable ParameterValues settingsOf(Object statement) {
        if (statement instanceof Mapping mapping) {
            ParameterValues settings = StatementRewriter.settings(mapping.statement());
            return settings == null ? null : SqlStatements.meaningful(settings);
        }
        return ((SqlStatement) statement).settings();
    }

    private void query(String sql) {
        query(sql, new Attempt(() -> {}));
    }

    private void query(String sql, Attempt attempt) {
        outstanding.push(OutstandingRequests.QUERY, attempt);
        server.unnamedStatement(0);
        int at = WireWriter.begin(out, QUERY);
        string(sql);
        WireWriter.end(out, at);
    }

    private void prepare(SqlStatement statement) {
        if (!inBatch) {
            Attempt attempt = new Attempt(
                    () -> named.remove(statement.name(), statement), error -> named.refused(statement.name(), error));
            query(statement.text(), attempt);
            return;
        }
        pushClose(null);
        close('S', NAME);
        outstanding.push(OutstandingRequests.PARSE | OutstandingRequests.SWALLOW);
        int at = WireWriter.begin(out, PARSE);
        string(NAME);
        string(statement.text());
        out.writeShort(0);
        WireWriter.end(out, at);
        outstanding.push(OutstandingRequests.BIND | OutstandingRequests.SWALLOW);
        at = WireWriter.begin(out, BIND);
        string(NAME);
        string(NAME);
        out.writeShort(0).writeShort(0).writeShort(0);
        WireWriter.end(out, at);
        outstanding.push(
                OutstandingRequests.EXECUTE | OutstandingRequests.SWALLOW,
                () -> named.remove(statement.name(), statement));
        at = WireWriter.begin(out, EXECUTE);
        string(NAME);
        out.writeInt(0);
        WireWriter.end(out, at);
        pushClose(null);
        close('P', NAME);
        pushClose(null);
        close('S', NAME);
    }

    private void parse(Mapping mapping) {
        String name = name(mapping);
        if (inBatch) {
            outstanding.push(
                    OutstandingRequests.PARSE | OutstandingRequests.SWALLOW, () -> named.remove(name, mapping));
            mapping.statement().writeParse(out, mapping.name());
            return;
        }
        outstanding.push(OutstandingRequests.PARSE, new Attempt(() -> named.remove(name, mapping)));
        mapping.statement().writeParse(out, mapping.name());
        outstanding.push(OutstandingRequests.SYNC | OutstandingRequests.SWALLOW);
        WireWriter.empty(out, SYNC);
    }
}

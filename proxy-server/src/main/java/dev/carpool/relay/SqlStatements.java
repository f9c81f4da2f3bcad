package dev.carpool.relay;

import dev.carpool.params.ParameterValues;
import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.NamedStatements;
import dev.carpool.prepared.SqlStatement;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.OutstandingRequests.Effect;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.SessionProbe;
import dev.carpool.suspicion.SqlPreparing;
import dev.carpool.suspicion.Suspicion;
import dev.carpool.suspicion.TransactionEnd;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The statements that a client session has prepared in SQL. They stay with the session: a server connection gets one, in
 * front of the request, when a request may use it. Which there are follows from the texts and the command tags, or from the
 * probe. Names are kept byte for byte, one character for each. Confined to the session's event loop.
 */
final class SqlStatements {
    /**
     * What a request needs of them.
     *
     * @param names of statements, in SQL or of the protocol
     * @param leaving those of them that it does nothing with but give them up: any statement will do
     * @param all whether it may need any that are prepared in SQL
     * @param shown whether it sees which statements there are: none but the session's own
     * @param text its SQL; null for a Bind or Describe
     */
    private record Need(
            Set<String> names,
            Set<String> leaving,
            boolean all,
            boolean shown,
            @Nullable String text) {
        static final Need NOTHING = new Need(Set.of(), Set.of(), false, false, "");
    }

    private final StatementRewriter protocol;
    private final long maxBytes;
    private Map<String, SqlStatement> statements = Map.of();
    private long bytes;

    /** One of them has ever read what the session has done to a sequence. */
    private boolean readsSequences;

    /** PREPARE and DEALLOCATE that have been sent and not completed, in order; null for none. */
    private @Nullable ArrayDeque<SqlPreparing.Command> expected;

    /**
     * @param protocol the session's statements of the protocol, which have the same names
     * @param maxBytes how much memory the statements may take
     */
    SqlStatements(StatementRewriter protocol, long maxBytes) {
        this.protocol = protocol;
        this.maxBytes = maxBytes;
    }

    /** Memory the statements take, in bytes. */
    long bytes() {
        return bytes;
    }

    boolean mayReadSequences() {
        return readsSequences && !statements.isEmpty();
    }

    boolean contains(String name) {
        return statements.containsKey(name);
    }

    /** Whether the session or the server connection has any statement under a client's name. */
    boolean isActive(ServerConnection server) {
        return !statements.isEmpty() || !server.named().isEmpty();
    }

    /** Whether a text with these bits may have to do with statements in SQL. */
    boolean concerns(int bits, ServerConnection server) {
        if ((bits & (Suspicion.SQL_PREPARE | Suspicion.SESSION_VIEW)) != 0) {
            return true;
        }
        if ((bits & (Suspicion.DO_OR_CALL | Suspicion.UNCLEAR)) != 0) {
            return isActive(server);
        }
        return (bits & Suspicion.UNKNOWN_CALL) != 0
                && !server.named().isEmpty()
                && server.named().user() != this;
    }

    private static boolean shows(int bits, String text) {
        return (bits & Suspicion.SESSION_VIEW) != 0
                && text.toLowerCase(Locale.ROOT).contains("pg_prepared");
    }

    /** Puts in front of a text with these bits what it needs; writes to {@code out}. */
    void supply(int bits, String text, ServerConnection server, ByteBuf out) {
        boolean unseen = (bits & (Suspicion.DO_OR_CALL | Suspicion.UNCLEAR)) != 0;
        boolean all = unseen || shows(bits, text);
        Set<String> names = Set.of();
        Set<String> leaving = Set.of();
        if ((bits & Suspicion.SQL_PREPARE) != 0) {
            SqlPreparing preparing = SqlPreparing.read(text, server.hasStandardStrings());
            names = preparing.names();
            leaving = preparing.onlyDeallocated();
            all |= !preparing.isClear();
        }
        supply(new Need(names, leaving, all, shows(bits, text), text), server, out);
    }

    /**
     * The session gets this connection: another's statements go before its first request, which may see them by way of a view
     * or function of its own. Returns whether there is something to send.
     */
    boolean arrive(ServerConnection server, ByteBuf out) {
        NamedStatements named = server.named();
        if (named.isEmpty() || named.user() == this) {
            return false;
        }
        supply(Need.NOTHING, server, out);
        return true;
    }

    /** Puts in front of a Bind or Describe the statement of this name. */
    void supply(String name, ServerConnection server, ByteBuf out) {
        supply(new Need(Set.of(name), Set.of(), false, false, null), server, out);
    }

    /** Puts all statements in front of a request whose text is not known. */
    void supplyAll(ServerConnection server, ByteBuf out) {
        supply(new Need(Set.of(), Set.of(), true, false, ""), server, out);
    }

    private void supply(Need need, ServerConnection server, ByteBuf out) {
        OutstandingRequests outstanding = server.outstanding();
        if (outstanding.isCopyIn() || outstanding.isSkipping()) {
            return;
        }
        boolean inBatch = outstanding.isUnsynced();
        boolean failed = !inBatch && server.transactionStatus() == TransactionStatus.FAILED;
        // Where a name alone stands, the server refuses to prepare with the words it has for using what is prepared.
        StatementSupply supply = new StatementSupply(server, inBatch || (failed && need.text() == null), out);
        closeLeftovers(need, server.named(), supply);
        if (need.shown()) {
            protocol.closeAll(server, out);
            supply.closeProbeStatements();
        }
        List<Object> missing = needed(need);
        if (need.shown() && !failed) {
            closeBehindGap(missing, server.named(), supply);
        }
        missing.removeIf(statement -> isThere(statement, server.named()));
        if (!need.all()) {
            // What is only given up may not be what can still be prepared.
            missing.replaceAll(statement -> need.leaving().contains(StatementSupply.name(statement))
                    ? SqlStatement.placeholder(StatementSupply.name(statement))
                    : statement);
        }
        ParameterValues settings = meaningful(server.settingsToCome());
        String text = need.text();
        if (!failed || text == null) {
            supply.write(missing, settings);
        } else if (!missing.isEmpty()) {
            TransactionEnd end = TransactionEnd.read(text, server.hasStandardStrings());
            if (end != null) {
                supply.writeBehind(end, missing, settings);
            }
        }
    }

    private void closeLeftovers(Need need, NamedStatements named, StatementSupply supply) {
        if (named.isEmpty()) {
            named.user(this);
            return;
        }
        Collection<String> perhaps = need.all() || named.user() != this ? named.names() : need.names();
        for (String name : perhaps) {
            Object there = named.get(name);
            if (there != null && !isCurrent(name, there)) {
                supply.close(name);
            }
        }
        named.user(this);
    }

    private boolean isCurrent(String name, Object statement) {
        return statement instanceof Mapping ? protocol.find(name) == statement : statements.get(name) == statement;
    }

    /** The statements that are needed; those that are shown in the order in which the session has prepared them. */
    private List<Object> needed(Need need) {
        List<Object> needed = new ArrayList<>();
        if (need.all()) {
            needed.addAll(statements.values());
        }
        if (need.shown()) {
            protocol.forEach(needed::add);
        }
        for (String name : need.names()) {
            SqlStatement statement = statements.get(name);
            Object named = statement != null ? statement : protocol.find(name);
            if (named != null && !needed.contains(named)) {
                needed.add(named);
            }
        }
        if (need.shown()) {
            needed.sort(Comparator.comparingLong(StatementSupply::number));
        }
        return needed;
    }

    private static boolean isThere(Object statement, NamedStatements named) {
        return named.get(StatementSupply.name(statement)) == statement;
    }

    /** What is to be shown behind something that is missing is prepared again: prepare_time tells in which order. */
    private static void closeBehindGap(List<Object> shown, NamedStatements named, StatementSupply supply) {
        boolean gap = false;
        for (Object statement : shown) {
            boolean there = isThere(statement, named);
            if (gap && there) {
                supply.close(StatementSupply.name(statement));
            }
            gap |= !there;
        }
    }

    /**
     * Whether the statement reads which statements there are, and is there under the client's own name: then it must be
     * used by that, because its other name would be seen.
     */
    boolean isShown(Mapping mapping, ServerConnection server) {
        int bits = mapping.statement().suspicion();
        return (bits & Suspicion.SESSION_VIEW) != 0 && server.named().get(StatementSupply.name(mapping)) == mapping;
    }

    /**
     * Notes what a text does that is about to be executed. Returns what is left to be suspected of it: without SQL_PREPARE
     * if the command tags will tell, and with what the statements do that it executes.
     */
    int follow(int bits, String text, ServerConnection server) {
        if ((bits & Suspicion.SQL_PREPARE) == 0 || (bits & Suspicion.UNCLEAR) != 0) {
            return bits;
        }
        SqlPreparing preparing = SqlPreparing.read(text, server.hasStandardStrings());
        if (!preparing.isClear()) {
            return bits;
        }
        expect(preparing.commands());
        int left = bits & ~Suspicion.SQL_PREPARE;
        for (String name : preparing.executed()) {
            if (!preparing.prepares(name)) {
                left |= suspicion(name);
            }
        }
        return left;
    }

    private void expect(List<SqlPreparing.Command> commands) {
        ArrayDeque<SqlPreparing.Command> all = expected;
        if (all == null) {
            all = new ArrayDeque<>();
            expected = all;
        }
        all.addAll(commands);
    }

    /** What executing the statement of that name may do. */
    int suspicion(String name) {
        SqlStatement statement = statements.get(name);
        if (statement != null) {
            return statement.suspicion();
        }
        Mapping mapping = protocol.find(name);
        return mapping == null ? Suspicion.SQL_PREPARE : mapping.statement().suspicion();
    }

    /**
     * PREPARE or DEALLOCATE has completed; false when nobody knows of what.
     *
     * @param settings those of the session; null while a transaction changes them
     */
    boolean completed(ServerConnection server, @Nullable ParameterValues settings) {
        SqlPreparing.Command command = expected == null ? null : expected.poll();
        if (command == null) {
            return false;
        }
        String name = command.name();
        String text = command.text();
        if (text != null) {
            return add(SqlStatement.of(name, text, settings == null ? null : meaningful(settings)), server);
        }
        remove(name);
        server.named().remove(name);
        protocol.forget(name);
        return true;
    }

    static ParameterValues meaningful(ParameterValues settings) {
        return StatementRewriter.meaningful(settings.without("role").without("session_authorization"));
    }

    /** A request has failed: what else its text would have done has not happened. */
    void failed() {
        expected = null;
    }

    /** A request has ended. Returns false if something has not become of it that should. */
    boolean settled() {
        boolean settled = expected == null || expected.isEmpty();
        expected = null;
        return settled;
    }

    private boolean add(SqlStatement statement, ServerConnection server) {
        remove(statement.name());
        if (bytes + statement.size() > maxBytes) {
            return false;
        }
        put(statement);
        server.named().put(statement.name(), statement);
        return true;
    }

    private void put(SqlStatement statement) {
        if (statements.isEmpty()) {
            statements = new LinkedHashMap<>();
        }
        statements.put(statement.name(), statement);
        bytes += statement.size();
        readsSequences |= (statement.suspicion() & Suspicion.SEQUENCE_READ) != 0;
    }

    private @Nullable SqlStatement remove(String name) {
        SqlStatement removed = statements.isEmpty() ? null : statements.remove(name);
        bytes -= removed == null ? 0 : removed.size();
        return removed;
    }

    /** A Close of that name is sent; returns how to take back what that means. */
    Effect close(String name, ServerConnection server) {
        NamedStatements named = server.named();
        Object there = named.get(name);
        named.remove(name);
        SqlStatement removed = remove(name);
        return () -> {
            if (removed != null && !statements.containsKey(name)) {
                put(removed);
            }
            if (there != null && named.get(name) == null) {
                named.put(name, there);
            }
        };
    }

    /** All are gone: DISCARD ALL, DEALLOCATE ALL. */
    void clear() {
        statements = Map.of();
        bytes = 0;
    }

    /** Takes what a probe has found. Returns false if a statement is there that cannot be given to other connections. */
    boolean learn(List<SessionProbe.Prepared> found, ServerConnection server) {
        NamedStatements named = server.named();
        Set<String> seen = new HashSet<>();
        boolean movable = true;
        for (SessionProbe.Prepared row : found) {
            seen.add(row.name());
            if (named.get(row.name()) instanceof SqlStatement there && there.matches(row.text())) {
                continue; // the session's own, or what another one has left
            }
            SqlStatement statement = SqlStatement.found(row.name(), row.text(), server.textRules());
            SqlStatement followed = statements.get(row.name());
            if (statement == null && followed != null && named.get(row.name()) == followed) {
                continue; // the text prepares that name more than once, and the command tags have told which it is
            }
            if (statement == null) {
                remove(row.name());
                named.remove(row.name());
                movable = false;
            } else {
                movable &= add(statement, server);
            }
        }
        for (String name : named.names()) {
            if (named.get(name) instanceof SqlStatement there && !seen.contains(name)) {
                named.remove(name);
                if (statements.get(name) == there) {
                    remove(name);
                }
            }
        }
        return movable;
    }
}

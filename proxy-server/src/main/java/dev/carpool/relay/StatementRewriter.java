package dev.carpool.relay;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterValues;
import dev.carpool.prepared.ClientStatements;
import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.PrepareNumbers;
import dev.carpool.prepared.ResultShape;
import dev.carpool.prepared.ServerStatements;
import dev.carpool.prepared.SharedStatement;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.prepared.StatementName;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.OutstandingRequests.Description;
import dev.carpool.server.OutstandingRequests.Effect;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.SettingNames;
import dev.carpool.suspicion.Suspicion;
import dev.carpool.suspicion.TextRules;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.FrontendMessageType.*;

/**
 * Named prepared statements of one client session across server connections: the client's names stand for shared
 * statements, and a server connection that lacks one gets it on the way. Confined to the session's event loop.
 *
 * <p>The server judges every Parse of the client, as it would without the proxy. What a server connection has from an
 * earlier Parse, another client's perhaps, serves only those whose own Parse is older ({@link Mapping#accepts}): else its
 * plan could be one for tables that have changed since.
 */
final class StatementRewriter {
    /** Settings that PostgreSQL plans a statement anew for, which can change what it returns. */
    private static final Set<String> PLANNED_FOR =
            Set.of("role", "row_security", "search_path", "session_authorization");

    /** The session has prepared a statement that reads what it has done to a sequence. */
    private boolean readsSequences;

    /**
     * Statements are shared by sessions to which their texts mean the same.
     *
     * @param asciiBytes as in {@link TextRules}
     */
    private record Scope(Object base, ParameterValues settings, boolean asciiBytes) {}

    /** What the requests in flight change about a name of the client or a statement of the server connection. */
    private abstract static class Change implements Effect {
        /** Null if no name of the client is concerned. */
        final @Nullable Mapping mapping;

        /** Null if the server connection's statements stay what they are. */
        final @Nullable SharedStatement statement;

        Change(@Nullable Mapping mapping, @Nullable SharedStatement statement) {
            this.mapping = mapping;
            this.statement = statement;
        }

        boolean concerns(ByteBuf in, int from, int to) {
            return mapping != null && mapping.isNamed(in, from, to);
        }

        /** Also if the server connection has it, or will have it, as parsed with other settings. */
        boolean concerns(@Nullable SharedStatement other) {
            return other != null && statement != null && statement.isLike(other);
        }
    }

    /** A Parse sent to a server, the client's own or one in front of its Bind or Describe. */
    private final class Parsing extends Change {
        private final Mapping user;
        private final SharedStatement parsed;
        private final boolean own;
        private final ServerStatements held;
        private final long number = PrepareNumbers.next();

        /** What the connection had before, as far as the server still has it. */
        private long before;

        Parsing(Mapping mapping, SharedStatement statement, boolean own, ServerStatements held, long before) {
            super(mapping, statement);
            this.user = mapping;
            this.parsed = statement;
            this.own = own;
            this.held = held;
            this.before = before;
        }

        @Override
        public void done() {
            if (own) {
                user.settle(PrepareNumbers.upcoming());
            }
        }

        @Override
        public void undo() {
            if (held.parseOf(parsed) == number) {
                if (before == ServerStatements.ABSENT) {
                    held.remove(parsed);
                } else {
                    held.restore(parsed, before);
                }
            }
            if (own) {
                statements.undoPut(user);
            }
        }

        @Override
        public StatementName names() {
            return user.names(parsed, number);
        }

        /** The effect of the Close in front of it. */
        Effect closing() {
            return new Effect() {
                @Override
                public void undo() {}

                @Override
                public void done() {
                    before = ServerStatements.ABSENT;
                }
            };
        }
    }

    private final StatementCatalog catalog;
    private final Object base;
    private final ClientStatements statements;
    private final boolean virtual;
    private final BiConsumer<SharedStatement, Link> before;
    private @Nullable Scope scope;
    private @Nullable ParameterValues scopeOf;

    /** Null until the settings that decide what texts mean are not known for the first time. */
    private @Nullable Scope unknown;

    private long unknownSince;

    /** What the server was asked to describe in front of a Bind that is dealt with again; null for nothing. */
    private @Nullable SharedStatement asked;

    /** What that Bind names. */
    private @Nullable Mapping askedFor;

    /** @param before called with the statement in front of a Parse of the client */
    StatementRewriter(
            StatementCatalog catalog,
            Object base,
            ClientStatements statements,
            boolean virtual,
            BiConsumer<SharedStatement, Link> before) {
        this.catalog = catalog;
        this.base = base;
        this.statements = statements;
        this.virtual = virtual;
        this.before = before;
    }

    /** Whether statements are followed at all (max_prepared_statements is not 0). */
    boolean isVirtual() {
        return virtual;
    }

    @Nullable
    Mapping find(ByteBuf in, int from, int to) {
        return virtual ? statements.find(in, from, to) : null;
    }

    /** Whether an unknown name might be one that the proxy uses for what others have. */
    boolean isForbidden(ByteBuf in, int from, int to) {
        return virtual && catalog.isOurs(in, from, to);
    }

    /** Names for a statement that the client does not have. */
    StatementName unknown(ByteBuf in, int from, int to) {
        return new StatementName(bytes(in, from, to), catalog.unknownName());
    }

    /** Whether what the name stands for, or the server has for it, hangs on the answer to a request of an earlier batch. */
    boolean isUncertain(ByteBuf in, int from, int to, OutstandingRequests outstanding) {
        if (!virtual) {
            return false;
        }
        Mapping mapping = statements.find(in, from, to);
        SharedStatement statement = mapping == null ? null : mapping.statement();
        return outstanding.hasEarlierChange(effect ->
                effect instanceof Change change && (change.concerns(in, from, to) || change.concerns(statement)));
    }

    /** The statements of this session must be parsed again where they were parsed with other settings. */
    private Scope scope(Link link) {
        ParameterValues wanted = link.wanted();
        if (!link.state().isMeaningKnown(link.server())) {
            return unknownScope(link);
        }
        boolean asciiBytes = link.server().textRules().asciiBytes();
        Scope known = scope;
        if (known == null || wanted != scopeOf || known.asciiBytes() != asciiBytes) {
            scopeOf = wanted;
            known = new Scope(base, meaningful(wanted), asciiBytes);
            scope = known;
        }
        return known;
    }

    /** Nobody else's, and for as long as the session does nothing more to the settings that decide what texts mean. */
    private Scope unknownScope(Link link) {
        long changes = link.state().meaningChanges();
        Scope known = unknown;
        if (known == null || changes != unknownSince) {
            unknownSince = changes;
            known = new Scope(new Object(), meaningful(link.wanted()), false);
            unknown = known;
        }
        return known;
    }

    /** The settings with which a statement was first prepared, as far as they decide what its text means; null if unknown. */
    static @Nullable ParameterValues settings(SharedStatement statement) {
        return statement.scope() instanceof Scope of ? of.settings() : null;
    }

    /** Those that decide what a text means. */
    static ParameterValues meaningful(ParameterValues settings) {
        return settings.only(
                name -> SettingNames.decidesMeaning(name) || PLANNED_FOR.contains(name.toLowerCase(Locale.ROOT)));
    }

    /** What EXECUTE returns depends on what the session has prepared in SQL. */
    private Scope ownScope(Link link) {
        Scope shared = scope(link);
        return shared.base() == base ? new Scope(this, shared.settings(), shared.asciiBytes()) : shared;
    }

    /**
     * A Parse message with a name that is here as a whole: {@code nameEnd} is the index of the name's terminator, {@code
     * end} that behind the message. What the server must see is written to {@code out}.
     *
     * @param taken whether the client has a statement of that name that it has prepared in SQL
     */
    void parse(ByteBuf in, int at, int nameEnd, int end, boolean taken, Link link, ByteBuf out) {
        ServerConnection server = link.server();
        if (taken || statements.find(in, at + 5, nameEnd) != null) {
            parseTaken(in, at, nameEnd, server, out);
            out.writeBytes(in, nameEnd, end - nameEnd);
            return;
        }
        Scope shared = scope(link);
        SharedStatement statement = catalog.intern(shared, shared.asciiBytes(), in, nameEnd + 1, end);
        readsSequences |= (statement.suspicion() & Suspicion.SEQUENCE_READ) != 0;
        if ((statement.suspicion() & Suspicion.SQL_PREPARE) != 0) {
            Scope own = ownScope(link);
            statement = catalog.inScope(own, own.asciiBytes(), statement);
        }
        before.accept(statement, link);
        Mapping mapping = statements.put(in, at + 5, nameEnd, statement);
        if (mapping == null) {
            failInPlace(CarpoolError.TOO_MANY_STATEMENTS.reply(statements.bytes() + " bytes"), server, out);
            return;
        }
        parse(mapping, statement, true, link, out);
    }

    /**
     * A Parse message with a name that is too long to be kept. What stands in place of the message up to the terminator of
     * its name is written to {@code out}.
     */
    void parseUnkept(ByteBuf in, int at, int nameEnd, Link link, ByteBuf out) {
        ServerConnection server = link.server();
        if (statements.find(in, at + 5, nameEnd) != null) {
            parseTaken(in, at, nameEnd, server, out);
            return;
        }
        SharedStatement statement = catalog.unkept(base);
        Mapping mapping = statements.put(in, at + 5, nameEnd, statement);
        if (mapping == null) {
            throw new IllegalStateException("no room for what is not kept");
        }
        server.outstanding()
                .push(
                        OutstandingRequests.PARSE,
                        new Parsing(mapping, statement, true, server.statements(), ServerStatements.ABSENT));
        parsePrefix(in, at, nameEnd, statement.serverName(), out);
    }

    private static void parsePrefix(ByteBuf in, int at, int nameEnd, byte[] name, ByteBuf out) {
        out.writeByte(PARSE);
        out.writeInt(in.getInt(at + 1) + name.length - (nameEnd - at - 5));
        out.writeBytes(name);
    }

    /**
     * A Parse of a name that is taken, up to its name: the server says so, or what else is wrong with it, since it is
     * given a name that is taken there.
     */
    private void parseTaken(ByteBuf in, int at, int nameEnd, ServerConnection server, ByteBuf out) {
        byte[] name = catalog.takenName();
        OutstandingRequests outstanding = server.outstanding();
        outstanding.push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW);
        close(name, out);
        outstanding.push(OutstandingRequests.PARSE | OutstandingRequests.SWALLOW);
        out.writeByte(PARSE);
        out.writeInt(4 + name.length + 1 + 1 + 2);
        out.writeBytes(name);
        out.writeByte(0);
        out.writeByte(0);
        out.writeShort(0);
        outstanding.push(OutstandingRequests.PARSE, new StatementName(bytes(in, at + 5, nameEnd), name));
        parsePrefix(in, at, nameEnd, name, out);
    }

    private static byte[] bytes(ByteBuf in, int from, int to) {
        byte[] bytes = new byte[to - from];
        in.getBytes(from, bytes);
        return bytes;
    }

    /**
     * Makes sure that the server connection has a statement as young as the client's own Parse; what that takes is written
     * to {@code out}. Returns the names to use.
     */
    StatementName ensure(Mapping mapping, Link link, ByteBuf out) {
        SharedStatement statement = used(mapping, link);
        ServerStatements held = link.server().statements();
        if (statement.isUnkept()) {
            return mapping.names(statement);
        }
        if (!mapping.accepts(held.touch(statement, link.server().transactions()))) {
            parse(mapping, statement, false, link, out);
        }
        return mapping.names(statement, held.parseOf(statement));
    }

    /** What the client's name stands for on the server connection: what it has parsed, or the same for the settings of now. */
    private SharedStatement used(Mapping mapping, Link link) {
        SharedStatement known = asked;
        if (known != null && mapping == askedFor) {
            return known; // where settings are not known, every other look would give another one
        }
        SharedStatement statement = mapping.statement();
        if (statement.isUnkept() || mapping.accepts(link.server().statements().parseOf(statement))) {
            return statement;
        }
        Scope now = (statement.suspicion() & Suspicion.SQL_PREPARE) != 0 ? ownScope(link) : scope(link);
        return statement.scope().equals(now) ? statement : catalog.inScope(now, now.asciiBytes(), statement);
    }

    /**
     * Whether the statement about to be bound has another result than the client has been told, or may have. PostgreSQL
     * refuses a statement whose result has changed, because drivers read rows by what they were told. Where the client's own
     * Parse has made it, the server sees to that.
     */
    boolean mayDiffer(Mapping mapping, Link link) {
        ServerConnection server = link.server();
        OutstandingRequests outstanding = server.outstanding();
        if (mapping.told() == ResultShape.UNKNOWN
                || (mapping.statement().suspicion() & Suspicion.SQL_PREPARE) != 0
                || outstanding.isSkipping()
                || outstanding.isCopyIn()
                || server.transactionStatus() == TransactionStatus.FAILED) {
            return false;
        }
        SharedStatement statement = used(mapping, link);
        long parse = server.statements().parseOf(statement);
        return parse != mapping.number()
                && !statement.isUnkept()
                && (!mapping.accepts(parse)
                        || ResultShape.differ(
                                mapping.told(), server.statements().shapeOf(statement)));
    }

    /**
     * Has the server describe to the proxy a statement that {@link #mayDiffer}; what that takes is written to {@code out}.
     * False if its result is known, and another.
     */
    boolean ask(Mapping mapping, Link link, ByteBuf out) {
        SharedStatement statement = used(mapping, link);
        ServerStatements held = link.server().statements();
        if (mapping.accepts(held.parseOf(statement)) && held.shapeOf(statement) != ResultShape.UNKNOWN) {
            return false;
        }
        asked = statement;
        askedFor = mapping;
        StatementName names = ensure(mapping, link, out);
        long parse = held.parseOf(statement);
        link.server()
                .outstanding()
                .push(
                        OutstandingRequests.DESCRIBE_STATEMENT | OutstandingRequests.SWALLOW,
                        new Description(names, shape -> held.described(statement, parse, shape)));
        describe(names.server(), out);
        return true;
    }

    /** The Bind is dealt with, or another message. */
    void forgetAsked() {
        asked = null;
        askedFor = null;
    }

    /** What learns of a Describe of the client, whose statement is there under these names; null if nothing new comes of it. */
    @Nullable
    Description description(Mapping mapping, StatementName names, Link link) {
        SharedStatement statement = used(mapping, link);
        ServerStatements held = link.server().statements();
        long known = held.shapeOf(statement);
        if (known != ResultShape.UNKNOWN && known == mapping.told()) {
            return null;
        }
        long parse = held.parseOf(statement);
        return new Description(names, shape -> {
            held.described(statement, parse, shape);
            mapping.tell(shape);
        });
    }

    static void describe(byte[] name, ByteBuf out) {
        out.writeByte(DESCRIBE);
        out.writeInt(4 + 1 + name.length + 1);
        out.writeByte('S');
        out.writeBytes(name);
        out.writeByte(0);
    }

    private void parse(Mapping mapping, SharedStatement statement, boolean own, Link link, ByteBuf out) {
        ServerConnection server = link.server();
        ServerStatements held = server.statements();
        OutstandingRequests outstanding = server.outstanding();
        long before = held.touch(statement, server.transactions());
        if (outstanding.hasEarlierChange(effect -> effect instanceof Change change && change.statement == statement)) {
            before = ServerStatements.UNSURE;
        }
        Parsing parsing = new Parsing(mapping, statement, own, held, before);
        if (before == ServerStatements.ABSENT) {
            makeRoom(server, out);
        } else {
            outstanding.push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW, parsing.closing());
            close(statement.serverName(), out);
        }
        held.add(statement, parsing.number, server.transactions());
        if (own) {
            mapping.sent(parsing.number);
        }
        link.stats().serverParse();
        outstanding.push(OutstandingRequests.PARSE | (own ? 0 : OutstandingRequests.SWALLOW), parsing);
        out.writeBytes(statement.parseMessage());
    }

    private static void makeRoom(ServerConnection server, ByteBuf out) {
        ServerStatements held = server.statements();
        OutstandingRequests outstanding = server.outstanding();
        SharedStatement next = held.evictionCandidate(server.transactions());
        while (next != null) {
            SharedStatement oldest = next;
            if (outstanding.hasEarlierChange(effect -> effect instanceof Change change && change.statement == oldest)) {
                return; // it was used a moment ago
            }
            long parse = held.parseOf(oldest);
            held.remove(oldest);
            close(oldest.serverName(), out);
            outstanding.push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW, new Change(null, oldest) {
                @Override
                public void undo() {
                    held.add(oldest, parse, server.transactions());
                }
            });
            next = held.evictionCandidate(server.transactions());
        }
    }

    /** Closes everything on the server connection that the client does not know by its name; that it comes back is seen to. */
    void closeAll(ServerConnection server, ByteBuf out) {
        ServerStatements held = server.statements();
        OutstandingRequests outstanding = server.outstanding();
        outstanding.push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW);
        close(catalog.takenName(), out);
        for (SharedStatement each : held.all()) {
            long parse = held.parseOf(each);
            held.remove(each);
            close(each.serverName(), out);
            outstanding.push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW, new Change(null, each) {
                @Override
                public void undo() {
                    held.add(each, parse, server.transactions());
                }
            });
        }
    }

    private static void close(byte[] name, ByteBuf out) {
        out.writeByte(CLOSE);
        out.writeInt(4 + 1 + name.length + 1);
        out.writeByte('S');
        out.writeBytes(name);
        out.writeByte(0);
    }

    /** Close of a named statement: answered by the proxy when the client has it, or when the name is the proxy's. */
    boolean close(ByteBuf in, int from, int to, ServerConnection server) {
        if (!virtual) {
            return false;
        }
        Mapping removed = statements.remove(in, from, to);
        if (removed == null && !catalog.isOurs(in, from, to)) {
            return false;
        }
        if (removed == null) {
            server.outstanding().push(OutstandingRequests.FAKE_CLOSE);
        } else {
            server.outstanding().push(OutstandingRequests.FAKE_CLOSE, new Change(removed, null) {
                @Override
                public void undo() {
                    statements.undoRemove(removed);
                }
            });
        }
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
        server.outstanding().push(OutstandingRequests.PARSE, new OutstandingRequests.Replacement(bytes));
    }

    /** Whether only the server connection in use has one of the statements. */
    boolean keepsConnection() {
        return statements.hasUnkept();
    }

    /** The client's statement of that name, every character a byte; null if it has none whose text is kept. */
    @Nullable
    Mapping find(String name) {
        if (!virtual || statements.size() == 0) {
            return null;
        }
        byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
        Mapping mapping = statements.find(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
        return mapping == null || mapping.statement().isUnkept() ? null : mapping;
    }

    /** All statements of the client whose texts are kept. */
    void forEach(Consumer<Mapping> action) {
        statements.forEach(mapping -> {
            if (!mapping.statement().isUnkept()) {
                action.accept(mapping);
            }
        });
    }

    /** DEALLOCATE has taken place. */
    void forget(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.ISO_8859_1);
        statements.remove(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
    }

    void forgetAll() {
        statements.clear();
    }

    boolean mayReadSequences() {
        return readsSequences;
    }

    long keptBytes() {
        return statements.bytes();
    }

    int count() {
        return statements.size();
    }
}

package dev.carpool.relay;

import dev.carpool.prepared.ClientStatements;
import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.SharedStatement;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.prepared.StatementName;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ResultChanged;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.ProcessIds;
import dev.carpool.suspicion.SettingNames;
import dev.carpool.suspicion.SqlLexer;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.FrontendMessageType.*;

/**
 * Deals with one message of a client after the other: queues what the server will owe for it, tells the link what it may
 * leave behind, and writes what the server needs in front of it or in its place. Confined to the session's event loop.
 *
 * <p>In all methods {@code at} is the index of the message's type, {@code length} what its header says, {@code start} the
 * beginning of the run in front of it that may not have been handed on yet.
 */
final class RequestRewriter {
    /** A Parse message up to this length is held as a whole and kept for other server connections. */
    static final int LARGEST_KEPT_STATEMENT = 1 << 20;

    /** The text of a simple query up to this length is there as a whole before the query is handed on. */
    static final int LONGEST_READ = 16 * 1024;

    /** The names in a Bind message must end within this many bytes. */
    private static final int BIND_PREFIX = 2048;

    /** The message goes to the server as it came. */
    private static final int AS_IT_IS = -1;

    /** Nothing has been done with the message yet: {@link ClientEnd#resumeRequests} says when it can be. */
    static final int MUST_WAIT = -2;

    /** Nothing has been done with the message yet: the server must have answered what was asked before. */
    static final int ASKED = -3;

    private final RequestOutput output;
    private final SessionState state;
    private final RequestEffects effects;
    private final StatementRewriter statements;
    private final SqlStatements sql;
    private final UnnamedStatement unnamed = new UnnamedStatement();
    private final LastBound lastBound = new LastBound();
    private final RequestLexer lexer = RequestLexer.ofThread();
    private final WaitRule waits;

    private static final byte[] NO_NAME = {};

    private static final WordsInBytes UNLISTEN = new WordsInBytes("unlisten");

    /** Reads the simple query that is passing; null when none is that is read in parts. */
    private @Nullable SqlLexer passing;

    RequestRewriter(
            RequestOutput output,
            SessionState state,
            StatementCatalog catalog,
            Object statementScope,
            ClientStatements clientStatements,
            boolean virtualStatements) {
        this.output = output;
        this.state = state;
        this.effects = new RequestEffects(state);
        this.statements =
                new StatementRewriter(catalog, statementScope, clientStatements, virtualStatements, this::beforeParse);
        this.sql = new SqlStatements(statements, clientStatements.maxBytes());
        this.waits = new WaitRule(statements, sql, unnamed, lexer, state);
    }

    StatementRewriter statements() {
        return statements;
    }

    SqlStatements sql() {
        return sql;
    }

    /** Whether this first part of a request may read what the session has done to a sequence before. */
    boolean mayReadSequences(ByteBuf in) {
        boolean simple = in.getByte(in.readerIndex()) == QUERY;
        boolean prepared = (unnamed.suspicion() & Suspicion.SEQUENCE_READ) != 0 || statements.mayReadSequences();
        return (prepared && !simple) || sql.mayReadSequences() || SequenceNames.areIn(in);
    }

    /**
     * The custom settings that this first part of a request names.
     *
     * @param reads whether those are of interest that are read
     */
    SettingNames settingNames(ByteBuf in, boolean reads, boolean standardStrings) {
        return RequestedNames.in(in, reads, standardStrings, (name, from, to) -> {
            if (from == to) {
                return unnamed.isKept() ? SettingNames.of(unnamed.text(), standardStrings) : SettingNames.NONE;
            }
            Mapping mapping = statements.find(name, from, to);
            return mapping == null ? SettingNames.NONE : mapping.statement().settingNames(standardStrings);
        });
    }

    /** Memory the session's statements take, in bytes. */
    long keptBytes() {
        return unnamed.bytes() + statements.keptBytes() + sql.bytes();
    }

    /** Whether the server connection in use alone has one of the session's statements. */
    boolean keepsConnection() {
        return unnamed.isLarge() || statements.keepsConnection();
    }

    /** A link begins: nothing is owed that the session has asked for. */
    void begin() {
        statements.forgetAsked();
        lastBound.forget();
        waits.begin();
        sql.failed();
    }

    /** All named statements are gone; the unnamed one stays. */
    void forgetStatements() {
        statements.forgetAll();
        sql.clear();
    }

    /** How many bytes behind the type byte must be here before the message can be dealt with. */
    static int opened(byte type, int length) {
        return switch (type) {
            case QUERY -> length <= LONGEST_READ ? length : 4;
            case PARSE -> length <= LARGEST_KEPT_STATEMENT ? length : BIND_PREFIX;
            case BIND -> Math.min(length, BIND_PREFIX);
            case DESCRIBE, CLOSE -> length;
            case FUNCTION_CALL -> Math.min(length, BIND_PREFIX);
            default -> 4;
        };
    }

    /** Whether the message must not be dealt with before the server has answered what was sent before. */
    boolean mustWait(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        return waits.mustWait(type, in, at, length, server);
    }

    /**
     * Deals with one message that is {@link #opened}. Returns {@link #AS_IT_IS}, {@link #MUST_WAIT}, {@link #ASKED}, or the
     * index up to which {@code in} has been replaced by what was written; the rest of the message follows from there.
     */
    int message(byte type, ByteBuf in, int at, int length, int start, Link link) {
        OutstandingRequests outstanding = link.server().outstanding();
        if (type != BIND) {
            statements.forgetAsked();
        }
        switch (type) {
            case QUERY -> {
                return query(in, at, length, start, link);
            }
            case SYNC -> {
                outstanding.push(OutstandingRequests.SYNC);
                waits.synced();
                state.synced(link);
            }
            case EXECUTE -> {
                outstanding.push(OutstandingRequests.EXECUTE);
                waits.executed();
            }
            case PARSE -> {
                return parse(in, at, length, start, link);
            }
            case BIND -> {
                return bind(in, at, length, start, link);
            }
            case DESCRIBE, CLOSE -> {
                return describeOrClose(type, in, at, length, start, link);
            }
            case FUNCTION_CALL -> {
                if (!callFunction(in, at, length, link)) {
                    return MUST_WAIT;
                }
                int bits = length >= 8 ? FunctionCalls.suspicion(in.getInt(at + 5)) : Suspicion.NONE;
                effects.unread(bits, "", true, link);
                sequences(bits, in, start, at, false, link);
                outstanding.push(OutstandingRequests.FUNCTION_CALL);
            }
            case COPY_DONE, COPY_FAIL -> outstanding.push(OutstandingRequests.COPY_END);
            default -> {
                // CopyData, Flush
            }
        }
        return AS_IT_IS;
    }

    /** More of the message that was handed on as it is: {@code in[from, to)}; {@code last} says that it ends there. */
    void body(ByteBuf in, int from, int to, boolean last, Link link) {
        SqlLexer reading = passing;
        if (reading == null) {
            return;
        }
        reading.feed(in, from, to);
        if (!last) {
            return;
        }
        passing = null;
        int bits = reading.end();
        waits.queried(bits);
        if ((bits & Suspicion.CUSTOM) != 0) {
            state.changesMeaning(false);
        }
        effects.unread(bits, "", true, link);
    }

    /** Puts server processes in the place of the process ids that a function is given; false if it must wait for them. */
    private static boolean callFunction(ByteBuf in, int at, int length, Link link) {
        ProcessIds ids = length >= 8 ? FunctionCalls.processIds(in.getInt(at + 5)) : ProcessIds.NONE;
        if (ids.parameters().isEmpty()) {
            return true;
        }
        int to = Math.min(at + 1 + length, in.writerIndex());
        ToldProcesses processes = link.state().processes();
        if (processes.mustWait(ids, in, at + 9, to, link.client())) {
            return false;
        }
        processes.replaceBound(ids, in, at + 9, to);
        return true;
    }

    private int query(ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        if (server.outstanding().isSkipping()) {
            return AS_IT_IS; // the server does not look at it
        }
        boolean whole = length <= LONGEST_READ;
        if (whole && length > 5) {
            int wait = read(in, at, length, start, link);
            if (wait != AS_IT_IS) {
                return wait;
            }
        } else if (!whole) {
            if (sql.isActive(server)) {
                output.forward(in, start, at, server);
                sql.supplyAll(server, output.writing());
            }
            if (state.usesUnseenSequences(link)) {
                discardSequences(in, start, at, server, false);
            }
        }
        unnamed.dropped(server);
        if (!whole) {
            passing = RequestLexer.inParts(server, state);
        }
        return AS_IT_IS;
    }

    /**
     * Notes what the text of a simple query does that is here as a whole, and puts in front of it what it needs. Returns {@link
     * #AS_IT_IS}, or whether it must wait.
     */
    private int read(ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        int bits = lexer.suspicion(in, at + 5, at + length, server, state);
        int wait = unlisten(bits, in, at + 5, at + length, link);
        if (wait != AS_IT_IS) {
            return wait;
        }
        if ((bits & Suspicion.OTHERS) != 0) {
            String text = MessageStrings.latin1(in, at + 5, at + length);
            ProcessIds ids = ProcessIds.read(text, server.hasStandardStrings());
            ToldProcesses processes = link.state().processes();
            if (link.state().cluster().mustWait(text, server, link.client())
                    || processes.mustWait(ids, null, 0, 0, link.client())) {
                return MUST_WAIT;
            }
            processes.replaceConstants(ids, in, at + 5);
            link.state().cluster().sent(text, server);
        }
        waits.queried(bits);
        if ((bits & Suspicion.CUSTOM) != 0) {
            String text = MessageStrings.latin1(in, at + 5, at + length);
            effects.names(SettingNames.of(text, server.hasStandardStrings()), text, link);
        }
        boolean concerned = sql.concerns(bits, server);
        if ((bits & Suspicion.STATEFUL) == 0 && !concerned) {
            state.suspect(bits, link);
            sequences(bits, in, start, at, false, link);
            return AS_IT_IS;
        }
        String text = MessageStrings.latin1(in, at + 5, at + length);
        int left = bits;
        if (concerned) {
            output.forward(in, start, at, server);
            sql.supply(bits, text, server, output.writing());
            left = sql.follow(bits, text, server);
        }
        if ((bits & left & Suspicion.STATEFUL) != 0) {
            effects.queried(EffectsReader.read(text, bits & left, server.hasStandardStrings()), text, link);
        } else {
            state.suspect(bits & left, link);
        }
        effects.executes(left & ~bits, text, true, link);
        sequences(bits | left, in, start, at, false, link);
        return AS_IT_IS;
    }

    /**
     * Whether a request must wait because its statement, {@code text[from, to)}, may give up channels of the session, else
     * {@link #AS_IT_IS}.
     */
    private static int unlisten(int bits, ByteBuf text, int from, int to, Link link) {
        if (!SessionChannels.mayGiveUp(bits, link)
                || ((bits & Suspicion.DISCARD) == 0 && !UNLISTEN.areIn(text, from, to))) {
            return AS_IT_IS;
        }
        if (link.server().outstanding().owedReadyForQuery() > 0) {
            return ASKED;
        }
        return link.channels().mustTell(link) ? MUST_WAIT : AS_IT_IS;
    }

    private int parse(ByteBuf in, int at, int length, int start, Link link) {
        link.stats().clientParse();
        ServerConnection server = link.server();
        if (length > LARGEST_KEPT_STATEMENT) {
            return parseLarge(in, at, length, start, link);
        }
        int end = at + 1 + length;
        int nameEnd = MessageStrings.end(in, at + 5, end);
        boolean named = nameEnd > at + 5;
        if (named && statements.isVirtual()) {
            output.forward(in, start, at, server);
            boolean taken = sql.isActive(server) && sql.contains(MessageStrings.latin1(in, at + 5, nameEnd));
            statements.parse(in, at, nameEnd, end, taken, link, output.writing());
            return end;
        }
        int textEnd = MessageStrings.end(in, nameEnd + 1, end);
        int bits = lexer.suspicion(in, nameEnd + 1, textEnd, server, state);
        int wait = named ? AS_IT_IS : unlisten(bits, in, nameEnd + 1, textEnd, link);
        if (wait != AS_IT_IS) {
            return wait;
        }
        if (!named
                && (bits & Suspicion.DO_OR_CALL) != 0
                && !server.outstanding().isUnsynced()) {
            sequences(bits, in, start, at, false, link); // within the batch, code that commits would fail
        }
        boolean concerned = sql.concerns(bits, server) || (named && sql.isActive(server));
        if (concerned) {
            output.forward(in, start, at, server);
            sql.supply(bits, MessageStrings.latin1(in, nameEnd + 1, textEnd), server, output.writing());
        }
        if (!named) {
            unnamed.parsed(in, at + 5, end, bits, server);
            return AS_IT_IS;
        }
        if (concerned) {
            sql.supply(MessageStrings.latin1(in, at + 5, nameEnd), server, output.writing());
        }
        state.effects(Effects.unread(bits), "", false, false, link);
        state.needsReset();
        sequences(bits, in, start, at, true, link);
        server.outstanding().push(OutstandingRequests.PARSE);
        return AS_IT_IS;
    }

    /** A Parse that is kept nowhere but on this server connection. */
    private int parseLarge(ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        state.suspect(Suspicion.UNCLEAR, link);
        if (state.usesUnseenSequences(link)) {
            discardSequences(in, start, at, server, true);
        }
        int nameEnd = MessageStrings.end(in, at + 5, in.writerIndex());
        if (nameEnd == at + 5) {
            unnamed.parsedLarge(server);
            return AS_IT_IS;
        }
        state.needsReset();
        if (!statements.isVirtual()) {
            server.outstanding().push(OutstandingRequests.PARSE);
            return AS_IT_IS;
        }
        output.forward(in, start, at, server);
        statements.parseUnkept(in, at, nameEnd, link, output.writing());
        return restOf(in, at, nameEnd, length);
    }

    private int bind(ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        int here = Math.min(at + 1 + length, in.writerIndex());
        int name = MessageStrings.end(in, at + 5, here) + 1;
        int nameEnd = MessageStrings.end(in, name, here);
        Mapping mapping = nameEnd == name ? null : statements.find(in, name, nameEnd);
        boolean differs = false;
        if (mapping != null && statements.mayDiffer(mapping, link) && !sql.isShown(mapping, server)) {
            output.forward(in, start, at, server);
            if (statements.ask(mapping, link, output.writing())) {
                return ASKED;
            }
            differs = true;
        }
        int suspected = suspicion(nameEnd == name, mapping);
        int wait = unlisten(suspected, mapping, link);
        if (wait != AS_IT_IS) {
            return wait;
        }
        ProcessIds ids = ProcessIds.NONE;
        if ((suspected & Suspicion.OTHERS) != 0) {
            String text = mapping == null ? unnamed.text() : mapping.statement().latin1();
            ids = ProcessIds.read(text, server.hasStandardStrings());
            if (mustWait(text, ids, in, nameEnd + 1, here, link)) {
                return MUST_WAIT;
            }
        }
        boolean other = link.state().processes().replacesConstants(ids) && !unnamed.isLarge();
        link.stats().bind();
        lastBound.forget();
        if (nameEnd == name) {
            supplyUnnamed(in, start, at, server);
            int bits = bound(unnamed.suspicion(), null, in, nameEnd + 1, here, link);
            if (!unnamed.isLarge()) {
                sequences(bits, in, start, at, true, link);
            }
            if (other) {
                output.forward(in, start, at, server);
                writeOther(unnamed.body(), ids, link);
            } else {
                ensureUnnamed(in, start, at, server);
            }
            server.outstanding().push(OutstandingRequests.BIND);
            return AS_IT_IS;
        }
        boolean supplied = supply(mapping, in, name, nameEnd, start, at, server);
        int bits = Suspicion.NONE;
        if (mapping != null) {
            bits = bound(mapping.statement().suspicion(), mapping.statement(), in, nameEnd + 1, here, link);
        } else if (supplied) {
            bits = sql.suspicion(MessageStrings.latin1(in, name, nameEnd));
            effects.executes(bits, "", false, link);
        }
        sequences(bits, in, start, at, true, link);
        byte[] there;
        if (differs) {
            there = statements.unknown(in, name, nameEnd).server();
            server.outstanding().push(OutstandingRequests.BIND, ResultChanged.ERROR);
        } else if (mapping != null && other) {
            output.forward(in, start, at, server);
            writeOther(mapping.statement().body(), ids, link);
            there = NO_NAME;
            server.outstanding().push(OutstandingRequests.BIND);
        } else {
            StatementName names = ensure(mapping, in, at, name, nameEnd, start, link);
            if (names == null) {
                server.outstanding().push(OutstandingRequests.BIND);
                return AS_IT_IS;
            }
            server.outstanding().push(OutstandingRequests.BIND, names);
            lastBound.bound(in, at + 5, name - 1, mapping, names);
            there = names.server();
        }
        ByteBuf out = output.writing();
        out.writeByte(BIND);
        out.writeInt(length + there.length - (nameEnd - name));
        out.writeBytes(in, at + 5, name - at - 5);
        out.writeBytes(there);
        return restOf(in, at, nameEnd, length);
    }

    /** What the unnamed statement may do, or this one of the client, null for none. */
    private int suspicion(boolean isUnnamed, @Nullable Mapping mapping) {
        if (isUnnamed) {
            return unnamed.suspicion();
        }
        return mapping == null ? Suspicion.NONE : mapping.statement().suspicion();
    }

    /** The same of a request that binds this statement, null for the unnamed one. */
    private int unlisten(int bits, @Nullable Mapping mapping, Link link) {
        boolean isKept = mapping != null || unnamed.isKept(); // else it could not be parsed
        if (!isKept || !SessionChannels.mayGiveUp(bits, link)) {
            return AS_IT_IS;
        }
        byte[] parse = mapping == null ? unnamed.body() : mapping.statement().body();
        return unlisten(bits, Unpooled.wrappedBuffer(parse), 0, parse.length, link);
    }

    /**
     * Whether a statement must not be bound yet that has to do with other sessions. If not, its parameters are as the server
     * must have them; {@code in[from, to)} is what is here of the message behind the names.
     */
    private static boolean mustWait(String text, ProcessIds ids, ByteBuf in, int from, int to, Link link) {
        ToldProcesses processes = link.state().processes();
        if (link.state().cluster().mustWait(text, link.server(), link.client())
                || processes.mustWait(ids, in, from, to, link.client())) {
            return true;
        }
        processes.replaceBound(ids, in, from, to);
        return false;
    }

    /**
     * Writes what makes the unnamed statement of the server connection the one to bind: with server processes in the place
     * of process ids in its text.
     *
     * @param body of the statement's Parse message
     */
    private void writeOther(byte[] body, ProcessIds ids, Link link) {
        link.state().processes().replaceConstants(ids, Unpooled.wrappedBuffer(body), 0);
        UnnamedStatement.writeOther(body, output.writing(), link.server());
    }

    /**
     * Notes what a statement does that is bound; {@code in[from, to)} is what is here of the Bind message behind the names.
     *
     * @param statement null for the unnamed one
     * @return everything it may do, with what the statements do that it executes
     */
    private int bound(int bits, @Nullable SharedStatement statement, ByteBuf in, int from, int to, Link link) {
        ServerConnection server = link.server();
        boolean concerned = sql.concerns(bits, server);
        waits.bound(bits);
        if ((bits & Suspicion.OTHERS) != 0) {
            String read = statement == null ? unnamed.text() : statement.latin1();
            link.state().cluster().sent(read, server);
        }
        if ((bits & Suspicion.CUSTOM) != 0) {
            names(statement, in, from, to, link);
        }
        if ((bits & Suspicion.STATEFUL) == 0 && !concerned) {
            state.suspect(bits, link);
            return bits;
        }
        String text = statement == null ? unnamed.text() : statement.latin1();
        int left = concerned ? sql.follow(bits, text, server) : bits;
        if ((bits & left & Suspicion.STATEFUL) != 0) {
            Effects all =
                    statement == null ? unnamed.effects(text, server) : statement.effects(server.hasStandardStrings());
            effects.bound(all.without(bits & ~left), text, in, from, to, link);
        } else {
            state.suspect(bits & left, link);
        }
        effects.executes(left & ~bits, text, false, link);
        return bits | left;
    }

    private void names(@Nullable SharedStatement statement, ByteBuf in, int from, int to, Link link) {
        boolean standardStrings = link.server().hasStandardStrings();
        if (statement == null) {
            String text = unnamed.text();
            effects.names(SettingNames.of(text, standardStrings), text, in, from, to, link);
        } else {
            effects.names(statement.settingNames(standardStrings), statement.latin1(), in, from, to, link);
        }
    }

    private int describeOrClose(byte type, ByteBuf in, int at, int length, int start, Link link) {
        OutstandingRequests outstanding = link.server().outstanding();
        int end = at + 1 + length;
        if (length < 6 || in.getByte(end - 1) != 0) {
            throw new ProtocolViolation("invalid message " + (char) type);
        }
        byte what = in.getByte(at + 5);
        if (what != 'S') {
            if (type == CLOSE) {
                outstanding.push(OutstandingRequests.CLOSE);
            } else {
                Mapping mapping = lastBound.of(in, at + 6, end - 1);
                push(OutstandingRequests.DESCRIBE_PORTAL, mapping, mapping == null ? null : lastBound.names(), link);
            }
            return AS_IT_IS;
        }
        return type == CLOSE ? close(in, at, end, start, link) : describe(in, at, end, start, link);
    }

    private int close(ByteBuf in, int at, int end, int start, Link link) {
        ServerConnection server = link.server();
        OutstandingRequests outstanding = server.outstanding();
        if (in.getByte(at + 6) == 0) {
            unnamed.closed(server);
            return AS_IT_IS;
        }
        if (statements.close(in, at + 6, end - 1, server)) {
            output.forward(in, start, at, server);
            return end;
        }
        if (sql.isActive(server)) {
            outstanding.push(OutstandingRequests.CLOSE, sql.close(MessageStrings.latin1(in, at + 6, end - 1), server));
            return AS_IT_IS;
        }
        outstanding.push(OutstandingRequests.CLOSE);
        return AS_IT_IS;
    }

    private int describe(ByteBuf in, int at, int end, int start, Link link) {
        ServerConnection server = link.server();
        OutstandingRequests outstanding = server.outstanding();
        if (in.getByte(at + 6) == 0) {
            supplyUnnamed(in, start, at, server);
            ensureUnnamed(in, start, at, server);
            outstanding.push(OutstandingRequests.DESCRIBE_STATEMENT);
            return AS_IT_IS;
        }
        Mapping mapping = statements.find(in, at + 6, end - 1);
        supply(mapping, in, at + 6, end - 1, start, at, server);
        StatementName names = ensure(mapping, in, at, at + 6, end - 1, start, link);
        if (names == null) {
            outstanding.push(OutstandingRequests.DESCRIBE_STATEMENT);
            return AS_IT_IS;
        }
        push(OutstandingRequests.DESCRIBE_STATEMENT, mapping, names, link);
        StatementRewriter.describe(names.server(), output.writing());
        return end;
    }

    /** Queues a Describe of a statement, or of a portal of it, that is there under these names; null for an unknown one. */
    private void push(int entry, @Nullable Mapping mapping, @Nullable StatementName names, Link link) {
        OutstandingRequests outstanding = link.server().outstanding();
        OutstandingRequests.Description description =
                mapping == null || names == null ? null : statements.description(mapping, names, link);
        if (description != null) {
            outstanding.push(entry, description);
        } else if (names != null) {
            outstanding.push(entry, names);
        } else {
            outstanding.push(entry);
        }
    }

    // What goes in front

    private void beforeParse(SharedStatement statement, Link link) {
        if (sql.concerns(statement.suspicion(), link.server())) {
            sql.supply(statement.suspicion(), statement.latin1(), link.server(), output.writing());
        }
    }

    /** Puts in front of the message what the unnamed statement needs. */
    private void supplyUnnamed(ByteBuf in, int start, int at, ServerConnection server) {
        if (unnamed.isKept() && sql.concerns(unnamed.suspicion(), server)) {
            output.forward(in, start, at, server);
            sql.supply(unnamed.suspicion(), unnamed.text(), server, output.writing());
        }
    }

    /**
     * Puts in front of the message what the statement needs whose name is {@code in[from, to)}, or that statement itself if
     * it is not one of the protocol; false for nothing.
     */
    private boolean supply(
            @Nullable Mapping mapping, ByteBuf in, int from, int to, int start, int at, ServerConnection server) {
        if (mapping == null) {
            if (!sql.isActive(server)) {
                return false;
            }
            output.forward(in, start, at, server);
            sql.supply(MessageStrings.latin1(in, from, to), server, output.writing());
            return true;
        }
        int bits = mapping.statement().suspicion();
        if (!sql.concerns(bits, server)) {
            return false;
        }
        output.forward(in, start, at, server);
        sql.supply(bits, mapping.statement().latin1(), server, output.writing());
        return true;
    }

    /** Sees to it that the unnamed statement on the server is this client's. */
    private void ensureUnnamed(ByteBuf in, int start, int at, ServerConnection server) {
        if (!unnamed.isOn(server)) {
            output.forward(in, start, at, server);
            unnamed.write(output.writing(), server);
        }
    }

    /**
     * Makes sure that the server has what the name {@code in[from, to)} stands for; what came before the message has been
     * handed on then. Returns null if the name is to go to the server as it is.
     */
    private @Nullable StatementName ensure(
            @Nullable Mapping mapping, ByteBuf in, int at, int from, int to, int start, Link link) {
        if (mapping != null) {
            if (sql.isShown(mapping, link.server())) {
                return null;
            }
            output.forward(in, start, at, link.server());
            return statements.ensure(mapping, link, output.writing());
        }
        if (statements.isForbidden(in, from, to)) {
            output.forward(in, start, at, link.server());
            return statements.unknown(in, from, to);
        }
        return null;
    }

    /** Puts in front of the message what it needs that has to do with sequences. */
    private void sequences(int bits, ByteBuf in, int start, int at, boolean inBatch, Link link) {
        if (state.usesSequences(bits, link)) {
            discardSequences(in, start, at, link.server(), inBatch);
        }
    }

    /** Puts DISCARD SEQUENCES in front of the message; the run before it has been handed on then. */
    private void discardSequences(ByteBuf in, int start, int at, ServerConnection server, boolean inBatch) {
        output.forward(in, start, at, server);
        server.discardSequences(output.writing(), inBatch);
    }

    /**
     * The part of a message from {@code from} on follows what has been written: it is copied when it is short and here, else
     * it streams. Returns the index up to which {@code in} is dealt with.
     */
    private int restOf(ByteBuf in, int at, int from, int length) {
        int end = at + 1 + length;
        return end <= in.writerIndex() && output.append(in, from, end) ? end : from;
    }
}

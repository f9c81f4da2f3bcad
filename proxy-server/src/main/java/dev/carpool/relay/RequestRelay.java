package dev.carpool.relay;

import dev.carpool.prepared.ClientStatements;
import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.SharedStatement;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.prepared.StatementName;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.OutstandingRequests.Effect;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.SqlLexer;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.FrontendMessageType.*;

/**
 * Relays a client session's requests to whatever server connection it is linked with: reads headers where they lie,
 * queues what is owed, rewrites the statement names of prepared statements and hands all other bytes on untouched.
 * Lives as long as the session; confined to its event loop.
 *
 * <p>Algorithm as in {@code ReplyScanner}: {@code start} is where the run not yet handed on begins, {@code at} the next
 * header. Messages whose beginning matters are held until enough of them has arrived; all others stream.
 */
public final class RequestRelay {
    /** A Parse message up to this length is held as a whole and kept for other server connections. */
    static final int LARGEST_KEPT_STATEMENT = 1 << 20;

    /** The names in a Bind message must end within this many bytes. */
    private static final int BIND_PREFIX = 2048;

    /** The text of a simple query up to this length is there as a whole before the query is handed on. */
    private static final int LONGEST_READ = 16 * 1024;

    /** How much of a statement is shown as the reason why a session is pinned. */
    private static final int LONGEST_SHOWN = 500;

    /** What may drop statements, or change a setting with which a text is understood. */
    private static final int CHANGES_STATEMENTS = Suspicion.SQL_PREPARE
            | Suspicion.DISCARD
            | Suspicion.SET
            | Suspicion.SET_CONFIG
            | Suspicion.DO_OR_CALL
            | Suspicion.UNCLEAR;

    /** Runs up to this length are copied behind a rewritten message instead of written as a slice of their own. */
    private static final int COPIED_RUN = 4096;

    private static final AtomicLong GENERATIONS = new AtomicLong();

    private final ByteBufAllocator allocator;
    private final StatementRewriter statements;
    private final SqlStatements sql;
    private final SqlLexer lexer = new SqlLexer();
    private final int largestPacket;

    /** How long a CopyData message whose client has left may be for the proxy to finish it. */
    private static final int LONGEST_FINISHED_DATA = 256 * 1024;

    private int remaining;

    /** What {@link #remaining} counts is CopyData. */
    private boolean inCopyData;

    /** Bytes still to come of a message that goes nowhere. */
    private int dropping;

    /** How far the chunk being relayed has been handed on. */
    private int handedOn;

    private boolean lexing;
    private @Nullable ByteBuf held;
    private int heldTarget;

    /** The client has said goodbye. */
    private boolean terminated;

    /** Requests must wait at the next message's beginning. */
    private boolean paused;

    /** Whole requests, perhaps but for the last one, that wait while {@link #paused}. */
    private @Nullable ArrayDeque<ByteBuf> waiting;

    /** The unnamed statement is too large to keep and exists on the server connection in use alone. */
    private boolean largeUnnamed;

    /** The last Parse of the unnamed statement. */
    private @Nullable Effect unnamedChange;

    /** Something owed may change what names of statements stand for, or how a statement is to be understood. */
    private boolean uncertain;

    /** A statement that may do so has been bound in this batch. */
    private boolean changesBound;

    /** The requests are {@link #paused} until everything sent before is answered. */
    private boolean awaitsAnswers;

    /** The server must be asked for these answers. */
    private boolean askForAnswers;

    /** The unnamed statement: body of its Parse message, 0 as generation when there is none. */
    private byte[] unnamedParse = NOTHING;

    private int unnamedLength;
    private long unnamedGeneration;
    private int unnamedSuspicion;
    private @Nullable Effects unnamedEffects;
    private static final byte[] NOTHING = {};

    /** Where rewritten messages of the current chunk gather. */
    private @Nullable ByteBuf out;

    public RequestRelay(
            ByteBufAllocator allocator,
            StatementCatalog catalog,
            Object statementScope,
            ClientStatements clientStatements,
            boolean virtualStatements,
            int largestPacket) {
        this.allocator = allocator;
        this.statements =
                new StatementRewriter(catalog, statementScope, clientStatements, virtualStatements, this::beforeParse);
        this.sql = new SqlStatements(statements, clientStatements.maxBytes());
        this.largestPacket = largestPacket;
    }

    /**
     * Sees to it that the server has the whole of the last message although the client has left. Data of a COPY that is
     * given up anyway may be anything; a request must not be made up. Returns false when half a message is on the server.
     */
    boolean finishMessage(ServerConnection server) {
        if (remaining == 0) {
            return true;
        }
        if (!inCopyData || remaining > LONGEST_FINISHED_DATA) {
            return false;
        }
        server.send(allocator.directBuffer(remaining).writeZero(remaining));
        server.flush();
        remaining = 0;
        return true;
    }

    /** Whether the link must be kept although the server is ready. */
    boolean isUnfinished() {
        return remaining > 0 || largeUnnamed || statements.keepsConnection() || waiting != null;
    }

    /**
     * Takes off the front of a chunk what comes while no server connection is held and needs none: a part of a header, and
     * what a server ignores outside COPY, such as the rest of the data for a COPY that has failed.
     *
     * @throws ProtocolViolation for a message that a client may not send
     */
    public void takeWithoutServer(ByteBuf in) {
        while (in.isReadable()) {
            int here = in.readableBytes();
            if (dropping > 0) {
                int n = Math.min(dropping, here);
                in.skipBytes(n);
                dropping -= n;
                continue;
            }
            if (held != null) {
                if (heldTarget != 5 || held.readableBytes() + here >= 5) {
                    return;
                }
                held.writeBytes(in);
                return;
            }
            if (here < 5) {
                hold(in, in.readerIndex(), 5);
                in.skipBytes(here);
                return;
            }
            byte type = in.getByte(in.readerIndex());
            if (type != COPY_DATA && type != COPY_DONE && type != COPY_FAIL && type != FLUSH) {
                return;
            }
            int length = in.getInt(in.readerIndex() + 1);
            checkLength(type, length);
            dropping = 1 + length;
        }
    }

    /** The chunk behind what is held of the message it goes on with, as one; takes ownership. Nothing is held then. */
    public ByteBuf withHeld(ByteBuf chunk) {
        ByteBuf front = held;
        if (front == null) {
            return chunk;
        }
        held = null;
        front.ensureWritable(chunk.readableBytes()).writeBytes(chunk);
        chunk.release();
        return front;
    }

    /** Whether the chunk is a lone Sync outside any batch: answered without a server. */
    public boolean isLoneSync(ByteBuf in) {
        return held == null && in.readableBytes() == 5 && in.getByte(in.readerIndex()) == SYNC;
    }

    /** Whether the chunk begins with Terminate. */
    public boolean isTerminate(ByteBuf in) {
        return held == null && in.getByte(in.readerIndex()) == TERMINATE;
    }

    /** Whether the client has said goodbye. */
    public boolean isTerminated() {
        return terminated;
    }

    /** DISCARD ALL or DEALLOCATE ALL has taken place. What came behind it has waited for that; the unnamed one stays. */
    void forgetStatements() {
        statements.forgetAll();
        sql.clear();
    }

    /** Whether this first part of a request may read what the session has done to a sequence before. */
    public boolean mayReadSequences(ByteBuf in) {
        return (unnamedSuspicion & Suspicion.SEQUENCE_READ) != 0
                || statements.mayReadSequences()
                || sql.mayReadSequences()
                || SequenceNames.areIn(in);
    }

    /** Memory the session's statements take, in bytes. */
    public long keptBytes() {
        return unnamedParse.length + statements.keptBytes() + sql.bytes();
    }

    public int statementCount() {
        return statements.count();
    }

    /** The session gets a server connection, on which nothing of another's may be seen. */
    void arrive(ServerConnection server) {
        if (server.named().isEmpty()) {
            return;
        }
        ByteBuf closing = allocator.directBuffer(256);
        if (!sql.arrive(server, closing)) {
            closing.release();
            return;
        }
        closing.writeByte(SYNC).writeInt(4);
        server.outstanding().push(OutstandingRequests.SYNC | OutstandingRequests.SWALLOW);
        server.send(closing);
    }

    SqlStatements sql() {
        return sql;
    }

    /** Whether requests wait. */
    boolean hasWaiting() {
        return waiting != null;
    }

    /** Lets requests wait from the next message's beginning on, until {@link #resume}. */
    void pause() {
        paused = true;
    }

    boolean isPaused() {
        return paused;
    }

    /**
     * Relays what has waited, up to the next pause.
     *
     * @throws ProtocolViolation for a message that a client may not send here
     */
    void resume(Link link) {
        paused = false;
        awaitsAnswers = false;
        ArrayDeque<ByteBuf> queue = waiting;
        while (!paused && queue != null && !queue.isEmpty()) {
            relayNow(queue.poll(), link);
        }
        if (queue != null && queue.isEmpty()) {
            waiting = null;
        }
    }

    /**
     * Takes ownership of {@code chunk}.
     *
     * @throws ProtocolViolation for a message that a client may not send here
     */
    void relay(ByteBuf chunk, Link link) {
        if (paused || waiting != null) {
            queue().add(chunk);
        } else {
            relayNow(chunk, link);
        }
    }

    /**
     * Whether the requests have waited for answers and all of them are there, or will not come before the client has sent
     * more.
     */
    boolean hasItsAnswers(ServerConnection server) {
        return awaitsAnswers
                && (server.outstanding().isEmpty() || server.outstanding().isCopyIn());
    }

    /**
     * Whether a message must not be dealt with before the server has answered what was sent before: what its statement's
     * name stands for depends on that. Within a batch it does not, because after an error the server skips the rest.
     */
    private boolean mustWait(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        OutstandingRequests outstanding = server.outstanding();
        if (outstanding.isEmpty()) {
            uncertain = false;
            return false;
        }
        if ((!uncertain && !outstanding.hasEarlierChanges()) || outstanding.isCopyIn()) {
            return false;
        }
        int here = Math.min(at + 1 + length, in.writerIndex());
        int from;
        switch (type) {
            case PARSE -> from = at + 5;
            case BIND -> from = endOfName(in, at + 5, here) + 1;
            case DESCRIBE, CLOSE -> {
                if (length < 6 || in.getByte(at + 5) != 'S') {
                    return false;
                }
                from = at + 6;
            }
            default -> {
                return false;
            }
        }
        int to = endOfName(in, from, here);
        if (from == to) {
            Effect change = unnamedChange;
            return type != PARSE && change != null && outstanding.hasEarlierChange(effect -> effect == change);
        }
        return statements.isVirtual() && (uncertain || statements.isUncertain(in, from, to, outstanding));
    }

    /**
     * Whether statements prepared in SQL may be needed in front of a message, and it is not known yet in which transaction,
     * or which there will be then.
     */
    private boolean sqlMustWait(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        OutstandingRequests outstanding = server.outstanding();
        return !outstanding.isEmpty()
                && !outstanding.isUnsynced()
                && !outstanding.isCopyIn()
                && usesSql(type, in, at, length, server)
                && (outstanding.owedReadyForQuery() > 0 || server.isProbing());
    }

    /** Whether statements prepared in SQL may be needed in front of a message. */
    private boolean usesSql(byte type, ByteBuf in, int at, int length, ServerConnection server) {
        int here = Math.min(at + 1 + length, in.writerIndex());
        int from;
        switch (type) {
            case QUERY -> {
                if (length > LONGEST_READ) {
                    return sql.isActive(server);
                }
                return length > 4 && sql.concerns(lex(in, at + 5, at + length, server), server);
            }
            case PARSE -> {
                if (length > LARGEST_KEPT_STATEMENT) {
                    return false;
                }
                int nameEnd = endOfName(in, at + 5, here);
                return sql.concerns(lex(in, nameEnd + 1, endOfName(in, nameEnd + 1, here), server), server);
            }
            case BIND -> from = endOfName(in, at + 5, here) + 1;
            case DESCRIBE, CLOSE -> {
                if (length < 6 || in.getByte(at + 5) != 'S') {
                    return false;
                }
                from = at + 6;
            }
            default -> {
                return false;
            }
        }
        int to = endOfName(in, from, here);
        if (from == to) {
            return sql.concerns(unnamedSuspicion, server);
        }
        Mapping mapping = statements.find(in, from, to);
        return mapping == null
                ? sql.isActive(server)
                : sql.concerns(mapping.statement().suspicion(), server);
    }

    private int lex(ByteBuf in, int from, int to, ServerConnection server) {
        lexer.begin(backslash(server));
        lexer.feed(in, from, to);
        return lexer.end();
    }

    private ArrayDeque<ByteBuf> queue() {
        ArrayDeque<ByteBuf> queue = waiting;
        if (queue == null) {
            queue = new ArrayDeque<>();
            waiting = queue;
        }
        return queue;
    }

    private void relayNow(ByteBuf chunk, Link link) {
        boolean mine = true;
        try {
            while (held != null && chunk.isReadable()) {
                ByteBuf whole = fillHeld(chunk);
                if (whole != null) {
                    relayChunk(whole, link);
                    if (paused && chunk.isReadable()) {
                        ByteBuf first = queue().remove();
                        queue().addFirst(chunk.retainedSlice());
                        queue().addFirst(first);
                        return;
                    }
                }
            }
            if (chunk.isReadable() && !terminated) {
                mine = false;
                relayChunk(chunk, link);
            }
        } finally {
            if (mine) {
                chunk.release();
            }
            sendRewritten(link.server());
            if (askForAnswers) {
                askForAnswers = false;
                ByteBuf flush = allocator.directBuffer(5);
                WireWriter.empty(flush, FLUSH);
                link.server().send(flush);
            }
        }
    }

    private @Nullable ByteBuf fillHeld(ByteBuf from) {
        ByteBuf buffer = held;
        if (buffer == null) {
            throw new IllegalStateException();
        }
        buffer.writeBytes(from, Math.min(heldTarget - buffer.readableBytes(), from.readableBytes()));
        if (buffer.readableBytes() < heldTarget) {
            return null;
        }
        held = null;
        return buffer;
    }

    private void hold(ByteBuf in, int from, int target) {
        ByteBuf buffer = allocator.directBuffer(target);
        buffer.writeBytes(in, from, in.writerIndex() - from);
        held = buffer;
        heldTarget = target;
    }

    private void relayChunk(ByteBuf in, Link link) {
        boolean mine = true;
        ServerConnection server = link.server();
        int end = in.writerIndex();
        int start = in.readerIndex();
        int at = start;
        handedOn = start;
        try {
            while (at < end) {
                if (remaining > 0) {
                    int n = Math.min(remaining, end - at);
                    if (lexing) {
                        lexer.feed(in, at, at + n);
                    }
                    at += n;
                    remaining -= n;
                    if (remaining > 0) {
                        break;
                    }
                    if (lexing) {
                        endOfQuery(link);
                    }
                    continue;
                }
                if (paused) {
                    queue().addFirst(in.retainedSlice(at, end - at));
                    end = at;
                    break;
                }
                if (end - at < 5) {
                    hold(in, at, 5);
                    end = at;
                    break;
                }
                byte type = in.getByte(at);
                int length = in.getInt(at + 1);
                checkLength(type, length);
                int needed = 1 + opened(type, length);
                if (needed > end - at) {
                    hold(in, at, needed);
                    end = at;
                    break;
                }
                if (mustWait(type, in, at, length, server) || sqlMustWait(type, in, at, length, server)) {
                    paused = true;
                    awaitsAnswers = true;
                    askForAnswers = true;
                    continue;
                }
                int rewrittenTo = message(type, in, at, length, start, link);
                if (rewrittenTo >= 0) {
                    start = rewrittenTo;
                    at = rewrittenTo;
                    if (terminated) {
                        end = at;
                    }
                    continue;
                }
                start = Math.max(start, handedOn); // something was put in front of the message
                int bodyHere = Math.min(length + 1, end - at);
                if (lexing) {
                    lexer.feed(in, at + 5, at + bodyHere);
                }
                remaining = length + 1 - bodyHere;
                inCopyData = type == COPY_DATA;
                at += bodyHere;
                if (lexing && remaining == 0) {
                    endOfQuery(link);
                }
            }
            if (start < end) {
                if (out != null && end - start <= COPIED_RUN) {
                    out.writeBytes(in, start, end - start);
                } else {
                    sendRewritten(server);
                    mine = false;
                    in.setIndex(start, end);
                    server.send(in);
                }
            }
        } catch (ProtocolViolation violation) {
            // The server owes answers to what came before.
            forward(in, Math.max(start, handedOn), at, server);
            throw violation;
        } finally {
            if (mine) {
                in.release();
            }
        }
    }

    private void endOfQuery(Link link) {
        lexing = false;
        int bits = lexer.end();
        uncertain |= (bits & CHANGES_STATEMENTS) != 0;
        if ((bits & Suspicion.STATEFUL) != 0) {
            link.effects(Effects.unread(bits), "", true);
        } else {
            link.suspect(bits);
        }
    }

    /**
     * Notes what the text of a simple query does that is here as a whole, and puts in front of it what it needs.
     */
    private void read(ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        int bits = lex(in, at + 5, at + length, server);
        uncertain |= (bits & CHANGES_STATEMENTS) != 0;
        boolean concerned = sql.concerns(bits, server);
        if ((bits & Suspicion.STATEFUL) == 0 && !concerned) {
            link.suspect(bits);
            sequences(bits, in, start, at, false, link);
            return;
        }
        String text = in.toString(at + 5, length - 5, StandardCharsets.ISO_8859_1);
        int left = bits;
        if (concerned) {
            forward(in, start, at, server);
            sql.supply(bits, text, server, rewriting());
            left = sql.follow(bits, text, server);
        }
        if ((bits & left & Suspicion.STATEFUL) != 0) {
            link.effects(EffectsReader.read(text, bits & left, server.hasStandardStrings()), beginning(text), true);
        } else {
            link.suspect(bits & left);
        }
        executes(left & ~bits, text, true, link);
        sequences(bits | left, in, start, at, false, link);
    }

    /** Puts in front of the message at {@code at} what it needs that has to do with sequences. */
    private void sequences(int bits, ByteBuf in, int start, int at, boolean inBatch, Link link) {
        if (link.usesSequences(bits)) {
            discardSequences(in, start, at, link.server(), inBatch);
        }
    }

    /** Notes what the statements do that a text executes. */
    private static void executes(int bits, String text, boolean simple, Link link) {
        if ((bits & Suspicion.STATEFUL) != 0) {
            link.effects(Effects.unread(bits), beginning(text), simple);
        } else if (bits != 0) {
            link.suspect(bits);
        }
    }

    private void beforeParse(SharedStatement statement, Link link) {
        if (sql.concerns(statement.suspicion(), link.server())) {
            sql.supply(statement.suspicion(), statement.latin1(), link.server(), rewriting());
        }
    }

    private static String beginning(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN);
    }

    private void checkLength(byte type, int length) {
        int limit = FrontendMessageType.limit(type);
        if (limit == 0) {
            throw new ProtocolViolation("invalid frontend message type " + (type & 0xff));
        }
        boolean empty = type == SYNC || type == FLUSH || type == COPY_DONE;
        if (length < 4 || length > limit || length > largestPacket || (empty && length != 4)) {
            throw new ProtocolViolation("invalid message length " + length + " of message " + (char) type);
        }
    }

    /** How many bytes behind the type byte must be here before the message can be dealt with. */
    private static int opened(byte type, int length) {
        return switch (type) {
            case QUERY -> length <= LONGEST_READ ? length : 4;
            case PARSE -> length <= LARGEST_KEPT_STATEMENT ? length : BIND_PREFIX;
            case BIND -> Math.min(length, BIND_PREFIX);
            case DESCRIBE, CLOSE -> length;
            case FUNCTION_CALL -> Math.min(length, 8);
            default -> 4;
        };
    }

    /**
     * Deals with one message; returns -1 when it is to be handed on as it is, else the index up to which {@code in} has
     * been replaced by what was rewritten.
     */
    private int message(byte type, ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        OutstandingRequests outstanding = server.outstanding();
        switch (type) {
            case QUERY -> {
                boolean whole = length <= LONGEST_READ;
                if (whole && length > 5) {
                    read(in, at, length, start, link);
                } else if (!whole) {
                    if (sql.isActive(server)) {
                        forward(in, start, at, server);
                        sql.supplyAll(server, rewriting());
                    }
                    if (link.usesUnseenSequences()) {
                        discardSequences(in, start, at, server, false);
                    }
                }
                outstanding.push(OutstandingRequests.QUERY);
                server.unnamedStatement(0);
                unnamedGeneration = 0;
                largeUnnamed = false;
                if (!whole) {
                    lexing = true;
                    lexer.begin(backslash(server));
                }
                return -1;
            }
            case SYNC -> {
                outstanding.push(OutstandingRequests.SYNC);
                changesBound = false;
                link.synced();
                return -1;
            }
            case EXECUTE -> {
                outstanding.push(OutstandingRequests.EXECUTE);
                uncertain |= link.isSuspected(CHANGES_STATEMENTS) || changesBound;
                return -1;
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
                int bits = length >= 8 ? FunctionCalls.suspicion(in.getInt(at + 5)) : Suspicion.NONE;
                link.suspect(bits);
                if (link.usesSequences(bits)) {
                    discardSequences(in, start, at, server, false);
                }
                outstanding.push(OutstandingRequests.FUNCTION_CALL);
                return -1;
            }
            case COPY_DONE, COPY_FAIL -> {
                outstanding.push(OutstandingRequests.COPY_END);
                return -1;
            }
            case TERMINATE -> {
                forward(in, start, at, server);
                terminated = true;
                return Math.min(at + 1 + length, in.writerIndex());
            }
            default -> {
                return -1; // CopyData, Flush
            }
        }
    }

    private int parse(ByteBuf in, int at, int length, int start, Link link) {
        link.clientParse();
        ServerConnection server = link.server();
        if (length > LARGEST_KEPT_STATEMENT) {
            return parseLarge(in, at, length, start, link);
        }
        int end = at + 1 + length;
        int nameEnd = endOfName(in, at + 5, end);
        if (nameEnd > at + 5 && statements.isVirtual()) {
            forward(in, start, at, server);
            boolean taken = sql.isActive(server) && sql.contains(latin1(in, at + 5, nameEnd));
            statements.parse(in, at, nameEnd, end, taken, link, rewriting());
            return end;
        }
        int textEnd = endOfName(in, nameEnd + 1, end);
        int bits = lex(in, nameEnd + 1, textEnd, server);
        boolean concerned = sql.concerns(bits, server) || (nameEnd > at + 5 && sql.isActive(server));
        if (concerned) {
            forward(in, start, at, server);
            sql.supply(bits, latin1(in, nameEnd + 1, textEnd), server, rewriting());
        }
        if (nameEnd > at + 5) {
            if (concerned) {
                sql.supply(latin1(in, at + 5, nameEnd), server, rewriting());
            }
            link.effects(Effects.unread(bits), "", false);
            link.needsReset();
            if (link.usesSequences(bits)) {
                discardSequences(in, start, at, server, true);
            }
            server.outstanding().push(OutstandingRequests.PARSE);
            return -1;
        }
        keepUnnamed(in, at + 5, end);
        unnamedSuspicion = bits;
        unnamedEffects = null;
        largeUnnamed = false;
        long generation = unnamedGeneration;
        server.unnamedStatement(generation);
        pushUnnamedParse(server, OutstandingRequests.PARSE, () -> {
            if (unnamedGeneration == generation) {
                unnamedGeneration = 0;
            }
        });
        return -1;
    }

    private void pushUnnamedParse(ServerConnection server, int entry, Effect effect) {
        unnamedChange = effect;
        server.outstanding().push(entry, effect);
    }

    /** A Parse that is kept nowhere but on this server connection. */
    private int parseLarge(ByteBuf in, int at, int length, int from, Link link) {
        ServerConnection server = link.server();
        int start = from;
        link.suspect(Suspicion.UNCLEAR);
        if (link.usesUnseenSequences()) {
            discardSequences(in, start, at, server, true);
            start = at;
        }
        int nameEnd = endOfName(in, at + 5, in.writerIndex());
        if (nameEnd > at + 5 && statements.isVirtual()) {
            link.needsReset();
            forward(in, start, at, server);
            statements.parseUnkept(in, at, nameEnd, link, rewriting());
            return restOf(in, at, nameEnd, length);
        }
        if (nameEnd > at + 5) {
            link.needsReset();
            server.outstanding().push(OutstandingRequests.PARSE);
        } else {
            largeUnnamed = true;
            unnamedGeneration = 0;
            server.unnamedStatement(0);
            pushUnnamedParse(server, OutstandingRequests.PARSE, () -> largeUnnamed = false);
        }
        return -1;
    }

    private static SqlLexer.Backslash backslash(ServerConnection server) {
        return server.hasStandardStrings() ? SqlLexer.Backslash.PLAIN : SqlLexer.Backslash.UNKNOWN;
    }

    private void keepUnnamed(ByteBuf in, int from, int to) {
        int length = to - from;
        if (unnamedParse.length < length || (unnamedParse.length > 4096 && length < 1024)) {
            unnamedParse = new byte[Math.max(length, 256)];
        }
        in.getBytes(from, unnamedParse, 0, length);
        unnamedLength = length;
        unnamedGeneration = GENERATIONS.incrementAndGet();
    }

    private static int endOfName(ByteBuf in, int from, int to) {
        int end = in.indexOf(from, to, (byte) 0);
        if (end < 0) {
            throw new ProtocolViolation("invalid string in message");
        }
        return end;
    }

    private int bind(ByteBuf in, int at, int length, int start, Link link) {
        link.bind();
        ServerConnection server = link.server();
        int here = Math.min(at + 1 + length, in.writerIndex());
        int portalEnd = endOfName(in, at + 5, here);
        int nameEnd = endOfName(in, portalEnd + 1, here);
        if (nameEnd == portalEnd + 1) {
            unnamedSupplied(in, start, at, server);
            int bits = bound(unnamedSuspicion, null, in, nameEnd + 1, here, link);
            if (!largeUnnamed) {
                sequences(bits, in, start, at, true, link);
            }
            ensureUnnamed(in, start, at, server);
            server.outstanding().push(OutstandingRequests.BIND);
            return -1;
        }
        Mapping mapping = statements.find(in, portalEnd + 1, nameEnd);
        boolean supplied = supplied(mapping, in, portalEnd + 1, nameEnd, start, at, server);
        int bits = Suspicion.NONE;
        if (mapping != null) {
            bits = bound(mapping.statement().suspicion(), mapping.statement(), in, nameEnd + 1, here, link);
        } else if (supplied) {
            bits = sql.suspicion(latin1(in, portalEnd + 1, nameEnd));
            executes(bits, "", false, link);
        }
        sequences(bits, in, start, at, true, link);
        StatementName names = ensure(mapping, in, at, portalEnd + 1, nameEnd, start, link);
        if (names == null) {
            server.outstanding().push(OutstandingRequests.BIND);
            return -1;
        }
        server.outstanding().push(OutstandingRequests.BIND, names);
        ByteBuf to = rewriting();
        byte[] name = names.server();
        to.writeByte(BIND);
        to.writeInt(length + name.length - (nameEnd - portalEnd - 1));
        to.writeBytes(in, at + 5, portalEnd + 1 - at - 5);
        to.writeBytes(name);
        return restOf(in, at, nameEnd, length);
    }

    /** Puts DISCARD SEQUENCES in front of the message at {@code at}; the run before it has been handed on then. */
    private void discardSequences(ByteBuf in, int start, int at, ServerConnection server, boolean inBatch) {
        forward(in, start, at, server);
        server.discardSequences(rewriting(), inBatch);
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
        changesBound |= (bits & CHANGES_STATEMENTS) != 0;
        if ((bits & Suspicion.STATEFUL) == 0 && !concerned) {
            link.suspect(bits);
            return bits;
        }
        String text = statement == null ? unnamedText() : statement.latin1();
        int left = concerned ? sql.follow(bits, text, server) : bits;
        if ((bits & left & Suspicion.STATEFUL) != 0) {
            Effects effects =
                    statement == null ? unnamedEffects(text, server) : statement.effects(server.hasStandardStrings());
            effects(effects.without(bits & ~left), text, in, from, to, link);
        } else {
            link.suspect(bits & left);
        }
        executes(left & ~bits, text, false, link);
        return bits | left;
    }

    /** Puts in front of the message at {@code at} what the unnamed statement needs. */
    private void unnamedSupplied(ByteBuf in, int start, int at, ServerConnection server) {
        if (unnamedGeneration != 0 && sql.concerns(unnamedSuspicion, server)) {
            forward(in, start, at, server);
            sql.supply(unnamedSuspicion, unnamedText(), server, rewriting());
        }
    }

    /**
     * Puts in front of the message at {@code at} what the statement needs whose name is {@code in[from, to)}, or that
     * statement itself if it is not one of the protocol; false for nothing.
     */
    private boolean supplied(
            @Nullable Mapping mapping, ByteBuf in, int from, int to, int start, int at, ServerConnection server) {
        if (mapping == null) {
            if (!sql.isActive(server)) {
                return false;
            }
            forward(in, start, at, server);
            sql.supply(latin1(in, from, to), server, rewriting());
            return true;
        }
        int bits = mapping.statement().suspicion();
        if (!sql.concerns(bits, server)) {
            return false;
        }
        forward(in, start, at, server);
        sql.supply(bits, mapping.statement().latin1(), server, rewriting());
        return true;
    }

    private static String latin1(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.ISO_8859_1);
    }

    private String unnamedText() {
        int end = 1;
        while (end < unnamedLength && unnamedParse[end] != 0) {
            end++;
        }
        return new String(unnamedParse, 1, Math.max(0, end - 1), StandardCharsets.ISO_8859_1);
    }

    private Effects unnamedEffects(String text, ServerConnection server) {
        Effects effects = unnamedEffects;
        if (effects == null) {
            effects = EffectsReader.read(text, unnamedSuspicion, server.hasStandardStrings());
            unnamedEffects = effects;
        }
        return effects;
    }

    /** Notes what a bound statement does; {@code in[from, to)} is what is here of the Bind message behind the names. */
    private static void effects(Effects effects, String text, ByteBuf in, int from, int to, Link link) {
        link.effects(effects, beginning(text), false);
        for (int parameter : effects.nameParameters()) {
            String name = BindParameters.text(in, from, to, parameter);
            if (name == null || name.isEmpty()) {
                link.suspect(Suspicion.UNCLEAR);
            } else {
                link.changesSetting(name);
            }
        }
    }

    /**
     * Makes sure that the server has what a name in the message at {@code at} stands for; what came before the message has
     * been handed on then. Returns null if the name is to go to the server as it is.
     */
    private @Nullable StatementName ensure(
            @Nullable Mapping mapping, ByteBuf in, int at, int from, int to, int start, Link link) {
        if (mapping != null) {
            if (sql.isShown(mapping, link.server())) {
                return null;
            }
            forward(in, start, at, link.server());
            return statements.ensure(mapping, link, rewriting());
        }
        if (statements.isForbidden(in, from, to)) {
            forward(in, start, at, link.server());
            return statements.unknown(in, from, to);
        }
        return null;
    }

    /**
     * The part of a message from {@code from} on follows what has been rewritten: it is copied when it is short and here,
     * else it streams. Returns the index up to which {@code in} is dealt with.
     */
    private int restOf(ByteBuf in, int at, int from, int length) {
        int end = at + 1 + length;
        int here = Math.min(end, in.writerIndex());
        if (end == here && here - from <= COPIED_RUN) {
            rewriting().writeBytes(in, from, here - from);
            return here;
        }
        remaining = end - from;
        inCopyData = false;
        return from;
    }

    /**
     * Makes sure that the unnamed statement on the server is this client's, and puts in front of the message at {@code at}
     * what that takes.
     */
    private void ensureUnnamed(ByteBuf in, int start, int at, ServerConnection server) {
        if (largeUnnamed || (unnamedGeneration != 0 && server.unnamedStatement() == unnamedGeneration)) {
            return;
        }
        forward(in, start, at, server);
        ByteBuf to = rewriting();
        if (unnamedGeneration == 0) {
            // The server must say that there is none, and must not find somebody else's.
            to.writeByte(CLOSE);
            to.writeInt(6);
            to.writeByte('S');
            to.writeByte(0);
            server.outstanding().push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW);
            server.unnamedStatement(0);
        } else {
            to.writeByte(PARSE);
            to.writeInt(unnamedLength + 4);
            to.writeBytes(unnamedParse, 0, unnamedLength);
            long generation = unnamedGeneration;
            pushUnnamedParse(server, OutstandingRequests.PARSE | OutstandingRequests.SWALLOW, () -> {
                if (server.unnamedStatement() == generation) {
                    server.unnamedStatement(0);
                }
            });
            server.unnamedStatement(generation);
        }
    }

    private int describeOrClose(byte type, ByteBuf in, int at, int length, int start, Link link) {
        ServerConnection server = link.server();
        OutstandingRequests outstanding = server.outstanding();
        int end = at + 1 + length;
        if (length < 6 || in.getByte(end - 1) != 0) {
            throw new ProtocolViolation("invalid message " + (char) type);
        }
        byte what = in.getByte(at + 5);
        if (what != 'S') {
            outstanding.push(type == CLOSE ? OutstandingRequests.CLOSE : OutstandingRequests.DESCRIBE_PORTAL);
            return -1;
        }
        boolean unnamed = in.getByte(at + 6) == 0;
        if (type == CLOSE) {
            if (unnamed) {
                unnamedGeneration = 0;
                server.unnamedStatement(0);
            } else if (statements.close(in, at + 6, end - 1, server)) {
                forward(in, start, at, server);
                return end;
            } else if (sql.isActive(server)) {
                outstanding.push(OutstandingRequests.CLOSE, sql.close(latin1(in, at + 6, end - 1), server));
                return -1;
            }
            outstanding.push(OutstandingRequests.CLOSE);
            return -1;
        }
        if (unnamed) {
            unnamedSupplied(in, start, at, server);
            ensureUnnamed(in, start, at, server);
            outstanding.push(OutstandingRequests.DESCRIBE_STATEMENT);
            return -1;
        }
        Mapping mapping = statements.find(in, at + 6, end - 1);
        supplied(mapping, in, at + 6, end - 1, start, at, server);
        StatementName names = ensure(mapping, in, at, at + 6, end - 1, start, link);
        if (names == null) {
            outstanding.push(OutstandingRequests.DESCRIBE_STATEMENT);
            return -1;
        }
        outstanding.push(OutstandingRequests.DESCRIBE_STATEMENT, names);
        ByteBuf to = rewriting();
        byte[] name = names.server();
        to.writeByte(DESCRIBE);
        to.writeInt(4 + 1 + name.length + 1);
        to.writeByte('S');
        to.writeBytes(name);
        to.writeByte(0);
        return end;
    }

    private ByteBuf rewriting() {
        ByteBuf buffer = out;
        if (buffer == null) {
            buffer = allocator.directBuffer(512);
            out = buffer;
        }
        return buffer;
    }

    /** Hands on what of {@code in[start, to)} has not been yet. */
    private void forward(ByteBuf in, int start, int to, ServerConnection server) {
        int from = Math.max(start, handedOn);
        if (from >= to) {
            return;
        }
        handedOn = to;
        if (to - from <= COPIED_RUN) {
            rewriting().writeBytes(in, from, to - from);
        } else {
            sendRewritten(server);
            server.send(in.retainedSlice(from, to - from));
        }
    }

    private void sendRewritten(ServerConnection server) {
        ByteBuf buffer = out;
        if (buffer != null) {
            out = null;
            server.send(buffer);
        }
    }

    /** Gives up what was held: the session has ended. */
    public void close() {
        if (held != null) {
            held.release();
            held = null;
        }
        if (out != null) {
            out.release();
            out = null;
        }
        if (waiting != null) {
            waiting.forEach(ByteBuf::release);
            waiting = null;
        }
        statements.forgetAll();
        sql.clear();
    }
}

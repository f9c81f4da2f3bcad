package dev.carpool.server;

import dev.carpool.prepared.ResultShape;
import dev.carpool.prepared.StatementName;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.BackendMessageType.*;

/**
 * Reads the headers of backend messages where they lie in the read buffer, matches each against {@link
 * OutstandingRequests} and hands runs of bytes on untouched. Only the few messages that matter are opened; those are
 * held until enough of them has arrived. Messages of any size stream through. Confined to the event loop.
 *
 * <p>Algorithm: {@code start} is where the run not yet handed on begins, {@code at} the next header. A message that
 * stays in the proxy ends the run before it. {@code remaining} counts the bytes of a message whose header has been
 * dealt with in an earlier chunk.
 */
final class ReplyScanner {
    /** What the connection does with what is found. */
    interface Sink {
        /** Bytes for the client; takes ownership. */
        void forward(ByteBuf run);

        /** A message the proxy makes up for the client. */
        void forwardMade(byte type);

        void forwardMade(byte[] message);

        void commandComplete(ByteBuf in, int tagFrom, int tagTo, boolean ours);

        /** An ErrorResponse; {@code ours} says that it answers a request of the proxy. */
        void error(ErrorFields fields, boolean ours);

        /** An ErrorResponse with which the connection ends. */
        void fatal(ErrorFields fields);

        /** A prepared statement does not exist, or not with the result it had; by its name on the server. */
        void statementUseless(byte[] serverName);

        /** The error that a client gets when a statement of its own does not exist here; null for what the server says. */
        byte @Nullable [] whyMissing(String message);

        /**
         * ParameterStatus; {@code ours} says that it belongs to a request of the proxy, {@code told} that the client gets it
         * nevertheless.
         */
        void parameterStatus(String name, String value, boolean ours, boolean told);

        /** Whether the client is not told of a setting that a request of its own has changed. */
        boolean withholds(String name, String value);

        /** A notification; returns what is forwarded in its place, null for nothing. */
        byte @Nullable [] notification(NotificationResponse notification);

        /** Whether the last ReadyForQuery that is owed to the client is kept back. */
        boolean holdsReady(byte status);

        /** A DataRow of an answer that the proxy reads: its body, valid during the call. */
        void row(ByteBuf body);

        /** ReadyForQuery, after everything that came before it or together with it has been handed on. */
        void ready(byte status, boolean ours);
    }

    /** How much of an ErrorResponse is opened; the rest streams through. */
    private static final int ERROR_PREFIX = 1024;

    /** Where a Bind with formats for another number of columns fails in PostgreSQL. */
    private static final String FORMATS_ROUTINE = "PortalSetResultFormat";

    /** SQLSTATE of "prepared statement does not exist" (invalid_sql_statement_name). */
    private static final String NO_STATEMENT = "26000";

    /** What is opened as a whole: ParameterStatus, CommandComplete, NotificationResponse, errors that name a statement. */
    private static final int OPENED_LIMIT = 64 * 1024;

    private final OutstandingRequests outstanding;
    private final Sink sink;
    private final ByteBufAllocator allocator;

    /** Rows for the proxy are opened as a whole: the longest is a prepared statement's text. */
    private static final int ROW_LIMIT = 4 << 20;

    private int remaining;
    private boolean forwarding;
    private @Nullable ByteBuf held;
    private int heldTarget;
    private byte readyStatus;

    /** A ReadyForQuery behind which nothing is owed: told when the rest of what came with it has been dealt with. */
    private boolean readyUntold;

    private boolean readyIsOurs;

    /** What the client gets in place of the message being dealt with. */
    private byte @Nullable [] replacement;

    /** The FATAL that is being dealt with. */
    private @Nullable ErrorFields lastWords;

    ReplyScanner(OutstandingRequests outstanding, Sink sink, ByteBufAllocator allocator) {
        this.outstanding = outstanding;
        this.sink = sink;
        this.allocator = allocator;
    }

    /** Whether a message has arrived in part only. */
    boolean inMessage() {
        return remaining > 0 || held != null;
    }

    /** Whether a message has been handed on in part only. */
    boolean isForwardingMessage() {
        return remaining > 0 && forwarding;
    }

    /**
     * Takes ownership of {@code chunk}.
     *
     * @throws ProtocolViolation for a message that belongs to no request, or a length that cannot be
     */
    void scan(ByteBuf chunk) {
        boolean mine = true;
        try {
            while (held != null && chunk.isReadable()) {
                ByteBuf whole = fillHeld(chunk);
                if (whole != null) {
                    scanChunk(whole);
                }
            }
            if (chunk.isReadable()) {
                mine = false;
                scanChunk(chunk);
            }
        } finally {
            if (mine) {
                chunk.release();
            }
        }
        if (readyUntold && !inMessage()) {
            readyUntold = false;
            sink.ready(readyStatus, readyIsOurs);
        }
    }

    private @Nullable ByteBuf fillHeld(ByteBuf from) {
        ByteBuf buffer = held;
        if (buffer == null) {
            throw new IllegalStateException();
        }
        int missing = heldTarget - buffer.readableBytes();
        buffer.writeBytes(from, Math.min(missing, from.readableBytes()));
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

    private void scanChunk(ByteBuf in) {
        boolean mine = true;
        try {
            int end = in.writerIndex();
            int start = in.readerIndex();
            int at = start;
            while (true) {
                if (remaining > 0) {
                    int n = Math.min(remaining, end - at);
                    remaining -= n;
                    if (!forwarding) {
                        forwardRun(in, start, at);
                        start = at + n;
                    }
                    at += n;
                    if (remaining > 0) {
                        break;
                    }
                }
                if (OutstandingRequests.kind(outstanding.head()) == OutstandingRequests.FAKE_CLOSE) {
                    forwardRun(in, start, at);
                    start = at;
                    answerFakes();
                }
                if (end - at < 5) {
                    if (at < end) {
                        hold(in, at, 5);
                        end = at;
                    }
                    break;
                }
                byte type = in.getByte(at);
                int length = in.getInt(at + 1);
                if (length < 4 || length > 0x3fffffff) {
                    throw new ProtocolViolation("message " + (char) type + " of length " + length);
                }
                int needed = 1 + (type == DATA_ROW && reads() ? row(length) : opened(type, length));
                if (needed > end - at) {
                    hold(in, at, needed);
                    end = at;
                    break;
                }
                int verdict = accept(type, in, at, length);
                int next = at + 1 + length;
                remaining = Math.max(0, next - end);
                forwarding = verdict == OutstandingRequests.FORWARD;
                int reached = Math.min(next, end);
                if (!forwarding) {
                    forwardRun(in, start, at);
                    start = reached;
                    if (replacement != null) {
                        sink.forwardMade(replacement);
                        replacement = null;
                    }
                    if (lastWords != null) {
                        // Not before the client has what was in front of it.
                        sink.fatal(lastWords);
                        lastWords = null;
                    }
                }
                at = reached;
                if (type == READY_FOR_QUERY) {
                    if (outstanding.isEmpty()) {
                        // The next owner may come with it: what is here belongs to this one.
                        readyUntold = true;
                    } else {
                        forwardRun(in, start, at);
                        start = at;
                        sink.ready(readyStatus, readyIsOurs);
                    }
                }
            }
            if (start < end) {
                mine = false;
                in.setIndex(start, end);
                sink.forward(in);
            }
        } finally {
            if (mine) {
                in.release();
            }
        }
    }

    private void forwardRun(ByteBuf in, int from, int to) {
        if (from < to) {
            sink.forward(in.retainedSlice(from, to - from));
        }
    }

    /** Answers what was never sent, as far as everything before it has been answered. */
    void answerFakes() {
        while (OutstandingRequests.kind(outstanding.head()) == OutstandingRequests.FAKE_CLOSE) {
            outstanding.answered();
            sink.forwardMade(CLOSE_COMPLETE);
        }
    }

    /** Whether the proxy reads the answer that comes next. */
    private boolean reads() {
        return (outstanding.head() & OutstandingRequests.READ) != 0;
    }

    private static int row(int length) {
        if (length > ROW_LIMIT) {
            throw new ProtocolViolation("a row of length " + length + " for the proxy");
        }
        return length;
    }

    /** How many bytes behind the type byte must be here before the message can be dealt with. */
    private int opened(byte type, int length) {
        return switch (type) {
            case READY_FOR_QUERY -> 5;
            case ERROR_RESPONSE ->
                Math.min(length, outstanding.names() == null && !outstanding.isAttempt() ? ERROR_PREFIX : OPENED_LIMIT);
            case COMMAND_COMPLETE, PARAMETER_STATUS, NOTIFICATION_RESPONSE -> {
                if (length > OPENED_LIMIT) {
                    throw new ProtocolViolation("message " + (char) type + " of length " + length);
                }
                yield length;
            }
            case ROW_DESCRIPTION -> isRead(length) ? length : 4;
            default -> 4;
        };
    }

    /** Whether a RowDescription of that length is looked into. */
    private boolean isRead(int length) {
        return length <= OPENED_LIMIT && outstanding.description() != null;
    }

    private int accept(byte type, ByteBuf in, int at, int length) {
        boolean ours = (outstanding.head() & OutstandingRequests.SWALLOW) != 0;
        switch (type) {
            case DATA_ROW -> {
                int verdict = matched(type);
                if (reads()) {
                    sink.row(in.slice(at + 5, length - 4));
                }
                return verdict;
            }
            case NOTICE_RESPONSE -> {
                return ours ? OutstandingRequests.KEEP : OutstandingRequests.FORWARD;
            }
            case NOTIFICATION_RESPONSE -> {
                replacement = sink.notification(NotificationResponse.decode(in, at, at + 1 + length));
                return OutstandingRequests.KEEP;
            }
            case PARAMETER_STATUS -> {
                ByteBuf body = in.slice(at + 5, length - 4);
                String name = WireReader.cstring(body);
                boolean own = ours && !outstanding.isForClient();
                boolean told = (outstanding.head() & OutstandingRequests.TELL) != 0;
                String value = WireReader.byteString(body);
                sink.parameterStatus(name, value, own, told);
                boolean withheld = own ? !told : sink.withholds(name, value);
                return withheld ? OutstandingRequests.KEEP : OutstandingRequests.FORWARD;
            }
            case ERROR_RESPONSE -> {
                return error(in, at, length, ours);
            }
            case ROW_DESCRIPTION, NO_DATA -> {
                OutstandingRequests.Description description = outstanding.description();
                int verdict = matched(type);
                if (description != null) {
                    description.described(shape(type, in, at, length));
                }
                return verdict;
            }
            case COMMAND_COMPLETE -> {
                int verdict = matched(type);
                sink.commandComplete(in, at + 5, at + length, ours);
                return verdict;
            }
            case READY_FOR_QUERY -> {
                if (length != 5) {
                    throw new ProtocolViolation("ReadyForQuery of length " + length);
                }
                readyStatus = in.getByte(at + 5);
                if (!TransactionStatus.isValid(readyStatus)) {
                    throw new ProtocolViolation("ReadyForQuery with status " + readyStatus);
                }
                int verdict = matched(type);
                readyIsOurs = verdict != OutstandingRequests.FORWARD;
                boolean held = !readyIsOurs && outstanding.isEmpty() && sink.holdsReady(readyStatus);
                return held ? OutstandingRequests.KEEP : verdict;
            }
            default -> {
                return matched(type);
            }
        }
    }

    private static long shape(byte type, ByteBuf in, int at, int length) {
        if (type == NO_DATA) {
            return ResultShape.NONE;
        }
        return length <= OPENED_LIMIT ? ResultShape.of(in, at + 5, at + 1 + length) : ResultShape.UNREAD;
    }

    private int matched(byte type) {
        int verdict = outstanding.match(type);
        if (verdict == OutstandingRequests.MISMATCH) {
            throw new ProtocolViolation("unexpected message " + (char) type);
        }
        return verdict;
    }

    private int error(ByteBuf in, int at, int length, boolean ours) {
        ErrorFields fields = ErrorFields.decode(in, at + 5, Math.min(at + 1 + length, in.writerIndex()));
        int kind = outstanding.headKind();
        boolean read = reads();
        if (fields.isFatal()) {
            // The owner says it in its own words, with what that means for the session.
            lastWords = fields;
            return OutstandingRequests.KEEP;
        }
        if (kind == 0) {
            throw new ProtocolViolation("unexpected error " + fields.sqlState());
        }
        OutstandingRequests.Replacement made = outstanding.replacement();
        StatementName names = outstanding.names();
        boolean attempt = outstanding.isAttempt();
        if (attempt && at + 1 + length <= in.writerIndex()) {
            byte[] message = new byte[1 + length];
            in.getBytes(at, message);
            outstanding.explain(message);
        }
        outstanding.failed();
        if (attempt) {
            return OutstandingRequests.KEEP;
        }
        sink.error(fields, ours);
        replacement = made != null ? made.message : null;
        if (names != null && names.isSubstitute() && fields.routine().equals(FORMATS_ROUTINE)) {
            replacement = ResultChanged.ERROR.message;
        } else if (names != null) {
            replacement = inClientsWords(in, at, length, names);
            if (fields.sqlState().equals(ResultChanged.SQL_STATE)
                    || fields.sqlState().equals(NO_STATEMENT)) {
                sink.statementUseless(names.server());
            }
        } else if (replacement == null && !ours && fields.sqlState().equals(NO_STATEMENT)) {
            replacement = sink.whyMissing(fields.message());
        }
        if (replacement != null) {
            return OutstandingRequests.KEEP;
        }
        // The client's own request cannot succeed when one that the proxy put in front of it has failed, so it is told.
        boolean simple = kind == OutstandingRequests.QUERY || kind == OutstandingRequests.SYNC;
        return read || (ours && simple) ? OutstandingRequests.KEEP : OutstandingRequests.FORWARD;
    }

    /** The whole message with the client's name of the statement in place of the server's; null if it does not occur. */
    private static byte @Nullable [] inClientsWords(ByteBuf in, int at, int length, StatementName names) {
        int end = at + 1 + length;
        if (end > in.writerIndex()) {
            return null;
        }
        ByteBuf name = Unpooled.wrappedBuffer(names.server());
        int found = ByteBufUtil.indexOf(name, in.slice(at, end - at));
        if (found < 0) {
            return null;
        }
        int behind = at + found + names.server().length;
        byte[] message = new byte[end - at - names.server().length + names.client().length];
        Unpooled.wrappedBuffer(message)
                .writerIndex(0)
                .writeByte(ERROR_RESPONSE)
                .writeInt(message.length - 1)
                .writeBytes(in, at + 5, found - 5)
                .writeBytes(names.client())
                .writeBytes(in, behind, end - behind);
        return message;
    }

    /** Gives up what was held. */
    void close() {
        if (held != null) {
            held.release();
            held = null;
        }
    }
}

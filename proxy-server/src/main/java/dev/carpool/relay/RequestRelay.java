package dev.carpool.relay;

import dev.carpool.prepared.ClientStatements;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.SettingNames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
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
    /** How long a CopyData message whose client has left may be for the proxy to finish it. */
    private static final int LONGEST_FINISHED_DATA = 256 * 1024;

    /** How many new server connections requests may have. */
    private static final int MOST_NEW_LOST = 2;

    private final ByteBufAllocator allocator;
    private final RequestOutput output;
    private final RequestRewriter messages;
    private final RequestQueue queue = new RequestQueue();
    private final SessionState state = new SessionState();
    private final SessionChannels channels = new SessionChannels();
    private final SessionSync settings = new SessionSync();
    private final CustomNames customNames = new CustomNames();
    private final int largestPacket;

    /** How many bytes are still to come of the message that has been begun. */
    private int remaining;

    /** What {@link #remaining} counts is CopyData. */
    private boolean inCopyData;

    /** How many bytes are still to come of a message that goes nowhere. */
    private int dropping;

    /** How many new server connections in a row have been lost before they had served anybody, and requests waited. */
    private int newLost;

    /** The beginning of a message that has to be {@link #heldTarget} bytes long to be dealt with. */
    private @Nullable ByteBuf held;

    private int heldTarget;

    /** The client has said goodbye. */
    private boolean terminated;

    /** Requests have begun to wait for answers, which the server must be asked for. */
    private boolean askForAnswers;

    public RequestRelay(
            ByteBufAllocator allocator,
            StatementCatalog catalog,
            Object statementScope,
            ClientStatements clientStatements,
            boolean virtualStatements,
            int largestPacket) {
        this.allocator = allocator;
        this.output = new RequestOutput(allocator);
        this.messages =
                new RequestRewriter(output, state, catalog, statementScope, clientStatements, virtualStatements);
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

    /** The server connection is lost: the rest of the data that is being sent to it goes nowhere. */
    void dropData() {
        dropping = remaining;
        remaining = 0;
    }

    /** Whether the link must be kept although the server is ready. */
    boolean isUnfinished() {
        return remaining > 0 || messages.keepsConnection() || queue.isWaiting();
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
        messages.forgetStatements();
    }

    /** Whether this first part of a request may read what the session has done to a sequence before. */
    public boolean mayReadSequences(ByteBuf in) {
        return messages.mayReadSequences(in);
    }

    /**
     * The custom settings that this first part of a request names.
     *
     * @param reads whether those are of interest that are read
     */
    public SettingNames settingNames(ByteBuf in, boolean reads, boolean standardStrings) {
        return held == null ? messages.settingNames(in, reads, standardStrings) : SettingNames.NONE;
    }

    /** The custom settings that the session has had. */
    public CustomNames customNames() {
        return customNames;
    }

    /** Memory the session's statements take, in bytes. */
    public long keptBytes() {
        return messages.keptBytes();
    }

    public int statementCount() {
        return messages.statements().count();
    }

    /** The session gets a server connection, on which nothing of another's may be seen. */
    void arrive(ServerConnection server) {
        if (server.named().isEmpty()) {
            return;
        }
        ByteBuf closing = allocator.directBuffer(256);
        if (!sql().arrive(server, closing)) {
            closing.release();
            return;
        }
        closing.writeByte(SYNC).writeInt(4);
        server.outstanding().push(OutstandingRequests.SYNC | OutstandingRequests.SWALLOW);
        server.send(closing);
    }

    /** What the session may have left on the server connection it is linked with. */
    SessionState state() {
        return state;
    }

    /** The channels of the session on the server connection it is linked with. */
    SessionChannels channels() {
        return channels;
    }

    /** How the session's settings get to the server connection it is linked with. */
    SessionSync settings() {
        return settings;
    }

    SqlStatements sql() {
        return messages.sql();
    }

    /** A link begins: nothing is left of what the last one has waited for, however that has ended. */
    void begin() {
        queue.goOn();
        messages.begin();
        state.begin();
    }

    /** Whether the client has said goodbye behind requests that wait. */
    public boolean hasFarewell() {
        return queue.hasFarewell(held, remaining);
    }

    /** Whether requests wait. */
    boolean hasWaiting() {
        return queue.isWaiting();
    }

    /** Lets requests wait from the next message's beginning on, until {@link #resume}. */
    void pause(RequestQueue.Until until) {
        queue.pause(until);
    }

    /** The same if they do not wait for anything. */
    void pauseUnlessPaused(RequestQueue.Until until) {
        if (!queue.isPaused()) {
            queue.pause(until);
        }
    }

    boolean isPaused() {
        return queue.isPaused();
    }

    boolean isPaused(RequestQueue.Until until) {
        return queue.isPaused(until);
    }

    /** Whether the server connection in use alone has a part of a request, or a statement of the session. */
    boolean isBound() {
        return (remaining > 0 && !inCopyData) || messages.keepsConnection();
    }

    /** A server connection has served the session. */
    void served() {
        newLost = 0;
    }

    /**
     * A server connection is lost, and requests wait that it has not seen: whether they may have another one. New ones might
     * go on being lost in the same way.
     */
    boolean mayGoElsewhere(ServerConnection lost) {
        return lost.transactions() > 0 || newLost++ < MOST_NEW_LOST;
    }

    /** The requests that wait; the caller owns them. */
    List<ByteBuf> takeWaiting() {
        return queue.takeAll();
    }

    /** Whether requests have to wait until the server has answered some that were sent before. */
    boolean isPausedForAnswers() {
        return queue.isPausedForAnswers();
    }

    /** Whether requests have waited for answers and all are there, or will not come before the client has sent more. */
    boolean hasItsAnswers(ServerConnection server) {
        return queue.hasAnswers(server.outstanding());
    }

    /**
     * Relays what has waited, up to the next pause.
     *
     * @throws ProtocolViolation for a message that a client may not send here
     */
    void resume(Link link) {
        queue.goOn();
        ByteBuf next = queue.poll();
        while (next != null) {
            relayNow(next, link);
            next = queue.isPaused() ? null : queue.poll();
        }
        queue.trim();
    }

    /**
     * Takes ownership of {@code chunk}.
     *
     * @throws ProtocolViolation for a message that a client may not send here
     */
    void relay(ByteBuf chunk, Link link) {
        if (queue.isPaused() || queue.isWaiting()) {
            queue.add(chunk);
        } else {
            relayNow(chunk, link);
        }
    }

    private void relayNow(ByteBuf chunk, Link link) {
        boolean mine = true;
        try {
            while (held != null && chunk.isReadable()) {
                ByteBuf whole = fillHeld(chunk);
                if (whole != null) {
                    int waiting = queue.size();
                    relayChunk(whole, link);
                    if (queue.isPaused() && chunk.isReadable()) {
                        // Behind the message at hand if that waits, too.
                        queue.insert(chunk.retainedSlice(), queue.size() - waiting);
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
            output.send(link.server());
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
        output.begin(start);
        try {
            while (at < end) {
                if (remaining > 0) {
                    int n = Math.min(remaining, end - at);
                    remaining -= n;
                    messages.body(in, at, at + n, remaining == 0, link);
                    at += n;
                    continue;
                }
                if (queue.isPaused()) {
                    queue.insert(in.retainedSlice(at, end - at), 0);
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
                int needed = 1 + RequestRewriter.opened(type, length);
                if (needed > end - at) {
                    hold(in, at, needed);
                    end = at;
                    break;
                }
                if (messages.mustWait(type, in, at, length, server)) {
                    queue.pause(RequestQueue.Until.ANSWERED);
                    askForAnswers = true;
                    continue;
                }
                if (type == TERMINATE) {
                    output.forward(in, start, at, server);
                    terminated = true;
                    return;
                }
                int next = at + 1 + length;
                int rewrittenTo = messages.message(type, in, at, length, start, link);
                if (rewrittenTo == RequestRewriter.MUST_WAIT) {
                    start = Math.max(start, output.handedOn());
                    queue.pause(RequestQueue.Until.PREPARED);
                    continue;
                }
                if (rewrittenTo == RequestRewriter.ASKED) {
                    start = Math.max(start, output.handedOn());
                    queue.pause(RequestQueue.Until.ANSWERED);
                    askForAnswers = true;
                    continue;
                }
                if (rewrittenTo >= 0) {
                    start = rewrittenTo;
                    at = rewrittenTo;
                    remaining = next - at;
                    inCopyData = false;
                    continue;
                }
                start = Math.max(start, output.handedOn()); // something was put in front of the message
                int bodyEnd = Math.min(next, end);
                remaining = next - bodyEnd;
                inCopyData = type == COPY_DATA;
                messages.body(in, at + 5, bodyEnd, remaining == 0, link);
                at = bodyEnd;
            }
            if (start < end && !output.append(in, start, end)) {
                output.send(server);
                mine = false;
                in.setIndex(start, end);
                server.send(in);
            }
        } catch (ProtocolViolation violation) {
            // The server owes answers to what came before.
            output.forward(in, start, at, server);
            throw violation;
        } finally {
            if (mine) {
                in.release();
            }
        }
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

    /** Gives up what was held: the session has ended. */
    public void close() {
        if (held != null) {
            held.release();
            held = null;
        }
        output.close();
        queue.close();
        messages.forgetStatements();
    }
}

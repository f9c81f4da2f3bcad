package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * What goes to the server of a chunk of requests, in their order: runs of bytes as they came, and what is written in front
 * of a message or in its place. Confined to the session's event loop.
 */
final class RequestOutput {
    /** Runs up to this length are copied behind what is written instead of sent as a slice of their own. */
    private static final int COPIED_RUN = 4096;

    private static final int FIRST_CAPACITY = 512;

    private final ByteBufAllocator allocator;

    /** What has been written and not sent. */
    private @Nullable ByteBuf written;

    /** How far the chunk has been handed on. */
    private int handedOn;

    RequestOutput(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /** The next chunk begins at this index. */
    void begin(int start) {
        handedOn = start;
    }

    /** How far the chunk has been handed on. */
    int handedOn() {
        return handedOn;
    }

    /** Where to write what goes next; valid until the next run is handed on. */
    ByteBuf writing() {
        ByteBuf buffer = written;
        if (buffer == null) {
            buffer = allocator.directBuffer(FIRST_CAPACITY);
            written = buffer;
        }
        return buffer;
    }

    /** Hands on what of {@code in[start, to)} has not been yet. */
    void forward(ByteBuf in, int start, int to, ServerConnection server) {
        int from = Math.max(start, handedOn);
        if (from >= to) {
            return;
        }
        handedOn = to;
        if (to - from <= COPIED_RUN) {
            writing().writeBytes(in, from, to - from);
        } else {
            send(server);
            server.send(in.retainedSlice(from, to - from));
        }
    }

    /** Copies a run behind what has been written, if there is something and the run is short; returns whether it has. */
    boolean append(ByteBuf in, int from, int to) {
        ByteBuf buffer = written;
        if (buffer == null || to - from > COPIED_RUN) {
            return false;
        }
        buffer.writeBytes(in, from, to - from);
        return true;
    }

    /** Sends what has been written, without flushing. */
    void send(ServerConnection server) {
        ByteBuf buffer = written;
        if (buffer != null) {
            written = null;
            server.send(buffer);
        }
    }

    /** Gives up what has been written. */
    void close() {
        if (written != null) {
            written.release();
            written = null;
        }
    }
}

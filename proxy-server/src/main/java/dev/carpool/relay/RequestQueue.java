package dev.carpool.relay;

import dev.carpool.protocol.Farewell;
import dev.carpool.server.OutstandingRequests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The requests of a client that wait, in their order, and until when. Confined to the session's event loop. */
final class RequestQueue {
    /** Until when requests wait. */
    enum Until {
        /** The server has answered everything sent before. */
        ANSWERED,
        /** The request has ended that sends settings back, and what the client started with is restored. */
        RESTORED,
        /** The server has accepted the session's settings. */
        SYNCED,
        /** It is known what the session holds. */
        PROBED,
        /** What a request needs of others is done. */
        PREPARED
    }

    /** Null when no request has to wait. */
    private @Nullable Until until;

    /** Whole requests, perhaps but for the last one; null for none. */
    private @Nullable ArrayDeque<ByteBuf> waiting;

    /** Lets requests wait from the next message's beginning on. */
    void pause(Until what) {
        until = what;
    }

    /** No request has to wait any more. */
    void goOn() {
        until = null;
    }

    boolean isPaused() {
        return until != null;
    }

    boolean isPaused(Until what) {
        return until == what;
    }

    /** Whether requests have to wait until the server has answered some that were sent before. */
    boolean isPausedForAnswers() {
        return until == Until.ANSWERED || until == Until.RESTORED;
    }

    /** Whether requests have waited for answers and all are there, or will not come before the client has sent more. */
    boolean hasAnswers(OutstandingRequests outstanding) {
        return isPausedForAnswers()
                && (outstanding.isSkipping()
                        || (until == Until.ANSWERED && (outstanding.isEmpty() || outstanding.isCopyIn())));
    }

    /** Whether requests wait. */
    boolean isWaiting() {
        return waiting != null;
    }

    int size() {
        ArrayDeque<ByteBuf> queue = waiting;
        return queue == null ? 0 : queue.size();
    }

    /** The oldest request; null for none. The caller owns it. */
    @Nullable
    ByteBuf poll() {
        ArrayDeque<ByteBuf> queue = waiting;
        return queue == null ? null : queue.poll();
    }

    /** All requests, the oldest first, which do not wait any more. The caller owns them. */
    List<ByteBuf> takeAll() {
        ArrayDeque<ByteBuf> queue = waiting;
        waiting = null;
        return queue == null ? List.of() : List.copyOf(queue);
    }

    /** Puts a request behind all that wait; takes ownership. */
    void add(ByteBuf request) {
        queue().add(request);
    }

    /** Puts a request behind the first {@code ahead} ones, 0 or 1; takes ownership. */
    void insert(ByteBuf request, int ahead) {
        ArrayDeque<ByteBuf> queue = queue();
        if (ahead == 0) {
            queue.addFirst(request);
            return;
        }
        ByteBuf first = queue.remove();
        queue.addFirst(request);
        queue.addFirst(first);
    }

    private ArrayDeque<ByteBuf> queue() {
        ArrayDeque<ByteBuf> queue = waiting;
        if (queue == null) {
            queue = new ArrayDeque<>();
            waiting = queue;
        }
        return queue;
    }

    /**
     * Whether Terminate is among the requests that wait.
     *
     * @param begun what is here of a message that they go on with, null for nothing
     * @param skipped how many bytes at their beginning belong to a message that does not wait
     */
    boolean hasFarewell(@Nullable ByteBuf begun, int skipped) {
        ArrayDeque<ByteBuf> queue = waiting;
        if (queue == null) {
            return false;
        }
        List<ByteBuf> all = new ArrayList<>(queue);
        if (begun != null) {
            all.add(0, begun);
        }
        ByteBuf joined =
                Unpooled.wrappedBuffer(all.stream().map(ByteBuf::retainedSlice).toArray(ByteBuf[]::new));
        try {
            return Farewell.isIn(joined, skipped);
        } finally {
            joined.release();
        }
    }

    /** Keeps no room when nothing waits. */
    void trim() {
        ArrayDeque<ByteBuf> queue = waiting;
        if (queue != null && queue.isEmpty()) {
            waiting = null;
        }
    }

    /** Gives up what waits: the session has ended. */
    void close() {
        if (waiting != null) {
            waiting.forEach(ByteBuf::release);
            waiting = null;
        }
    }
}

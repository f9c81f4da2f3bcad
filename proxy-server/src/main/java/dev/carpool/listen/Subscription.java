package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one client session listens to, and the notifications it has not taken yet. The public methods belong to the
 * session's event loop; what the hub does is marked.
 */
public final class Subscription {
    /** What a queued notification costs besides its bytes. */
    private static final int OVERHEAD = 64;

    /** Bytes taken at a time. */
    private static final int PORTION = 32 * 1024;

    private record Queued(@Nullable String channel, byte[] message) {}

    private final ListenerHub hub;
    private final ListeningSession session;
    private final long limit;

    /** Channels asked for, whether the server has confirmed them or not: what is of others is not delivered. */
    private Set<String> wanted = Set.of();

    /** The confirmed ones among them. */
    private Set<String> confirmed = Set.of();

    private boolean closed;

    /** The hub's: the channels asked for, as far as it has heard. */
    Set<String> heard = Set.of();

    /** The hub's: the channels whose notifications are passed on. */
    final Set<String> active = new HashSet<>();

    /** The hub's: the session has ended. */
    boolean ended;

    // Guarded by the queue itself: filled by the hub, emptied by the session.
    private final ArrayDeque<Queued> queue = new ArrayDeque<>(1);
    private long bytes;
    private boolean announced;
    private boolean overflowed;

    /** @param limit bytes of notifications kept for the session */
    Subscription(ListenerHub hub, ListeningSession session, long limit) {
        this.hub = hub;
        this.session = session;
        this.limit = limit;
    }

    ListeningSession session() {
        return session;
    }

    /** The channels the listener serves for the session. */
    public Set<String> channels() {
        return confirmed;
    }

    /**
     * The session listens on these channels now and on no others. Channels given up are given up at once; the answer
     * may come before this returns. A further call before the answer is allowed.
     */
    public void listen(Set<String> channels, ListeningSession.Answer answer) {
        Set<String> asked = Set.copyOf(channels);
        wanted = asked;
        if (confirmed.containsAll(asked)) {
            if (confirmed.size() > asked.size()) {
                confirmed = asked;
                hub.execute(() -> hub.change(this, asked, null));
            }
            answer.listening();
            return;
        }
        Set<String> kept = new HashSet<>(confirmed);
        kept.retainAll(asked);
        confirmed = Set.copyOf(kept);
        hub.execute(() -> hub.change(this, asked, new ListeningSession.Answer() {
            @Override
            public void listening() {
                post(() -> {
                    Set<String> more = new HashSet<>(asked);
                    more.addAll(confirmed);
                    more.retainAll(wanted);
                    confirmed = Set.copyOf(more);
                    answer.listening();
                });
            }

            @Override
            public void refused(ErrorReply reply) {
                post(() -> {
                    Set<String> less = new HashSet<>(wanted);
                    less.removeIf(channel -> asked.contains(channel) && !confirmed.contains(channel));
                    wanted = Set.copyOf(less);
                    answer.refused(reply);
                });
            }
        }));
    }

    private void post(Runnable task) {
        session.executor().execute(() -> {
            if (!closed) {
                task.run();
            }
        });
    }

    /**
     * Runs {@code then} when everything that was committed before this call waits in {@link #take}; soon in any case, also
     * without a server.
     */
    public void catchUp(Runnable then) {
        hub.execute(() -> hub.catchUp(() -> session.executor().execute(then)));
    }

    /** How many notifications wait. */
    public int waiting() {
        synchronized (queue) {
            return queue.size();
        }
    }

    /** The next notifications, whole messages in order of their commits; null for none. The caller owns the buffer. */
    public @Nullable ByteBuf take(ByteBufAllocator allocator) {
        return take(allocator, Integer.MAX_VALUE, PORTION);
    }

    /** The next so many notifications, likewise. */
    public @Nullable ByteBuf take(ByteBufAllocator allocator, int most) {
        return take(allocator, most, Integer.MAX_VALUE);
    }

    private @Nullable ByteBuf take(ByteBufAllocator allocator, int most, int portion) {
        ByteBuf out = null;
        synchronized (queue) {
            for (int taken = 0; taken < most && !queue.isEmpty(); taken++) {
                if (out != null && out.readableBytes() >= portion) {
                    break;
                }
                Queued next = queue.remove();
                bytes -= next.message.length + OVERHEAD;
                if (next.channel == null || wanted.contains(next.channel)) {
                    out = out == null ? allocator.directBuffer(Math.max(256, next.message.length)) : out;
                    out.writeBytes(next.message);
                }
            }
            announced &= !queue.isEmpty();
        }
        return out;
    }

    /** The session has ended. */
    public void close() {
        closed = true;
        synchronized (queue) {
            queue.clear();
            bytes = 0;
            overflowed = true;
        }
        hub.execute(() -> hub.leave(this));
    }

    /** The hub's: a message for the session; of no channel when it tells of the listener itself. */
    void offer(@Nullable String channel, byte[] message) {
        boolean announce;
        boolean full;
        synchronized (queue) {
            if (overflowed) {
                return;
            }
            bytes += message.length + OVERHEAD;
            full = bytes > limit;
            if (full) {
                overflowed = true;
                queue.clear();
                bytes = 0;
            } else {
                queue.add(new Queued(channel, message));
            }
            announce = !announced;
            announced = true;
        }
        if (full) {
            post(() -> session.overflowed(CarpoolError.NOTIFICATIONS_OVERFLOW.reply(limit)));
        } else if (announce) {
            post(session::notificationsWait);
        }
    }
}

package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.protocol.NotificationResponse;
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

    /** Stands in the queue where the listener has taken over. */
    private static final Queued TAKEN_OVER = new Queued(null, new byte[0]);

    record Queued(@Nullable String channel, byte[] message) {
        int size() {
            return message.length + OVERHEAD;
        }

        boolean isTakenOver() {
            return message.length == 0;
        }
    }

    private final ListenerHub hub;
    private final ListeningSession session;
    private final long limit;

    /** Channels asked for, whether the server has confirmed them or not: what is of others is not delivered. */
    private Set<String> wanted = Set.of();

    /** The confirmed ones among them. */
    private Set<String> confirmed = Set.of();

    /** How often the listener has been asked to take over. */
    private int joins;

    /** It is about to take over; null when it is not. */
    private @Nullable Handover handover;

    private boolean closed;

    /** The hub's: the channels asked for, as far as it has heard. */
    Set<String> heard = Set.of();

    /** The hub's: the channels whose notifications are passed on. */
    final Set<String> active = new HashSet<>();

    /** The hub's: the handover that is awaited, null for none. */
    @Nullable
    Handover awaited;

    /** The hub's: the channels that become active with it. */
    Set<String> handed = Set.of();

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
        boolean changes = !wanted.equals(asked);
        wanted = asked;
        int number = ++joins;
        handover = null;
        if (confirmed.containsAll(asked)) {
            confirmed = asked;
            if (changes) {
                hub.execute(() -> hub.change(this, asked, null));
            }
            answer.listening();
            return;
        }
        Set<String> kept = new HashSet<>(confirmed);
        kept.retainAll(asked);
        confirmed = Set.copyOf(kept);
        hub.execute(() -> hub.change(this, asked, new ListenerHub.Joined() {
            @Override
            public void listening(@Nullable Handover next) {
                post(() -> {
                    if (number != joins) {
                        return; // it has been asked again
                    }
                    if (next == null) {
                        confirmed = wanted;
                        answer.listening();
                    } else {
                        handover = next;
                        answer.handOver(next.sql());
                    }
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

    /** Whether this is where the listener takes over, told by the session's own server connection, which has listened so far. */
    public boolean takesOver(NotificationResponse notification) {
        Handover expected = handover;
        if (expected == null
                || !expected.channel().equals(notification.channel())
                || !expected.equals(Handover.of(notification))) {
            return false;
        }
        confirmed = wanted;
        return true;
    }

    /**
     * Whether this is a handover, no matter whose: a server connection that listens on their channel is told of all of
     * them, which is nothing for its client.
     */
    public boolean isHandover(NotificationResponse notification) {
        return hub.isHandover(notification);
    }

    /** The session's server connection has nothing more to tell: the listener takes over. */
    public void handedOver() {
        Handover last = handover;
        if (last != null) {
            handover = null;
            confirmed = wanted;
            hub.execute(() -> hub.handedOver(this, last));
        }
    }

    /** The session's server connection goes on to tell of what the listener was to take over. */
    public void keepsOwn() {
        Set<String> kept = confirmed;
        joins++;
        handover = null;
        wanted = kept;
        hub.execute(() -> hub.change(this, kept, null));
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

    /** How many notifications wait; of those behind the place where the listener has taken over, none. */
    public int waiting() {
        synchronized (queue) {
            int all = 0;
            int before = -1;
            for (Queued one : queue) {
                if (one.isTakenOver()) {
                    before = all;
                } else {
                    all++;
                }
            }
            return before < 0 ? all : before;
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
            for (int taken = 0; taken < most && !queue.isEmpty(); ) {
                if (out != null && out.readableBytes() >= portion) {
                    break;
                }
                Queued next = queue.remove();
                bytes -= next.size();
                if (next.isTakenOver()) {
                    continue;
                }
                taken++;
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
            Queued one = new Queued(channel, message);
            queue.add(one);
            bytes += one.size();
            full = overflows();
            announce = !announced;
            announced = true;
        }
        if (full) {
            post(this::overflow);
        } else if (announce) {
            post(session::notificationsWait);
        }
    }

    /** The hub's: what is offered from now on comes behind what the session was told by its own server connection. */
    void takenOver() {
        synchronized (queue) {
            if (!overflowed) {
                queue.add(TAKEN_OVER);
                bytes += TAKEN_OVER.size();
            }
        }
    }

    /** Whether more waits than may; then nothing is kept any more. The caller holds the queue's lock. */
    private boolean overflows() {
        if (bytes <= limit) {
            return false;
        }
        overflowed = true;
        queue.clear();
        bytes = 0;
        return true;
    }

    private void overflow() {
        session.overflowed(CarpoolError.NOTIFICATIONS_OVERFLOW.reply(limit));
    }
}

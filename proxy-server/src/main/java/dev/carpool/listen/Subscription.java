package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
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

    /** Where the process id ends in a NotificationResponse, which the two ways to a session may tell differently. */
    private static final int BEHIND_PROCESS_ID = 9;

    /** Bytes that are remembered while the listener is asked to take over: the last ones, which may come again. */
    private static final int MOST_REMEMBERED = 64 * 1024;

    record Queued(@Nullable String channel, byte[] message) {
        int size() {
            return message.length + OVERHEAD;
        }

        boolean isSame(Queued other) {
            return Arrays.equals(
                    message, BEHIND_PROCESS_ID, message.length, other.message, BEHIND_PROCESS_ID, other.message.length);
        }
    }

    private final ListenerHub hub;
    private final ListeningSession session;
    private final long limit;

    /** Channels asked for, whether the server has confirmed them or not: what is of others is not delivered. */
    private Set<String> wanted = Set.of();

    /** The confirmed ones among them. */
    private Set<String> confirmed = Set.of();

    /** How often the listener has been asked to take over and has not answered. */
    private int joins;

    /** What the session was told meanwhile by its own server connection; the last of it. */
    private final ArrayDeque<Queued> told = new ArrayDeque<>(0);

    private int toldBytes;

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
        joins++;
        hub.execute(() -> hub.change(this, asked, new ListenerHub.Joined() {
            @Override
            public void listening(List<Queued> since) {
                post(() -> {
                    takeOver(since);
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
                    joined();
                    Set<String> less = new HashSet<>(wanted);
                    less.removeIf(channel -> asked.contains(channel) && !confirmed.contains(channel));
                    wanted = Set.copyOf(less);
                    answer.refused(reply);
                });
            }
        }));
    }

    /**
     * The session's own server connection, which listens until the shared listener does, has told it of this. The same may come
     * by the listener, too.
     */
    public void told(String channel, byte[] message) {
        if (joins == 0) {
            return;
        }
        Queued one = new Queued(channel, message);
        told.add(one);
        toldBytes += one.size();
        while (toldBytes > MOST_REMEMBERED) {
            toldBytes -= told.remove().size();
        }
    }

    /** From here on what the server connection has is left to the listener: of {@code since} the session gets what it lacks. */
    private void takeOver(List<Queued> since) {
        List<Queued> lacking = since.subList(lastTold(since), since.size());
        joined();
        if (lacking.isEmpty()) {
            return;
        }
        boolean full;
        synchronized (queue) {
            if (overflowed) {
                return;
            }
            for (int i = lacking.size() - 1; i >= 0; i--) {
                queue.addFirst(lacking.get(i));
                bytes += lacking.get(i).size();
            }
            full = overflows();
        }
        post(full ? this::overflow : session::notificationsWait); // when the channels are confirmed
    }

    private void joined() {
        joins--;
        if (joins == 0) {
            told.clear();
            toldBytes = 0;
        }
    }

    /** How many of {@code since} are the last that the session was told: both come in the order of the commits. */
    private int lastTold(List<Queued> since) {
        Set<String> channels = new HashSet<>();
        since.forEach(one -> channels.add(one.channel));
        List<Queued> same = new ArrayList<>(told);
        same.removeIf(one -> !channels.contains(one.channel));
        for (int n = Math.min(same.size(), since.size()); n > 0; n--) {
            List<Queued> last = same.subList(same.size() - n, same.size());
            boolean all = true;
            for (int i = 0; i < n && all; i++) {
                all = last.get(i).isSame(since.get(i));
            }
            if (all) {
                return n;
            }
        }
        return 0;
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
                bytes -= next.size();
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

    /** Bytes of notifications that are kept at most. */
    long limit() {
        return limit;
    }
}

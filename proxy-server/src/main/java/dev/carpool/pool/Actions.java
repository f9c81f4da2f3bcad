package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the accounts decided and the caller has to do after unlocking, in order. Reusable: one per thread, cleared
 * by the caller. Reading one allocates nothing.
 */
final class Actions {
    /** What is to be done with one entry. */
    enum Kind {
        /** Give {@code slot} to {@code waiter}; when the waiter has left in the meantime, give it back. */
        HAND_OVER,
        /** Have the server prove that the connection of {@code slot} is alive; then {@code giveBack} or {@code closed}. */
        CHECK,
        /** Open a connection for {@code slot}; then {@code opened} or {@code openFailed}. */
        OPEN,
        /** Close the connection of {@code slot} for {@code closeReason}; then {@code closed}. */
        CLOSE,
        /** Tell {@code waiter} that it gets nothing, for {@code refuseReason}. */
        REFUSE
    }

    private Kind[] kinds = new Kind[8];
    private @Nullable ServerSlot[] slots = new @Nullable ServerSlot[8];
    private @Nullable Waiter[] waiters = new @Nullable Waiter[8];
    private @Nullable Object[] reasons = new @Nullable Object[8];
    private Bottleneck[] bottlenecks = new Bottleneck[8];
    private int size;
    private boolean wakes;
    private long wakeAt;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    Kind kind(int i) {
        return kinds[i];
    }

    /** The slot of a HAND_OVER, CHECK, OPEN or CLOSE. */
    ServerSlot slot(int i) {
        return present(slots[i]);
    }

    /** The waiter of a HAND_OVER or REFUSE. */
    Waiter waiter(int i) {
        return present(waiters[i]);
    }

    CloseReason closeReason(int i) {
        return (CloseReason) present(reasons[i]);
    }

    RefuseReason refuseReason(int i) {
        return (RefuseReason) present(reasons[i]);
    }

    /** What the waiter of a REFUSE waited for. */
    Bottleneck bottleneck(int i) {
        return bottlenecks[i];
    }

    /** Whether {@code tick} should be called no later than {@link #wakeAt}, earlier than the next periodic one. */
    boolean wakes() {
        return wakes;
    }

    long wakeAt() {
        return wakeAt;
    }

    void clear() {
        Arrays.fill(slots, 0, size, null);
        Arrays.fill(waiters, 0, size, null);
        Arrays.fill(reasons, 0, size, null);
        size = 0;
        wakes = false;
    }

    void handOver(ServerSlot slot, Waiter waiter) {
        add(Kind.HAND_OVER, slot, waiter, null, Bottleneck.NONE);
    }

    void check(ServerSlot slot) {
        add(Kind.CHECK, slot, null, null, Bottleneck.NONE);
    }

    void open(ServerSlot slot) {
        add(Kind.OPEN, slot, null, null, Bottleneck.NONE);
    }

    void close(ServerSlot slot, CloseReason reason) {
        add(Kind.CLOSE, slot, null, reason, Bottleneck.NONE);
    }

    void refuse(Waiter waiter, RefuseReason reason, Bottleneck bottleneck) {
        add(Kind.REFUSE, null, waiter, reason, bottleneck);
    }

    void wakeBy(long time) {
        if (!wakes || time - wakeAt < 0) {
            wakes = true;
            wakeAt = time;
        }
    }

    private void add(
            Kind kind,
            @Nullable ServerSlot slot,
            @Nullable Waiter waiter,
            @Nullable Object reason,
            Bottleneck bottleneck) {
        if (size == kinds.length) {
            kinds = Arrays.copyOf(kinds, 2 * size);
            slots = Arrays.copyOf(slots, 2 * size);
            waiters = Arrays.copyOf(waiters, 2 * size);
            reasons = Arrays.copyOf(reasons, 2 * size);
            bottlenecks = Arrays.copyOf(bottlenecks, 2 * size);
        }
        kinds[size] = kind;
        slots[size] = slot;
        waiters[size] = waiter;
        reasons[size] = reason;
        bottlenecks[size] = bottleneck;
        size++;
    }

    private static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("this kind of action has no such part");
        }
        return value;
    }
}

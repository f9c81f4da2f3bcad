package dev.carpool.pool;

import org.jspecify.annotations.Nullable;

/** The waiters of one pool in order of arrival. Guarded by the host's lock. */
final class WaiterQueue {
    private final PoolState pool;

    @Nullable
    private WaiterNode first;

    @Nullable
    private WaiterNode last;

    private int size;
    private int askingReserve;

    WaiterQueue(PoolState pool) {
        this.pool = pool;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** How many of them may have a reserve connection. */
    int askingReserve() {
        return askingReserve;
    }

    @Nullable
    WaiterNode first() {
        return first;
    }

    void add(WaiterNode node, long deadline, long now) {
        if (node.pool != null) {
            throw new IllegalStateException("the waiter already queues");
        }
        node.pool = pool;
        node.arrivedAt = now;
        node.deadline = deadline;
        node.asksReserve = false;
        node.earlier = last;
        node.later = null;
        if (last == null) {
            first = node;
        } else {
            last.later = node;
        }
        last = node;
        size++;
    }

    @Nullable
    WaiterNode poll() {
        WaiterNode node = first;
        if (node != null) {
            remove(node);
        }
        return node;
    }

    void remove(WaiterNode node) {
        WaiterNode earlier = node.earlier;
        WaiterNode later = node.later;
        if (earlier == null) {
            first = later;
        } else {
            earlier.later = later;
        }
        if (later == null) {
            last = earlier;
        } else {
            later.earlier = earlier;
        }
        if (node.asksReserve) {
            node.asksReserve = false;
            askingReserve--;
        }
        node.earlier = null;
        node.later = null;
        node.pool = null;
        size--;
    }

    void askReserve(WaiterNode node) {
        if (!node.asksReserve) {
            node.asksReserve = true;
            askingReserve++;
        }
    }
}

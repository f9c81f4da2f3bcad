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
        node.arrivedAt = now;
        node.deadline = deadline;
        insertBehind(last, node);
    }

    /** Adds one that waited before, at the place its arrival gives it. */
    void addAgain(WaiterNode node) {
        WaiterNode earlier = null;
        WaiterNode later = first;
        while (later != null && later.arrivedAt - node.arrivedAt < 0) {
            earlier = later;
            later = later.later;
        }
        insertBehind(earlier, node);
    }

    private void insertBehind(@Nullable WaiterNode earlier, WaiterNode node) {
        if (node.pool != null) {
            throw new IllegalStateException("the waiter already queues");
        }
        WaiterNode later = earlier == null ? first : earlier.later;
        node.pool = pool;
        node.loop = node.waiter.loop();
        node.asksReserve = false;
        node.earlier = earlier;
        node.later = later;
        if (earlier == null) {
            first = node;
        } else {
            earlier.later = node;
        }
        if (later == null) {
            last = node;
        } else {
            later.earlier = node;
        }
        size++;
        if (pool.spread != null) {
            pool.spread.waits(node.loop, 1);
        }
    }

    @Nullable
    WaiterNode poll() {
        WaiterNode node = first;
        if (node != null) {
            remove(node);
        }
        return node;
    }

    /** Takes out the longest of those on one event loop. */
    @Nullable
    WaiterNode pollOn(int loop) {
        WaiterNode node = first;
        while (node != null && node.loop != loop) {
            node = node.later;
        }
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
        if (pool.spread != null) {
            pool.spread.waits(node.loop, -1);
        }
    }

    void askReserve(WaiterNode node) {
        if (!node.asksReserve) {
            node.asksReserve = true;
            askingReserve++;
        }
    }
}

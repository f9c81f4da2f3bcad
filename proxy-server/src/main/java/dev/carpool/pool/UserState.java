package dev.carpool.pool;

import java.util.ArrayList;
import java.util.List;

/** Accounts of one user over all its pools on one server host. Guarded by the host's lock. */
final class UserState {
    final String name;

    /** {@code max_user_connections}. */
    final Cap cap;

    final Contention contention;

    /** Pools that wait for room under the user's cap. */
    final ShareQueue queue = new ShareQueue();

    final List<PoolState> pools = new ArrayList<>();
    boolean hasRoom;

    UserState(String name, int cap) {
        this.name = name;
        this.cap = new Cap(cap);
        this.contention = new Contention(this.cap, this.cap);
    }

    /** Whether a newcomer may claim room without overtaking anybody. */
    boolean admits() {
        return queue.isEmpty() && !cap.isFull();
    }

    /** Connections of the user on this host. */
    int open() {
        return cap.open();
    }

    boolean isForgettable() {
        return pools.isEmpty();
    }
}

package dev.carpool.pool;

import java.util.ArrayList;
import java.util.List;

/** Accounts of one database, over all its pools. Guarded by the host's lock. */
final class DatabaseState {
    final HostState host;
    final String name;

    /** {@code max_db_connections}. */
    final Cap cap;

    /** What it has used of the host's cap. */
    final Share share;

    final Contention contention;

    /** Pools that wait for room under the database's cap. */
    final ShareQueue queue = new ShareQueue();

    /** Pools that have it, and wait for room under the host's cap. */
    final ShareQueue hostQueue = new ShareQueue();

    final List<PoolState> pools = new ArrayList<>();
    boolean hasRoom;
    boolean paused;

    DatabaseState(HostState host, String name, int cap) {
        this.host = host;
        this.name = name;
        this.cap = new Cap(cap);
        this.contention = new Contention(this.cap, host.cap);
        this.share = new Share(host.contention, this, null);
    }

    /** Whether a newcomer may claim room without overtaking anybody. */
    boolean admits() {
        return queue.isEmpty() && !cap.isFull();
    }

    boolean isPaused() {
        return paused;
    }

    int open() {
        return cap.open();
    }

    int idle() {
        int sum = 0;
        for (PoolState pool : pools) {
            sum += pool.idle();
        }
        return sum;
    }

    int inUse() {
        int sum = 0;
        for (PoolState pool : pools) {
            sum += pool.inUse();
        }
        return sum;
    }

    int opening() {
        int sum = 0;
        for (PoolState pool : pools) {
            sum += pool.opening();
        }
        return sum;
    }

    int waiting() {
        int sum = 0;
        for (PoolState pool : pools) {
            sum += pool.waiting();
        }
        return sum;
    }

    /** Whether nothing is open and nobody waits, so that a wildcard database may be forgotten. */
    boolean isForgettable() {
        for (PoolState pool : pools) {
            if (!pool.isForgettable()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return name;
    }
}

package dev.carpool.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Accounts of one PostgreSQL server host over all its databases and users. All states below it are guarded by one
 * lock, which the caller of {@link PoolAccounts} holds.
 */
final class HostState {
    /** Ten seconds of a hundred slots: see {@link Contention}. */
    static final double GREATEST_DEBT = 1e12;

    final String name;

    /** {@code max_server_connections}. */
    final Cap cap;

    final Contention contention = new Contention(GREATEST_DEBT);

    /** Databases of which a pool waits for room under the host's cap. */
    final ShareQueue queue = new ShareQueue();

    /** Pools that have room under all caps and wait because enough logins are going on. */
    final ArrayDeque<PoolState> loginQueue = new ArrayDeque<>();

    final List<DatabaseState> databases = new ArrayList<>();
    final List<PoolState> pools = new ArrayList<>();
    boolean hasRoom;
    int concurrentLogins;
    double quantum;

    /** Connections being opened. */
    int opening;

    /** Pools that wait at a {@link Gate}. */
    int waitingPools;

    int waiting;
    int idle;
    int inUse;

    /** No connection is opened before {@link #holdOpensUntil}; the janitor ends it. */
    boolean holdsOpens;

    long holdOpensUntil;

    private final int eventLoops;
    private int nextLoop;

    HostState(String name, HostLimits limits, int eventLoops) {
        this.name = name;
        this.eventLoops = eventLoops;
        this.cap = new Cap(limits.connections());
        this.concurrentLogins = limits.concurrentLogins();
        this.quantum = (double) limits.quantum();
    }

    /** Whether a newcomer may claim room without overtaking anybody. */
    boolean admits() {
        return queue.isEmpty() && !cap.isFull();
    }

    /** An event loop for a connection that nobody waits for: each in turn. */
    int nextLoop() {
        nextLoop = (nextLoop + 1) % eventLoops;
        return nextLoop;
    }

    boolean mayLogIn() {
        return concurrentLogins == 0 || opening < concurrentLogins;
    }

    int open() {
        return cap.open();
    }

    int opening() {
        return opening;
    }

    int idle() {
        return idle;
    }

    int inUse() {
        return inUse;
    }

    int waiting() {
        return waiting;
    }

    @Override
    public String toString() {
        return name;
    }
}

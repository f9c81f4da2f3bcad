package dev.carpool.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Accounts of one PostgreSQL server host over all its databases and users. All states below it are guarded by one
 * lock, which the caller of {@link PoolAccounts} holds.
 */
final class HostState {
    final String name;

    /** {@code max_server_connections}. */
    final Cap cap;

    final Contention contention;

    /** Databases of which a pool waits for room under the host's cap. */
    final ShareQueue queue = new ShareQueue();

    /** Pools that have room under all caps and wait because enough logins are going on. */
    final ArrayDeque<PoolState> loginQueue = new ArrayDeque<>();

    /** Waiters who want one connection and no other. */
    final List<WaiterNode> claims = new ArrayList<>();

    final List<DatabaseState> databases = new ArrayList<>();
    final List<PoolState> pools = new ArrayList<>();

    /** Those of {@link #pools} that have connections: never more than there are connections. */
    final List<PoolState> openPools = new ArrayList<>();

    boolean hasRoom;
    int concurrentLogins;
    private double quantum;

    /** Mean time that opening a connection took lately. */
    private double openCost = 1e7;

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

    /** When idle connections of some pools will have lingered long enough while others wait. */
    boolean looksAgain;

    long looksAgainAt;

    /** The earliest call of {@code tick} that was asked for and has not come yet. */
    private boolean wakes;

    private long wakeAt;
    final int eventLoops;

    /** Whether a connection can move to another event loop. */
    final boolean movable;

    private int nextLoop;

    HostState(String name, HostLimits limits, int eventLoops, boolean movable) {
        this.name = name;
        this.eventLoops = eventLoops;
        this.movable = movable;
        this.cap = new Cap(limits.connections());
        this.contention = new Contention(cap, cap);
        this.concurrentLogins = limits.concurrentLogins();
        this.quantum = (double) limits.quantum();
    }

    void limits(HostLimits limits) {
        cap.limit(limits.connections());
        concurrentLogins = limits.concurrentLogins();
        quantum = (double) limits.quantum();
    }

    /** Asks for a {@code tick} at this time, unless an earlier one was asked for already. */
    void wakeBy(long time, long now, Actions actions) {
        if (!wakes || wakeAt - now <= 0 || time - wakeAt < 0) {
            wakes = true;
            wakeAt = time;
            actions.wakeBy(time);
        }
    }

    /** Slot time by which one may be ahead of another that waits; several times what opening a connection costs. */
    double quantum() {
        return Math.max(quantum, 4 * openCost);
    }

    /**
     * How long an idle connection is left to its pool while others wait: as long as closing it and opening one takes,
     * twice, because its pool will want one back.
     */
    long linger() {
        return (long) (2.5 * openCost);
    }

    void opened(long duration) {
        double bounded = Math.min(Math.max((double) duration, 1e6), 2.5e8);
        openCost += (bounded - openCost) / 8;
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

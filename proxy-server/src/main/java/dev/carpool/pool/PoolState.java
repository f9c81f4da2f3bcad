package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import org.jspecify.annotations.Nullable;

/** Accounts of one pool: the server connections of one user in one database. Guarded by the host's lock. */
final class PoolState {
    final HostState host;
    final DatabaseState database;
    final UserState user;

    /** What it has used of the database's cap, and of the user's. */
    final Share databaseShare;

    final Share userShare;

    final IdleSlots idle = new IdleSlots();
    final WaiterQueue waiters = new WaiterQueue(this);
    PoolLimits limits;

    /** Null when connections can move to another event loop. */
    @Nullable
    final LoopSpread spread;

    int open;
    int opening;
    int inUse;
    int closing;

    /** Slots of others that are being closed to make room for this pool. */
    int promised;

    /** Has room under all caps for this many, and waits for its turn to log in. */
    int ready;

    /** Whether it is in {@link HostState#loginQueue}: at most once. */
    boolean inLoginQueue;

    /** The cap at which it waits for room for one more, or null. */
    @Nullable
    Gate waitingAt;

    /** Waiters who want one connection and no other; they are not among {@link #waiters}. */
    int claiming;

    boolean paused;

    /** Raised to have all connections of the pool closed at release, for this reason. */
    int generation;

    CloseReason reasonToRetire = CloseReason.RECONNECT;

    /** Nanoseconds for which a connection that was in use or checked needs no check, {@code server_check_delay}. */
    long provenFor = Long.MAX_VALUE;

    /** Whether it has clients or a forced user: without either its minimum size is nobody's. */
    boolean keepsMinSize = true;

    /** No connection is opened before {@link #holdOpensUntil}; the janitor ends it. */
    boolean holdsOpens;

    long holdOpensUntil;
    long lastUsed;

    /** Grows to 3 when a client comes soon after a connection was given back, falls to 0 when not. */
    private int promptness = 3;

    private long lastGivenBack;

    /** Whether no client has come since a connection was given back. */
    private boolean isAwaitingReturn;

    PoolState(DatabaseState database, UserState user, PoolLimits limits) {
        this.host = database.host;
        this.database = database;
        this.user = user;
        this.limits = limits;
        this.spread = host.movable ? null : new LoopSpread(host.eventLoops);
        this.databaseShare = new Share(database.contention, database, this);
        this.userShare = new Share(user.contention, database, this);
    }

    /** Server connections that count against the caps: opening, idle, in use and closing. */
    int open() {
        return open;
    }

    int opening() {
        return opening;
    }

    int idle() {
        return idle.size();
    }

    int inUse() {
        return inUse;
    }

    int closing() {
        return closing;
    }

    int waiting() {
        return waiters.size();
    }

    /** When the longest waiter came; {@code now} when nobody waits. */
    long oldestArrival(long now) {
        WaiterNode first = waiters.first();
        return first == null ? now : first.arrivedAt;
    }

    /** When a connection of it was handed out or given back last. */
    long lastUsed() {
        return lastUsed;
    }

    /** Whether somebody waits for whom a connection on this loop is of use. */
    boolean isWaitedFor(int loop) {
        return spread == null ? !waiters.isEmpty() : spread.isWaitedFor(loop);
    }

    boolean isPaused() {
        return paused || database.paused;
    }

    /** A client has come. */
    void cameBack(long now) {
        if (isAwaitingReturn) {
            isAwaitingReturn = false;
            boolean soon = now - lastGivenBack <= host.linger();
            promptness = soon ? Math.min(3, promptness + 1) : Math.max(0, promptness - 1);
        }
    }

    /** Whether its clients usually come back so soon that it is worth while to keep an idle connection for them. */
    boolean returnsSoon() {
        return promptness >= 2;
    }

    void gaveBack(long now) {
        lastUsed = now;
        lastGivenBack = now;
        isAwaitingReturn = true;
    }

    /** Whether nothing is open and nobody waits. */
    boolean isForgettable() {
        return open == 0 && waiters.isEmpty() && promised == 0 && ready == 0;
    }

    /** Whether a connection may be opened, as far as caps have no say in it. */
    boolean mayOpen() {
        return !isPaused() && !holdsOpens && !host.holdsOpens;
    }

    /** How many connections its waiters need beyond those that are coming, within the pool's own size. */
    int wants() {
        int needed = waiters.size() - coming();
        return needed <= 0 ? 0 : Math.min(needed, room());
    }

    /** Connections that will be there soon. */
    int coming() {
        return opening + promised + ready;
    }

    /** Room under the pool's own size, counting the reserve as far as waiters may use it. */
    int room() {
        if (limits.size() == 0) {
            return Integer.MAX_VALUE;
        }
        int allowed = limits.size() + Math.min(limits.reserve(), waiters.askingReserve());
        return Math.max(0, allowed - open - promised - ready);
    }

    /** Whether it keeps more open than its size and reserve, after these were lowered. */
    boolean isOversized() {
        return limits.size() > 0 && open - closing > limits.size() + limits.reserve();
    }

    void hold(int change, long now) {
        userShare.hold(change, now);
        databaseShare.hold(change, now);
        database.share.hold(change, now);
    }

    /** What its waiters wait for. */
    Bottleneck bottleneck() {
        if (waiters.isEmpty()) {
            return Bottleneck.NONE;
        }
        if (isPaused()) {
            return Bottleneck.PAUSED;
        }
        if (waitingAt != null) {
            return switch (waitingAt) {
                case USER -> Bottleneck.USER_CAP;
                case DATABASE -> Bottleneck.DATABASE_CAP;
                case HOST -> Bottleneck.HOST_CAP;
            };
        }
        if (room() == 0) {
            return Bottleneck.POOL_SIZE;
        }
        if (!mayOpen()) {
            return Bottleneck.OPENS_HELD;
        }
        return ready > 0 ? Bottleneck.LOGINS : Bottleneck.OPENING;
    }

    @Override
    public String toString() {
        return user.name + "@" + database.name;
    }
}

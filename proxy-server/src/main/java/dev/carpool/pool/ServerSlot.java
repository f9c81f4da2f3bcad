package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import dev.carpool.server.ServerConnection;
import org.jspecify.annotations.Nullable;

/**
 * One server connection as the accounts see it, from the decision to open it until its socket is closed.
 * Fields are guarded by the host's lock; {@link #connection} is set by the edge and not looked at by the accounts.
 * Times are nanoseconds of the clock passed in by the caller.
 */
public final class ServerSlot {
    /** A time that never comes. */
    public static final long NEVER = Long.MAX_VALUE;

    final PoolState pool;

    /** The pool's generation when it was opened: an older one is closed at release. */
    final int generation;

    /** When its opening was decided. */
    final long createdAt;

    /** The connection, once there is one. */
    @Nullable
    public ServerConnection connection;

    SlotState state = SlotState.OPENING;
    int loop;

    /** When it is too old to be reused, or {@link #NEVER}. */
    long expiresAt = NEVER;

    long idleSince;

    /** When it was given back last, or opened. */
    long lastUsed;

    /** When the server was last known to answer: opened, given back or checked. */
    long lastProvenAlive;

    /** The settings it has when it is given back; equal ones are the same object. Null when not known. */
    @Nullable
    Object settings;

    /** It has had custom settings besides: hidden reads may find their names. */
    boolean hasOthersNames;

    /** Taken by {@link PoolAccounts#takeForCheck}; keeps its age in the idle list. */
    boolean beingChecked;

    /** Set when it must not be reused. */
    @Nullable
    CloseReason closeAtRelease;

    /** Who gets it next, and no other connection; only while it is in use. */
    @Nullable
    WaiterNode claimant;

    /** While CLOSING: the pool that gets the room, and the cap at which that pool waits. */
    @Nullable
    PoolState freedFor;

    @Nullable
    Gate freedAt;

    // idle list of the pool, and the part of it on the same loop
    @Nullable
    ServerSlot newer;

    @Nullable
    ServerSlot older;

    @Nullable
    ServerSlot newerOnLoop;

    @Nullable
    ServerSlot olderOnLoop;

    ServerSlot(PoolState pool, int loop, long now) {
        this.pool = pool;
        this.generation = pool.generation;
        this.loop = loop;
        this.createdAt = now;
        this.lastUsed = now;
        this.lastProvenAlive = now;
    }

    /** Index of the event loop it lives on. */
    public int loop() {
        return loop;
    }

    /** Tells that the connection lives on another loop from now on. Only while it is not idle. */
    void moveTo(int newLoop) {
        if (state == SlotState.IDLE || pool.spread != null) {
            throw new IllegalStateException("this slot stays on its loop");
        }
        loop = newLoop;
    }

    public SlotState state() {
        return state;
    }

    public long createdAt() {
        return createdAt;
    }

    public long lastUsed() {
        return lastUsed;
    }

    /** Whether the server was known to answer so lately that nobody has to ask. */
    boolean isProven(long now) {
        return now - lastProvenAlive <= pool.provenFor;
    }

    /** Whether it will be closed instead of reused when it is given back. */
    public boolean closesAtRelease() {
        return closeAtRelease != null || generation != pool.generation;
    }

    /** From this time on it is not reused; {@link #NEVER} for no end. */
    void expireAt(long time) {
        expiresAt = time;
    }

    boolean isExpired(long now) {
        return expiresAt != NEVER && now - expiresAt >= 0;
    }

    @Override
    public String toString() {
        return pool + " " + state;
    }
}

package dev.carpool.pool;

import org.jspecify.annotations.Nullable;

/**
 * What one database has used of the host's cap, or one pool of its database's or user's cap: its virtual time,
 * which grows with the slots held while the cap is contended, divided by the weight.
 */
final class Share {
    final Contention contention;

    /** The pool it belongs to; null when it is a database's. */
    @Nullable
    final PoolState pool;

    /** The database it belongs to, itself or through its pool. */
    final DatabaseState database;

    private int weight = 1;
    private int guaranteed;

    /** Slots that are its own: opening, idle, in use, and those being freed for it. */
    private int held;

    private double virtualTime;
    private long settledAt;

    /** Where it waits, or null. */
    @Nullable
    ShareQueue queue;

    /** Its place there, or -1. */
    int index = -1;

    long waitingSince;

    Share(Contention contention, DatabaseState database, @Nullable PoolState pool) {
        this.contention = contention;
        this.database = database;
        this.pool = pool;
    }

    void entitle(int newWeight, int newGuaranteed, long now) {
        settle(now);
        weight = newWeight;
        guaranteed = newGuaranteed;
        if (queue != null) {
            queue.forgetFound();
        }
    }

    int held() {
        return held;
    }

    double virtualTime() {
        return virtualTime;
    }

    void hold(int change, long now) {
        settle(now);
        held += change;
        if (change < 0 && queue != null) {
            queue.forgetFound();
        }
    }

    void settle(long now) {
        long clock = contention.clock(now);
        double used = (double) held * (clock - settledAt) / weight;
        settledAt = clock;
        virtualTime = contention.bounded(virtualTime + used);
    }

    /** Has less than it can always have. */
    boolean isBelowGuarantee() {
        return held < guaranteed;
    }

    /** Has no more than it can always have. */
    boolean isWithinGuarantee() {
        return held <= guaranteed;
    }

    /** Where it will be after a quantum with the slots it holds and {@code more}; settle it before. */
    double outlook(int more, double quantum) {
        return virtualTime + (held + more) * quantum / weight;
    }
}

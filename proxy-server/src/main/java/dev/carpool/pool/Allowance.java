package dev.carpool.pool;

/**
 * How often something may be done that is dear: as often as it likes at first, then no more than so many times a second.
 * No clock. Thread-safe.
 */
final class Allowance {
    private final int most;
    private final long refillNanos;
    private long left;
    private long countedAt;

    /**
     * @param most how often it may be done at once
     * @param refillNanos nanoseconds after which it may be done once more
     */
    Allowance(int most, long refillNanos) {
        this.most = most;
        this.refillNanos = refillNanos;
        this.left = most;
    }

    /** Whether it may be done now. */
    synchronized boolean isLeft(long now) {
        refill(now);
        return left > 0;
    }

    /** It is done. */
    synchronized void use(long now) {
        refill(now);
        left = Math.max(0, left - 1);
    }

    private void refill(long now) {
        if (left == most) {
            countedAt = now;
            return;
        }
        long more = (now - countedAt) / refillNanos;
        left = Math.min(most, left + more);
        countedAt += more * refillNanos;
    }
}

package dev.carpool.relay;

/**
 * Whether any session of a pool has read {@code currval} or {@code lastval} outside the transaction that had advanced
 * the sequence. Only then it matters what earlier sessions have left behind. Thread-safe.
 */
public final class SequenceReaders {
    private volatile boolean seen;

    boolean areSeen() {
        return seen;
    }

    void seen() {
        if (!seen) {
            seen = true;
        }
    }
}

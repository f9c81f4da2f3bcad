package dev.carpool.server;

import java.util.concurrent.atomic.LongAdder;

/** Counts of what should never happen, process-wide. */
public final class Counters {
    private static final LongAdder MISMATCHES = new LongAdder();

    private Counters() {}

    static void mismatch() {
        MISMATCHES.increment();
    }

    /** Backend messages that belonged to no request. */
    public static long mismatches() {
        return MISMATCHES.sum();
    }
}

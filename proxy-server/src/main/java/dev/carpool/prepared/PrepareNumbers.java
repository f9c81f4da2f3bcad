package dev.carpool.prepared;

import java.util.concurrent.atomic.AtomicLong;

/** Numbers what prepares a statement, Parse messages and PREPARE, over all sessions of the process. Thread-safe. */
public final class PrepareNumbers {
    private static final AtomicLong LAST = new AtomicLong();

    private PrepareNumbers() {}

    /** The number of one that is sent now, greater than all before. */
    public static long next() {
        return LAST.incrementAndGet();
    }

    /** A number that all have reached that are sent from now on, and none before. */
    public static long upcoming() {
        return LAST.get() + 1;
    }
}

package dev.carpool.driver;

import java.time.Duration;

/** The waits between attempts: doubling up to a longest one, each cut by chance to between a half and the whole. */
final class Backoff {
    private final long longest;
    private long next;

    Backoff(Duration first, Duration longest) {
        this.next = first.toNanos();
        this.longest = longest.toNanos();
    }

    /** Nanoseconds to wait now, for a {@code random} from 0 to 1. */
    long next(double random) {
        long wait = next / 2 + (long) (random * (next - next / 2));
        next = Math.min(longest, next * 2);
        return wait;
    }
}

package dev.carpool.it;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import static org.junit.jupiter.api.Assertions.fail;

/** Waits for a condition, with a deadline. */
final class Await {
    /** Far longer than anything here takes on a slow and busy machine. */
    static final Duration LONG = Duration.ofSeconds(30);

    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(2);

    private Await() {}

    /** Returns when the condition holds; fails the test with this description when it does not come to that. */
    static void until(String what, Callable<Boolean> condition) throws Exception {
        until(what, LONG, condition);
    }

    static void until(String what, Duration limit, Callable<Boolean> condition) throws Exception {
        if (!holds(limit, condition)) {
            fail("not within " + limit.toMillis() + " ms: " + what);
        }
    }

    /** Returns when the condition holds, or false when it does not come to that. */
    static boolean holds(Duration limit, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(PAUSE);
        }
        return true;
    }
}

package dev.carpool.server;

import dev.carpool.suspicion.KeepingFunctions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether statements of a database may change the state of their session without saying so: by functions behind triggers,
 * views, defaults and policies that set settings or take locks. One for each database of a server host; read from the
 * catalog from time to time, by whatever server connection is at hand. Any thread.
 */
public final class HiddenEffects {
    private static final long NEVER = Long.MIN_VALUE;

    /** Behind a statement that seldom changes functions, and may be run all the time. */
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final AtomicLong due = new AtomicLong(NEVER);
    private volatile boolean present;
    private volatile KeepingFunctions keeping = KeepingFunctions.NONE;

    /** Whether it is time to look; who gets true has to look. */
    boolean isDue(long now, long delayNanos) {
        long at = due.get();
        return (at == NEVER || now - at >= 0) && due.compareAndSet(at, now + delayNanos);
    }

    /** Functions may have changed. */
    public void look() {
        due.set(NEVER);
    }

    /** A statement has run whose code may have changed functions; {@code now} is System.nanoTime. */
    void lookSoon(long now) {
        long soon = now + SOON_NANOS;
        due.updateAndGet(at -> at == NEVER || at - soon <= 0 ? at : soon);
    }

    void found(boolean hidden, KeepingFunctions functions) {
        present = hidden;
        keeping = functions;
    }

    /** Functions that keep in the server process what nothing tells. */
    KeepingFunctions keeping() {
        return keeping;
    }

    /** Whether every transaction may have changed what no statement of it names. */
    public boolean arePresent() {
        return present;
    }
}

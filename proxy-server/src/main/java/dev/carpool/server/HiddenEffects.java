package dev.carpool.server;

import dev.carpool.suspicion.DatabaseFunctions;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether statements of a database may change the state of their session without saying so: by functions behind triggers,
 * views, defaults and policies that set settings or take locks. One for each database of a server host; read from the
 * catalog from time to time, by whatever server connection is at hand. Any thread.
 */
public final class HiddenEffects {
    private static final long NEVER = Long.MIN_VALUE;

    /** Between a look that has failed and the next, or what may still be under way and the look for it. */
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A look that takes long is taken the less often: this many times as long lies between two. */
    private static final int LEAST_PAUSE = 100;

    private final AtomicLong due = new AtomicLong(NEVER);

    /** How often functions may have changed. */
    private final AtomicInteger changes = new AtomicInteger();

    /** {@link #changes} when the last look that has succeeded began; -1 for none. */
    private volatile int lookedAt = -1;

    private volatile boolean found;
    private volatile DatabaseFunctions functions = DatabaseFunctions.NONE;

    /** Whether it is time to look; who gets true has to look. */
    boolean isDue(long now, long delayNanos) {
        long at = due.get();
        return (at == NEVER || now - at >= 0) && due.compareAndSet(at, now + delayNanos);
    }

    /** Functions may have changed. */
    public void look() {
        changes.incrementAndGet();
        due.set(NEVER);
    }

    /** Functions may change in a moment, if they have not yet; {@code now} is System.nanoTime. */
    void lookSoon(long now) {
        changes.incrementAndGet();
        due.set(now + SOON_NANOS);
    }

    /** A look begins; returns what {@link #found} wants to know of it. */
    int begin() {
        return changes.get();
    }

    /**
     * A look has ended.
     *
     * @param begun what {@link #begin} has returned
     * @param now System.nanoTime
     * @param tookNanos since it began
     */
    void found(int begun, boolean hidden, DatabaseFunctions known, long now, long tookNanos) {
        found = hidden;
        functions = known;
        lookedAt = begun;
        long earliest = now + LEAST_PAUSE * tookNanos;
        due.updateAndGet(at -> at == NEVER || at - earliest > 0 ? at : earliest);
    }

    /** A look has failed at this System.nanoTime. */
    void failed(long now) {
        due.updateAndGet(at -> at == NEVER ? NEVER : now + SOON_NANOS);
    }

    /** What is known of the functions of the database. */
    DatabaseFunctions functions() {
        return functions;
    }

    /** Whether nothing has changed since functions have been looked at, as far as the proxy has seen. */
    boolean areKnown() {
        return lookedAt == changes.get();
    }

    /** Whether every transaction may have changed what no statement of it names, as the last look has told. */
    public boolean arePresent() {
        return found;
    }
}

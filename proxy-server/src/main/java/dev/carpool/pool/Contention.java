package dev.carpool.pool;

/**
 * The clock of one cap: it runs only while somebody waits for room under that cap, because what is used while
 * nobody else wants it is nobody's loss. Also keeps the virtual time of the least served one.
 */
final class Contention {
    /**
     * A share ahead of the least served by more than this for each slot of the cap is forgiven the rest, so that no
     * past use shuts anybody out for longer than clients are patient. In nanoseconds.
     */
    private static final double LONGEST_DEBT = 1e10;

    private final Cap cap;
    private final Cap hostCap;
    private int waiting;
    private long since;
    private long elapsed;
    private double floor;

    Contention(Cap cap, Cap hostCap) {
        this.cap = cap;
        this.hostCap = hostCap;
    }

    boolean isContended() {
        return waiting > 0;
    }

    void waitingBegins(long now) {
        if (waiting++ == 0) {
            since = now;
        }
    }

    void waitingEnds(long now) {
        if (--waiting == 0) {
            elapsed += now - since;
        }
    }

    /** Nanoseconds of contention so far. */
    long clock(long now) {
        return waiting > 0 ? elapsed + (now - since) : elapsed;
    }

    /** The least virtual time among those that wait has become at least this. */
    void raiseFloor(double virtualTime) {
        if (virtualTime > floor) {
            floor = virtualTime;
        }
    }

    /** Keeps a virtual time within what may be remembered. */
    double bounded(double virtualTime) {
        int slots = cap.limit() > 0 ? cap.limit() : Math.max(1, hostCap.limit());
        return Math.min(Math.max(virtualTime, floor), floor + slots * LONGEST_DEBT);
    }
}

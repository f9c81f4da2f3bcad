package dev.carpool.pool;

/**
 * A limit on server connections and what counts against it. The only place where
 * {@code open + reserved <= limit} is decided. A limit of 0 means no limit.
 */
final class Cap {
    private int limit;
    private int reserved;
    private int open;
    private int closing;

    Cap(int limit) {
        limit(limit);
    }

    int limit() {
        return limit;
    }

    /** Changes the limit; what is open beyond it is closed by the janitor as it becomes free. */
    void limit(int newLimit) {
        if (newLimit < 0) {
            throw new IllegalArgumentException("a cap cannot be negative: " + newLimit);
        }
        limit = newLimit;
    }

    /** Connections that count: opening, idle, in use and closing. */
    int open() {
        return open;
    }

    /** Those of {@link #open} whose socket is being closed. */
    int closing() {
        return closing;
    }

    /** Room claimed for connections that are not opening yet. */
    int reserved() {
        return reserved;
    }

    boolean isFull() {
        return limit > 0 && open + reserved >= limit;
    }

    /** Whether more stay open than the limit allows; happens only after the limit was lowered. */
    boolean isExceeded() {
        return limit > 0 && open - closing > limit;
    }

    void reserve() {
        if (isFull()) {
            throw new IllegalStateException("cap of " + limit + " is reached");
        }
        reserved++;
    }

    void release() {
        if (reserved <= 0) {
            throw new IllegalStateException("nothing is reserved");
        }
        reserved--;
    }

    /** Turns a reservation into a connection. */
    void opening() {
        release();
        open++;
    }

    void closingBegins() {
        closing++;
    }

    /** A connection is gone. */
    void closed(boolean wasClosing) {
        open--;
        if (wasClosing) {
            closing--;
        }
    }
}

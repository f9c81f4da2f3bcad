package dev.carpool.server;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** Counts of server connections, and of what should never happen to them; process-wide. */
public final class Counters {
    private static final LongAdder MISMATCHES = new LongAdder();
    private static final LongAdder OPENED = new LongAdder();
    private static final Map<CloseReason, LongAdder> CLOSED = new EnumMap<>(CloseReason.class);

    static {
        for (CloseReason reason : CloseReason.values()) {
            CLOSED.put(reason, new LongAdder());
        }
    }

    private Counters() {}

    static void opened() {
        OPENED.increment();
    }

    static void closed(CloseReason reason) {
        adder(reason).increment();
    }

    private static LongAdder adder(CloseReason reason) {
        return Objects.requireNonNull(CLOSED.get(reason));
    }

    /** Server connections that were logged in. */
    public static long openedConnections() {
        return OPENED.sum();
    }

    /** Those of them that were closed for this reason. */
    public static long closedConnections(CloseReason reason) {
        return adder(reason).sum();
    }

    static void mismatch() {
        MISMATCHES.increment();
    }

    /** Backend messages that belonged to no request. */
    public static long mismatches() {
        return MISMATCHES.sum();
    }
}

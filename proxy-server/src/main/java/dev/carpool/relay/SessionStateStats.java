package dev.carpool.relay;

import java.util.List;

/** What session state costs one pool on one event loop. Plain fields as in {@link TrafficStats}, of which it is a part. */
public final class SessionStateStats {
    private final long[] pins = new long[PinReason.COUNT];
    private long stateProbes;
    private long sweeps;
    private long probeFailures;
    private long syncs;

    void pinned(List<PinReason> reasons) {
        for (PinReason reason : reasons) {
            pins[reason.number()]++;
        }
    }

    void probe(boolean sweep) {
        if (sweep) {
            sweeps++;
        } else {
            stateProbes++;
        }
    }

    void probeFailed() {
        probeFailures++;
    }

    void sync() {
        syncs++;
    }

    /** How often a session got pinned for this reason. */
    public long pins(PinReason reason) {
        return pins[reason.number()];
    }

    /** How often a session got pinned for whatever reason; two reasons at once count twice. */
    public long pins() {
        long sum = 0;
        for (long one : pins) {
            sum += one;
        }
        return sum;
    }

    /** Questions for what a session holds, and for settings by name. */
    public long stateProbes() {
        return stateProbes;
    }

    /** Questions for the same and for all settings. */
    public long sweeps() {
        return sweeps;
    }

    /** Questions that were answered with an error. */
    public long probeFailures() {
        return probeFailures;
    }

    /** How often settings were given to a server connection in front of a session's request. */
    public long syncs() {
        return syncs;
    }

    void add(SessionStateStats other) {
        for (int i = 0; i < pins.length; i++) {
            pins[i] += other.pins[i];
        }
        stateProbes += other.stateProbes;
        sweeps += other.sweeps;
        probeFailures += other.probeFailures;
        syncs += other.syncs;
    }
}

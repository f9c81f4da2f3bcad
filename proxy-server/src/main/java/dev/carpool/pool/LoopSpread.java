package dev.carpool.pool;

/**
 * How the connections and waiters of one pool are spread over the event loops, for a transport that cannot move a
 * connection to another loop. Guarded by the host's lock.
 */
final class LoopSpread {
    private final int[] waiting;

    /** Connections that are not closing. */
    private final int[] slots;

    /** Those of {@link #slots} that are being opened. */
    private final int[] opening;

    LoopSpread(int eventLoops) {
        waiting = new int[eventLoops];
        slots = new int[eventLoops];
        opening = new int[eventLoops];
    }

    int waiting(int loop) {
        return waiting[loop];
    }

    int slots(int loop) {
        return slots[loop];
    }

    int opening(int loop) {
        return opening[loop];
    }

    boolean isWaitedFor(int loop) {
        return waiting[loop] > 0;
    }

    void waits(int loop, int change) {
        waiting[loop] += change;
    }

    void openingBegins(int loop) {
        slots[loop]++;
        opening[loop]++;
    }

    void openingEnds(int loop) {
        opening[loop]--;
    }

    void closingBegins(int loop) {
        slots[loop]--;
    }

    /** The loop that needs a new connection most; of several, {@code first}, where somebody waits longest. */
    int neediest(int first) {
        int best = -1;
        for (int i = 0; i < waiting.length; i++) {
            int loop = (first + i) % waiting.length;
            if (waiting[loop] > opening[loop]
                    && (best < 0 || clients(loop) * slots[best] > clients(best) * slots[loop])) {
                best = loop;
            }
        }
        return best < 0 ? first : best;
    }

    /** Whether a connection less on one loop and one more on another makes it fairer; none at all is never fair. */
    boolean isFairer(int less, int more) {
        return slots[more] == 0 || clients(more) * (slots[less] - 1) >= clients(less) * (slots[more] + 1);
    }

    private long clients(int loop) {
        return (long) waiting[loop] + slots[loop];
    }
}

package dev.carpool.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The idle server connections of one pool, newest first, and the same again for each event loop,
 * so that one on the asking loop is found without searching. Guarded by the host's lock.
 */
final class IdleSlots {
    @Nullable
    private ServerSlot newest;

    @Nullable
    private ServerSlot oldest;

    private @Nullable ServerSlot[] newestOnLoop = new @Nullable ServerSlot[2];
    private @Nullable ServerSlot[] oldestOnLoop = new @Nullable ServerSlot[2];
    private int size;

    int size() {
        return size;
    }

    @Nullable
    ServerSlot newest() {
        return newest;
    }

    @Nullable
    ServerSlot oldest() {
        return oldest;
    }

    @Nullable
    ServerSlot newestOn(int loop) {
        return loop < newestOnLoop.length ? newestOnLoop[loop] : null;
    }

    @Nullable
    ServerSlot oldestOn(int loop) {
        return loop < oldestOnLoop.length ? oldestOnLoop[loop] : null;
    }

    /** Adds one that became idle just now. */
    void addNewest(ServerSlot slot) {
        insertBelow(slot, null, null);
    }

    /** Adds one at the place that its {@code idleSince} gives it; searched for from the oldest. */
    void addByAge(ServerSlot slot) {
        ServerSlot above = oldest;
        while (above != null && above.idleSince - slot.idleSince <= 0) {
            above = above.newer;
        }
        ServerSlot aboveOnLoop = oldestOn(slot.loop);
        while (aboveOnLoop != null && aboveOnLoop.idleSince - slot.idleSince <= 0) {
            aboveOnLoop = aboveOnLoop.newerOnLoop;
        }
        insertBelow(slot, above, aboveOnLoop);
    }

    private void insertBelow(ServerSlot slot, @Nullable ServerSlot above, @Nullable ServerSlot aboveOnLoop) {
        int loop = slot.loop;
        if (loop >= newestOnLoop.length) {
            newestOnLoop = Arrays.copyOf(newestOnLoop, loop + 1);
            oldestOnLoop = Arrays.copyOf(oldestOnLoop, loop + 1);
        }
        ServerSlot below = above == null ? newest : above.older;
        slot.newer = above;
        slot.older = below;
        if (above == null) {
            newest = slot;
        } else {
            above.older = slot;
        }
        if (below == null) {
            oldest = slot;
        } else {
            below.newer = slot;
        }
        ServerSlot belowOnLoop = aboveOnLoop == null ? newestOnLoop[loop] : aboveOnLoop.olderOnLoop;
        slot.newerOnLoop = aboveOnLoop;
        slot.olderOnLoop = belowOnLoop;
        if (aboveOnLoop == null) {
            newestOnLoop[loop] = slot;
        } else {
            aboveOnLoop.olderOnLoop = slot;
        }
        if (belowOnLoop == null) {
            oldestOnLoop[loop] = slot;
        } else {
            belowOnLoop.newerOnLoop = slot;
        }
        size++;
    }

    void remove(ServerSlot slot) {
        ServerSlot newer = slot.newer;
        ServerSlot older = slot.older;
        if (newer == null) {
            newest = older;
        } else {
            newer.older = older;
        }
        if (older == null) {
            oldest = newer;
        } else {
            older.newer = newer;
        }
        ServerSlot newerOnLoop = slot.newerOnLoop;
        ServerSlot olderOnLoop = slot.olderOnLoop;
        if (newerOnLoop == null) {
            newestOnLoop[slot.loop] = olderOnLoop;
        } else {
            newerOnLoop.olderOnLoop = olderOnLoop;
        }
        if (olderOnLoop == null) {
            oldestOnLoop[slot.loop] = newerOnLoop;
        } else {
            olderOnLoop.newerOnLoop = newerOnLoop;
        }
        slot.newer = null;
        slot.older = null;
        slot.newerOnLoop = null;
        slot.olderOnLoop = null;
        size--;
    }
}

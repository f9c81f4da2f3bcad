package dev.carpool.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Those that wait for room under one cap; the least served is next. Guarded by the host's lock. */
final class ShareQueue {
    /** Up to this many are compared each time; of more, the neediest found is believed for a part of a quantum. */
    private static final int FEW = 16;

    private @Nullable Share[] shares = new @Nullable Share[4];
    private int size;

    /** Found by the last search, if that still holds. */
    @Nullable
    private Share found;

    private long foundAt;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(Share share, double quantum, long now) {
        if (size == shares.length) {
            shares = Arrays.copyOf(shares, 2 * size);
        }
        share.contention.waitingBegins(now);
        share.settle(now);
        share.waitingSince = now;
        share.queue = this;
        share.index = size;
        shares[size++] = share;
        if (found != null && isNeedier(share, found, quantum)) {
            found = share;
        }
    }

    void remove(Share share, long now) {
        if (share.queue != this) {
            throw new IllegalStateException("waits in another queue");
        }
        Share last = at(--size);
        shares[share.index] = last;
        last.index = share.index;
        shares[size] = null;
        share.index = -1;
        share.queue = null;
        share.settle(now);
        share.contention.waitingEnds(now);
        if (share == found) {
            found = null;
        }
    }

    /** One of them has become needier: search again. */
    void forgetFound() {
        found = null;
    }

    /** The one most entitled to the next slot, or null. Below its guarantee goes first, then least served. */
    @Nullable
    Share neediest(double quantum, long now) {
        if (size == 0) {
            return null;
        }
        Share known = found;
        if (known == null || size <= FEW || now - foundAt > quantum / 64) {
            known = search(quantum, now);
            found = known;
            foundAt = now;
        } else {
            known.settle(now);
        }
        return known;
    }

    private Share search(double quantum, long now) {
        Share best = at(0);
        best.settle(now);
        double least = best.virtualTime();
        for (int i = 1; i < size; i++) {
            Share share = at(i);
            share.settle(now);
            least = Math.min(least, share.virtualTime());
            if (isNeedier(share, best, quantum)) {
                best = share;
            }
        }
        best.contention.raiseFloor(least);
        return best;
    }

    private static boolean isNeedier(Share one, Share other, double quantum) {
        if (one.isBelowGuarantee() != other.isBelowGuarantee()) {
            return one.isBelowGuarantee();
        }
        double difference = one.outlook(1, quantum) - other.outlook(1, quantum);
        return difference < 0 || (difference == 0 && one.waitingSince - other.waitingSince < 0);
    }

    private Share at(int i) {
        Share share = shares[i];
        if (share == null) {
            throw new IllegalStateException("no share at " + i + " of " + size);
        }
        return share;
    }
}

package dev.carpool.pool;

import org.jspecify.annotations.Nullable;

/**
 * Judges which pool is owed a server connection and which has to part with one. Changes nothing but the virtual
 * times. Guarded by the host's lock.
 */
final class FairSharing {
    /*
     * Opening a connection costs about ten times what a short transaction does, so slots do not change hands for
     * nothing. A pool keeps its slots while others wait until it is ahead of the neediest of them by a quantum; the
     * comparison looks one quantum ahead (Share.outlook), or else all slots that come free while the neediest is still
     * opening its first one would go to it, only to be taken away again.
     *
     * A pool without waiters does not lose a slot at once if its clients have been coming back quickly: the slot
     * lingers for as long as it would cost to open one for the other pool and later one for this pool again. That is
     * never worse than twice the best choice, and it keeps databases with one busy client each from opening a
     * connection for every transaction.
     */

    private final HostState host;

    FairSharing(HostState host) {
        this.host = host;
    }

    /** The pool for which this slot should be closed now that it is free, or null if its own pool keeps it. */
    @Nullable
    PoolState heir(ServerSlot slot, long now) {
        if (host.waitingPools == 0) {
            return null;
        }
        PoolState pool = slot.pool;
        PoolState heir = heir(slot, pool.userShare, pool.user.queue, now);
        if (heir == null) {
            heir = heir(slot, pool.databaseShare, pool.database.queue, now);
        }
        if (heir == null) {
            heir = heirInOtherDatabase(slot, now);
        }
        return heir != null ? heir : heir(slot, pool.databaseShare, pool.database.hostQueue, now);
    }

    @Nullable
    private PoolState heir(ServerSlot slot, Share own, ShareQueue queue, long now) {
        Share next = queue.neediest(host.quantum(), now);
        return next != null && next != own && shouldPart(slot, own, next, now) ? next.pool : null;
    }

    @Nullable
    private PoolState heirInOtherDatabase(ServerSlot slot, long now) {
        Share next = host.queue.neediest(host.quantum(), now);
        DatabaseState own = slot.pool.database;
        if (next == null || next.database == own || !shouldPart(slot, own.share, next, now)) {
            return null;
        }
        return neediest(next.database.hostQueue, now);
    }

    private boolean shouldPart(ServerSlot slot, Share own, Share next, long now) {
        PoolState pool = slot.pool;
        boolean needed = !pool.waiters.isEmpty();
        if (!needed && !lingers(slot, now)) {
            return true;
        }
        if (next.isBelowGuarantee() && !own.isWithinGuarantee()) {
            return true;
        }
        if (needed && own.isWithinGuarantee() && !next.isBelowGuarantee()) {
            return false;
        }
        own.settle(now);
        return own.outlook(0, host.quantum()) > next.outlook(1, host.quantum()) + host.quantum();
    }

    /** Whether its pool can be expected to use it again soon. */
    private boolean lingers(ServerSlot slot, long now) {
        boolean fresh = slot.state != SlotState.IDLE || now - slot.idleSince < host.linger();
        return fresh && slot.pool.returnsSoon();
    }

    /**
     * Whether a free connection should be closed so that its pool can open one on another event loop, where somebody
     * waits. Its own loop's waiters are served first, but not for ever.
     */
    boolean shouldChangeLoop(ServerSlot slot, long now) {
        PoolState pool = slot.pool;
        LoopSpread spread = pool.spread;
        WaiterNode first = pool.waiters.first();
        if (spread == null || first == null || first.loop == slot.loop || pool.coming() > 0 || !pool.mayOpen()) {
            return false;
        }
        boolean isLate = (double) (now - first.arrivedAt) >= host.quantum();
        return spread.isWaitedFor(slot.loop)
                ? isLate && spread.isFairer(slot.loop, first.loop)
                : isLate || !lingers(slot, now);
    }

    /** The idle connection that has to make room for a pool that finds this cap full, or null. */
    @Nullable
    ServerSlot victim(PoolState claimant, Gate gate, long now) {
        if (host.idle == 0) {
            return null;
        }
        ServerSlot best = null;
        for (int i = 0; i < host.openPools.size(); i++) {
            ServerSlot oldest = host.openPools.get(i).idle.oldest();
            if (oldest != null
                    && (best == null || oldest.idleSince - best.idleSince < 0)
                    && canMakeRoom(oldest, claimant, gate, now)) {
                best = oldest;
            }
        }
        return best;
    }

    private boolean canMakeRoom(ServerSlot idle, PoolState claimant, Gate gate, long now) {
        PoolState pool = idle.pool;
        if (pool == claimant) {
            return false;
        }
        return switch (gate) {
            case USER -> pool.user == claimant.user && parts(idle, pool.userShare, claimant.userShare, now);
            case DATABASE ->
                pool.database == claimant.database && parts(idle, pool.databaseShare, claimant.databaseShare, now);
            case HOST ->
                pool.database == claimant.database
                        ? parts(idle, pool.databaseShare, claimant.databaseShare, now)
                        : parts(idle, pool.database.share, claimant.database.share, now);
        };
    }

    private boolean parts(ServerSlot idle, Share own, Share claimant, long now) {
        claimant.settle(now);
        return shouldPart(idle, own, claimant, now);
    }

    /** The most entitled pool in a queue of pools, or null. */
    @Nullable
    PoolState neediest(ShareQueue queue, long now) {
        Share share = queue.neediest(host.quantum(), now);
        return share == null ? null : share.pool;
    }

    /** The most entitled pool among those that wait at the host's cap, or null. */
    @Nullable
    PoolState neediestAtHost(long now) {
        Share share = host.queue.neediest(host.quantum(), now);
        return share == null ? null : neediest(share.database.hostQueue, now);
    }
}

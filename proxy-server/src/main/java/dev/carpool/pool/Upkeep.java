package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import org.jspecify.annotations.Nullable;

/** The part of the accounts that passing time makes necessary. Guarded by the host's lock. */
final class Upkeep {
    private final HostState host;
    private final Admission admission;

    Upkeep(HostState host, Admission admission) {
        this.host = host;
        this.admission = admission;
    }

    void tick(long now, Actions actions) {
        endHolds(now, actions);
        for (int i = 0; i < host.pools.size(); i++) {
            PoolState pool = host.pools.get(i);
            refuseLate(pool, now, actions);
            grantReserve(pool, now, actions);
            closeOld(pool, now, actions);
        }
        closeBeyondCaps(now, actions);
        for (int i = 0; i < host.pools.size(); i++) {
            PoolState pool = host.pools.get(i);
            admission.trim(pool, now, actions);
            admission.seek(pool, now, actions);
        }
        admission.collectLingering(now, actions);
        for (int i = 0; i < host.pools.size(); i++) {
            keepMinSize(host.pools.get(i), now, actions);
        }
    }

    private void endHolds(long now, Actions actions) {
        if (host.holdsOpens) {
            host.holdsOpens = stillHolds(host.holdOpensUntil, now, actions);
        }
        for (PoolState pool : host.pools) {
            if (pool.holdsOpens) {
                pool.holdsOpens = stillHolds(pool.holdOpensUntil, now, actions);
            }
        }
    }

    private boolean stillHolds(long until, long now, Actions actions) {
        if (now - until >= 0) {
            return false;
        }
        host.wakeBy(until, now, actions);
        return true;
    }

    private void refuseLate(PoolState pool, long now, Actions actions) {
        WaiterNode node = pool.waiters.first();
        while (node != null) {
            WaiterNode later = node.later;
            if (node.deadline != ServerSlot.NEVER) {
                if (now - node.deadline >= 0) {
                    actions.refuse(node.waiter, RefuseReason.QUEUE_TIMEOUT, pool.bottleneck());
                    pool.waiters.remove(node);
                    host.waiting--;
                } else {
                    host.wakeBy(node.deadline, now, actions);
                }
            }
            node = later;
        }
    }

    private void grantReserve(PoolState pool, long now, Actions actions) {
        if (!pool.limits.usesReserve()) {
            return;
        }
        WaiterNode node = pool.waiters.first();
        for (int i = 0; i < pool.limits.reserve() && node != null; i++) {
            long due = node.arrivedAt + pool.limits.reserveTimeout();
            if (now - due < 0) {
                host.wakeBy(due, now, actions);
                return;
            }
            pool.waiters.askReserve(node);
            node = node.later;
        }
    }

    private void closeOld(PoolState pool, long now, Actions actions) {
        ServerSlot slot = pool.idle.oldest();
        while (slot != null) {
            ServerSlot newer = slot.newer;
            CloseReason reason = reasonToClose(pool, slot, now);
            if (reason != null) {
                admission.close(slot, reason, now, actions);
            }
            slot = newer;
        }
    }

    @Nullable
    private static CloseReason reasonToClose(PoolState pool, ServerSlot slot, long now) {
        if (slot.isExpired(now)) {
            return CloseReason.LIFETIME;
        }
        if (pool.isOversized()) {
            return CloseReason.POOL_SHRUNK;
        }
        long idleTimeout = pool.limits.idleTimeout();
        boolean surplus = !pool.keepsMinSize || pool.open - pool.closing > pool.limits.minSize();
        return idleTimeout > 0 && surplus && now - slot.idleSince >= idleTimeout ? CloseReason.IDLE_TIMEOUT : null;
    }

    /** After a cap was lowered: closes idle connections beyond it, the longest idle first. */
    private void closeBeyondCaps(long now, Actions actions) {
        while (host.cap.isExceeded() && closeOldestIdle(null, null, now, actions)) {}
        for (DatabaseState database : host.databases) {
            while (database.cap.isExceeded() && closeOldestIdle(database, null, now, actions)) {}
        }
        for (PoolState pool : host.pools) {
            while (pool.user.cap.isExceeded() && closeOldestIdle(null, pool.user, now, actions)) {}
        }
    }

    private boolean closeOldestIdle(
            @Nullable DatabaseState database, @Nullable UserState user, long now, Actions actions) {
        ServerSlot best = null;
        for (PoolState pool : host.pools) {
            ServerSlot oldest = pool.idle.oldest();
            if (oldest != null
                    && (database == null || pool.database == database)
                    && (user == null || pool.user == user)
                    && (best == null || oldest.idleSince - best.idleSince < 0)) {
                best = oldest;
            }
        }
        if (best == null) {
            return false;
        }
        admission.close(best, CloseReason.POOL_SHRUNK, now, actions);
        return true;
    }

    private void keepMinSize(PoolState pool, long now, Actions actions) {
        if (!pool.keepsMinSize) {
            return;
        }
        int min = pool.limits.size() == 0 ? pool.limits.minSize() : Math.min(pool.limits.minSize(), pool.limits.size());
        while (pool.open - pool.closing < min && admission.openSpare(pool, now, actions)) {}
    }
}

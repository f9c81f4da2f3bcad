package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import java.util.List;
import org.jspecify.annotations.Nullable;

import static java.util.Objects.requireNonNull;

/**
 * Who gets a server connection of one server host, and when: the door to all accounts of that host. No I/O, no
 * threads, no clock. Every method is called with the host's lock held and a time in nanoseconds; what is left to be
 * done after unlocking is added to {@link Actions}.
 */
final class PoolAccounts {
    /** So many idle connections are looked at for one with the right settings: a sync costs little more than looking. */
    private static final int MOST_COMPARED = 8;

    private final HostState host;
    private final Admission admission;
    private final Upkeep upkeep;

    /**
     * Accounts of a host without databases. Connections live on event loops 0 to {@code eventLoops - 1}.
     *
     * @param movable whether a connection can be brought to another event loop. If not, nobody gets one of another
     *     loop, and first come, first served holds among the waiters of one loop.
     */
    PoolAccounts(String hostName, HostLimits limits, int eventLoops, boolean movable) {
        host = new HostState(hostName, limits, eventLoops, movable);
        admission = new Admission(host);
        upkeep = new Upkeep(host, admission);
    }

    HostState host() {
        return host;
    }

    // --- checkout and release

    /**
     * An idle connection of the pool, now in use, or null when the next one is to be waited for: there is none, it is on
     * another event loop, or it has to be checked. Prefers one on this event loop, and then one with the right settings
     * among those used last; with round robin, the one that was idle longest.
     *
     * @param settings the settings that are wanted; null for any
     */
    @Nullable
    ServerSlot take(PoolState pool, int loop, @Nullable Object settings, long now) {
        if (pool.isWaitedFor(loop) || pool.isPaused()) {
            return null;
        }
        ServerSlot slot = choose(pool, loop);
        boolean others = slot != null && (slot.settings != settings || slot.hasOthersNames);
        if (slot != null && settings != null && others && !pool.limits.roundRobin()) {
            slot = withSettings(slot, settings);
        }
        if (slot == null || slot.loop != loop || !slot.isProven(now)) {
            return null;
        }
        pool.cameBack(now);
        takeIdle(slot, now);
        return slot;
    }

    /**
     * Takes exactly this one if it is idle on this event loop and nobody waits for it: for the session that used it last.
     */
    boolean takeAgain(ServerSlot slot, int loop, long now) {
        PoolState pool = slot.pool;
        boolean ready = slot.state == SlotState.IDLE && slot.loop == loop && slot.isProven(now);
        if (!ready || pool.isWaitedFor(slot.loop) || pool.isPaused()) {
            return false;
        }
        pool.cameBack(now);
        takeIdle(slot, now);
        return true;
    }

    /**
     * Takes the connection that has been idle longest if it was not proven alive since the given time, to check it.
     * When given back it keeps its age.
     */
    @Nullable
    ServerSlot takeForCheck(PoolState pool, long provenSince, long now) {
        for (ServerSlot slot = pool.idle.oldest(); slot != null; slot = slot.newer) {
            if (slot.lastProvenAlive - provenSince < 0) {
                long lastUsed = slot.lastUsed;
                takeIdle(slot, now);
                slot.lastUsed = lastUsed;
                slot.beingChecked = true;
                return slot;
            }
        }
        return null;
    }

    @Nullable
    private static ServerSlot choose(PoolState pool, int loop) {
        IdleSlots idle = pool.idle;
        boolean roundRobin = pool.limits.roundRobin();
        if (pool.spread != null || !roundRobin || pool.limits.sameLoopFirst()) {
            ServerSlot near = roundRobin ? idle.oldestOn(loop) : idle.newestOn(loop);
            if (near != null || pool.spread != null) {
                return near;
            }
        }
        return roundRobin ? idle.oldest() : idle.newest();
    }

    /**
     * The newest one on the loop of {@code newest} that has these settings, else {@code newest}. Among those that have
     * them, and among those that do not, one without names of others is preferred.
     */
    private static ServerSlot withSettings(ServerSlot newest, Object settings) {
        ServerSlot slot = newest;
        ServerSlot same = null;
        ServerSlot other = null;
        for (int i = 0; i < MOST_COMPARED && slot != null; i++) {
            if (slot.settings == settings) {
                if (!slot.hasOthersNames) {
                    return slot;
                }
                same = same == null ? slot : same;
            } else if (other == null && !slot.hasOthersNames) {
                other = slot;
            }
            slot = slot.olderOnLoop;
        }
        if (same != null) {
            return same;
        }
        return other == null ? newest : other;
    }

    private void takeIdle(ServerSlot slot, long now) {
        slot.pool.idle.remove(slot);
        host.idle--;
        use(slot, now);
    }

    private void use(ServerSlot slot, long now) {
        slot.state = SlotState.IN_USE;
        slot.pool.inUse++;
        slot.pool.lastUsed = now;
        slot.lastUsed = now;
        host.inUse++;
    }

    /**
     * Queues a waiter, first come, first served. It is handed a connection, or refused, by a later action; being
     * refused because the queue is full is decided at once.
     *
     * @param deadline when it is refused, or {@link ServerSlot#NEVER}
     */
    void enqueue(PoolState pool, Waiter waiter, long deadline, long now, Actions actions) {
        int maxWaiting = pool.limits.maxWaiting();
        if (maxWaiting > 0 && pool.waiters.size() >= maxWaiting) {
            actions.refuse(waiter, RefuseReason.QUEUE_FULL, pool.bottleneck());
            return;
        }
        admission.collectLingeringWhenDue(now, actions);
        pool.cameBack(now);
        pool.waiters.add(waiter.node(), deadline, now);
        host.waiting++;
        if (pool.limits.usesReserve()) {
            host.wakeBy(now + pool.limits.reserveTimeout(), now, actions);
        }
        serveQueued(pool, waiter, now, actions);
    }

    /**
     * Puts a waiter back to its place in the queue, with its deadline, because the connection that was handed over to
     * it broke before it got there. The caller reports that connection as {@link #closed}, before or after.
     */
    void enqueueAgain(PoolState pool, Waiter waiter, long now, Actions actions) {
        pool.waiters.addAgain(waiter.node());
        host.waiting++;
        serveQueued(pool, waiter, now, actions);
    }

    private void serveQueued(PoolState pool, Waiter waiter, long now, Actions actions) {
        ServerSlot slot = pool.isPaused() ? null : choose(pool, waiter.loop());
        if (slot != null) {
            WaiterNode first = pollWaiter(slot);
            if (slot.isProven(now)) {
                takeIdle(slot, now);
                actions.handOver(slot, first.waiter);
            } else {
                check(slot, first, now, actions);
            }
            return;
        }
        long deadline = waiter.node().deadline;
        if (deadline != ServerSlot.NEVER) {
            host.wakeBy(deadline, now, actions);
        }
        admission.seek(pool, now, actions);
        ServerSlot elsewhere = pool.idle.oldest();
        if (elsewhere != null && !admission.changesLoop(elsewhere, now, actions)) {
            admission.becameIdle(pool, now, actions);
        }
    }

    /** Has an idle connection checked and given to a waiter then. */
    private void check(ServerSlot slot, WaiterNode node, long now, Actions actions) {
        takeIdle(slot, now);
        claim(slot, node, now, actions);
        actions.check(slot);
    }

    /**
     * Has a waiter wait for this connection and no other: it is next, whoever else waits for one. When the connection is
     * closed meanwhile, it queues like everybody. Returns false, and does nothing, when it cannot have it.
     *
     * @param deadline when it is refused, or {@link ServerSlot#NEVER}
     */
    boolean claim(ServerSlot slot, Waiter waiter, long deadline, long now, Actions actions) {
        PoolState pool = slot.pool;
        boolean reachable = pool.spread == null || slot.loop == waiter.loop();
        if (!reachable || pool.isPaused()) {
            return false;
        }
        WaiterNode node = waiter.node();
        node.arrivedAt = now;
        node.deadline = deadline;
        if (slot.state == SlotState.IDLE) {
            pool.cameBack(now);
            if (slot.isProven(now)) {
                takeIdle(slot, now);
                actions.handOver(slot, waiter);
            } else {
                check(slot, node, now, actions);
            }
            return true;
        }
        if (slot.state != SlotState.IN_USE || slot.closesAtRelease() || slot.claimant != null) {
            return false;
        }
        claim(slot, node, now, actions);
        return true;
    }

    private void claim(ServerSlot slot, WaiterNode node, long now, Actions actions) {
        node.claimed = slot;
        slot.claimant = node;
        slot.pool.claiming++;
        host.claims.add(node);
        if (node.deadline != ServerSlot.NEVER) {
            host.wakeBy(node.deadline, now, actions);
        }
    }

    private void unclaim(WaiterNode node, ServerSlot slot) {
        node.claimed = null;
        slot.claimant = null;
        slot.pool.claiming--;
        host.claims.remove(node);
    }

    /** Whoever has waited for a connection that is closing queues like everybody. */
    private void release(ServerSlot slot, long now, Actions actions) {
        WaiterNode node = slot.claimant;
        if (node != null && slot.state != SlotState.IN_USE) {
            unclaim(node, slot);
            enqueueAgain(slot.pool, node.waiter, now, actions);
        }
    }

    private void refuseClaims(@Nullable PoolState pool, RefuseReason reason, long now, Actions actions) {
        for (int i = host.claims.size() - 1; i >= 0; i--) {
            WaiterNode node = host.claims.get(i);
            ServerSlot slot = node.claimed;
            boolean late = node.deadline != ServerSlot.NEVER && now - node.deadline >= 0;
            if (slot != null && (pool == null ? late : slot.pool == pool)) {
                unclaim(node, slot);
                actions.refuse(node.waiter, reason, Bottleneck.POOL_SIZE);
            } else if (node.deadline != ServerSlot.NEVER) {
                host.wakeBy(node.deadline, now, actions);
            }
        }
    }

    /**
     * Takes a waiter out of its queue: its client left, or canceled. Returns false when it does not queue: then a
     * connection was handed over or it was refused already, and whoever delivers that gives the connection back.
     */
    boolean withdraw(Waiter waiter, long now, Actions actions) {
        WaiterNode node = waiter.node();
        ServerSlot claimed = node.claimed;
        if (claimed != null) {
            unclaim(node, claimed);
            return true;
        }
        PoolState pool = node.pool;
        if (pool == null) {
            return false;
        }
        pool.waiters.remove(node);
        host.waiting--;
        admission.trim(pool, now, actions);
        return true;
    }

    /** Refuses all waiters of a pool, as when the server refuses the login. */
    void refuseAll(PoolState pool, RefuseReason reason, long now, Actions actions) {
        Bottleneck bottleneck = pool.bottleneck();
        while (!pool.waiters.isEmpty()) {
            WaiterNode node = pool.waiters.poll();
            if (node != null) {
                host.waiting--;
                actions.refuse(node.waiter, reason, bottleneck);
            }
        }
        if (reason != RefuseReason.NO_SERVER) {
            refuseClaims(pool, reason, now, actions);
        }
        admission.trim(pool, now, actions);
    }

    /** A connection is free and clean: it goes to the longest waiter, to another pool that is owed it, or idles. */
    void giveBack(ServerSlot slot, long now, Actions actions) {
        requireState(slot, SlotState.IN_USE);
        boolean checked = slot.beingChecked;
        slot.beingChecked = false;
        slot.lastProvenAlive = now;
        if (!checked) {
            slot.lastUsed = now;
            slot.pool.gaveBack(now);
        }
        admission.collectLingeringWhenDue(now, actions);
        CloseReason reason = reasonToClose(slot, now);
        if (reason != null) {
            close(slot, reason, now, actions);
        } else if (!admission.yieldsSlot(slot, now, actions) && !admission.changesLoop(slot, now, actions)) {
            slot.pool.inUse--;
            host.inUse--;
            handOverOrIdle(slot, checked, now, actions);
        }
        release(slot, now, actions);
    }

    @Nullable
    private CloseReason reasonToClose(ServerSlot slot, long now) {
        PoolState pool = slot.pool;
        if (slot.closeAtRelease != null) {
            return slot.closeAtRelease;
        }
        if (slot.generation != pool.generation) {
            return pool.reasonToRetire;
        }
        if (slot.isExpired(now)) {
            return CloseReason.LIFETIME;
        }
        if (pool.isPaused()) {
            return CloseReason.PAUSED;
        }
        if (pool.isOversized()
                || pool.user.cap.isExceeded()
                || pool.database.cap.isExceeded()
                || host.cap.isExceeded()) {
            return CloseReason.POOL_SHRUNK;
        }
        return null;
    }

    private void handOverOrIdle(ServerSlot slot, boolean keepsAge, long now, Actions actions) {
        PoolState pool = slot.pool;
        WaiterNode claimant = slot.claimant;
        if (claimant != null) {
            unclaim(claimant, slot);
            use(slot, now);
            actions.handOver(slot, claimant.waiter);
            return;
        }
        if (pool.isWaitedFor(slot.loop)) {
            WaiterNode node = pollWaiter(slot);
            use(slot, now);
            actions.handOver(slot, node.waiter);
            admission.trim(pool, now, actions);
            return;
        }
        slot.state = SlotState.IDLE;
        host.idle++;
        if (keepsAge) {
            pool.idle.addByAge(slot);
        } else {
            slot.idleSince = now;
            pool.idle.addNewest(slot);
        }
        admission.becameIdle(pool, now, actions);
    }

    /** The longest waiter for whom this slot is of use. */
    private WaiterNode pollWaiter(ServerSlot slot) {
        WaiterQueue waiters = slot.pool.waiters;
        WaiterNode node = slot.pool.spread == null ? waiters.poll() : waiters.pollOn(slot.loop);
        if (node == null) {
            throw new IllegalStateException("nobody waits");
        }
        host.waiting--;
        return node;
    }

    // --- opening and closing

    /** A connection is open and logged in. */
    void opened(ServerSlot slot, long now, Actions actions) {
        requireState(slot, SlotState.OPENING);
        PoolState pool = slot.pool;
        slot.lastUsed = now;
        slot.lastProvenAlive = now;
        host.opened(now - slot.createdAt);
        CloseReason reason = slot.closeAtRelease;
        if (reason == null && slot.generation != pool.generation) {
            reason = pool.reasonToRetire;
        } else if (reason == null && pool.isPaused()) {
            reason = CloseReason.PAUSED;
        }
        if (reason != null) {
            close(slot, reason, now, actions);
        } else {
            admission.openingEnds(slot);
            slot.state = SlotState.IN_USE;
            pool.inUse++;
            host.inUse++;
            if (pool.isWaitedFor(slot.loop)
                    || (!admission.yieldsSlot(slot, now, actions) && !admission.changesLoop(slot, now, actions))) {
                pool.inUse--;
                host.inUse--;
                handOverOrIdle(slot, false, now, actions);
            }
        }
        admission.logIn(now, actions);
    }

    /**
     * A connection could not be opened, and its socket is closed. Its waiters stay queued; no other attempt is made
     * for this pool before {@code retryAt}.
     */
    void openFailed(ServerSlot slot, long retryAt, long now, Actions actions) {
        holdOpens(slot.pool, retryAt, now, actions);
        forget(slot, now, actions);
        admission.logIn(now, actions);
    }

    /** Has the connection closed for a reason of the caller's: it broke, or could not be reset. */
    void close(ServerSlot slot, CloseReason reason, long now, Actions actions) {
        boolean wasOpening = slot.state == SlotState.OPENING;
        admission.close(slot, reason, now, actions);
        admission.seek(slot.pool, now, actions);
        if (wasOpening) {
            admission.logIn(now, actions);
        }
        release(slot, now, actions);
    }

    /** The socket of a connection is closed, whether that was asked for or not. Called once for each. */
    void closed(ServerSlot slot, long now, Actions actions) {
        forget(slot, now, actions);
        admission.logIn(now, actions);
        release(slot, now, actions);
    }

    private void forget(ServerSlot slot, long now, Actions actions) {
        if (slot.state != SlotState.CLOSING) {
            admission.beginClosing(slot, now);
        }
        admission.gone(slot, now, actions);
    }

    /** No connection of the pool is opened before this time: backoff after a failure. */
    void holdOpens(PoolState pool, long until, long now, Actions actions) {
        pool.holdsOpens = true;
        pool.holdOpensUntil = until;
        admission.trim(pool, now, actions);
        host.wakeBy(until, now, actions);
    }

    /** No connection to the whole host is opened before this time: it cannot be reached. */
    void holdOpens(long until, long now, Actions actions) {
        host.holdsOpens = true;
        host.holdOpensUntil = until;
        for (PoolState pool : host.pools) {
            admission.trim(pool, now, actions);
        }
        host.wakeBy(until, now, actions);
    }

    /** Ends {@link #holdOpens} of the host and of all its pools: it answers again. */
    void stopHoldingOpens(long now, Actions actions) {
        host.holdsOpens = false;
        for (PoolState pool : host.pools) {
            pool.holdsOpens = false;
            admission.seek(pool, now, actions);
        }
    }

    /** The same for one pool. */
    void stopHoldingOpens(PoolState pool, long now, Actions actions) {
        pool.holdsOpens = false;
        admission.seek(pool, now, actions);
    }

    // --- another connection in the place of one in use

    /** A connection in use is closed, and another one may be opened in its place; false for not yet: too many log in. */
    boolean replace(ServerSlot slot) {
        requireState(slot, SlotState.IN_USE);
        if (!host.mayLogIn()) {
            return false;
        }
        host.opening++;
        return true;
    }

    /** That has been opened: the slot goes on as it is. */
    void replaced(ServerSlot slot, long now, Actions actions) {
        host.opening--;
        slot.lastUsed = now;
        slot.lastProvenAlive = now;
        admission.logIn(now, actions);
    }

    /** It could not be opened: the slot is closed. As {@link #openFailed}. */
    void replaceFailed(ServerSlot slot, long retryAt, long now, Actions actions) {
        host.opening--;
        holdOpens(slot.pool, retryAt, now, actions);
        closed(slot, now, actions);
    }

    // --- upkeep

    /**
     * Periodic: deadlines of waiters, reserve, idle timeout, lifetime, minimum size, and whatever a time that has
     * passed makes possible. Actions tell when it should be called again at the latest.
     */
    void tick(long now, Actions actions) {
        refuseClaims(null, RefuseReason.QUEUE_TIMEOUT, now, actions);
        upkeep.tick(now, actions);
    }

    // --- pause, reconnect, reload

    /** Hands out nothing of the pool from now on; closes what is idle, and the rest as it is given back. */
    void pause(PoolState pool, long now, Actions actions) {
        pool.paused = true;
        closeIdle(pool, CloseReason.PAUSED, now, actions);
        admission.trim(pool, now, actions);
    }

    void pause(DatabaseState database, long now, Actions actions) {
        database.paused = true;
        for (PoolState pool : database.pools) {
            closeIdle(pool, CloseReason.PAUSED, now, actions);
            admission.trim(pool, now, actions);
        }
    }

    void resume(PoolState pool, long now, Actions actions) {
        pool.paused = false;
        admission.seek(pool, now, actions);
    }

    void resume(DatabaseState database, long now, Actions actions) {
        database.paused = false;
        for (PoolState pool : database.pools) {
            admission.seek(pool, now, actions);
        }
    }

    /** Closes what is idle. */
    void closeIdle(PoolState pool, CloseReason reason, long now, Actions actions) {
        for (ServerSlot slot = pool.idle.oldest(); slot != null; slot = pool.idle.oldest()) {
            admission.close(slot, reason, now, actions);
        }
    }

    /** Closes what is idle but for the {@code keep} connections used last; returns how many those are. */
    int closeIdle(PoolState pool, int keep, CloseReason reason, long now, Actions actions) {
        while (pool.idle.size() > keep) {
            admission.close(requireNonNull(pool.idle.oldest()), reason, now, actions);
        }
        return pool.idle.size();
    }

    /** Has all connections of the pool closed: idle ones at once, the others when they are given back or opened. */
    void markForClose(PoolState pool, CloseReason reason, long now, Actions actions) {
        pool.generation++;
        pool.reasonToRetire = reason;
        closeIdle(pool, reason, now, actions);
    }

    /** Has one slot closed: at once when idle, else when it is given back. */
    void markForClose(ServerSlot slot, CloseReason reason, long now, Actions actions) {
        switch (slot.state) {
            case IDLE -> close(slot, reason, now, actions);
            case OPENING, IN_USE -> slot.closeAtRelease = reason;
            case CLOSING, CLOSED -> {}
        }
    }

    void reconfigure(PoolState pool, PoolLimits limits, long now, Actions actions) {
        if (!limits.equals(pool.limits)) {
            pool.limits = limits;
            admission.claimAnew(List.of(pool), now, actions);
        }
    }

    /** New limits of a database: see {@link #addDatabase}. */
    void reconfigure(DatabaseState database, int cap, int weight, int guaranteed, long now, Actions actions) {
        database.share.entitle(weight, guaranteed, now);
        if (cap != database.cap.limit()) {
            database.cap.limit(cap);
            admission.claimAnew(database.pools, now, actions);
        }
    }

    void reconfigure(UserState user, int cap, long now, Actions actions) {
        if (cap != user.cap.limit()) {
            user.cap.limit(cap);
            admission.claimAnew(user.pools, now, actions);
        }
    }

    void reconfigure(HostLimits limits, long now, Actions actions) {
        host.limits(limits);
        admission.claimAnew(host.pools, now, actions);
    }

    // --- the tree of states

    /**
     * Adds a database.
     *
     * @param cap most connections over all its pools, 0 for no limit
     * @param weight its part of the host's cap when there is not enough for all, at least 1
     * @param guaranteed connections it can always have
     */
    DatabaseState addDatabase(String name, int cap, int weight, int guaranteed, long now) {
        DatabaseState database = new DatabaseState(host, name, cap);
        database.share.entitle(weight, guaranteed, now);
        host.databases.add(database);
        return database;
    }

    /** Adds a user; {@code cap} is the most connections over all its pools on this host, 0 for no limit. */
    UserState addUser(String name, int cap) {
        return new UserState(name, cap);
    }

    PoolState addPool(DatabaseState database, UserState user, PoolLimits limits) {
        PoolState pool = new PoolState(database, user, limits);
        database.pools.add(pool);
        user.pools.add(pool);
        host.pools.add(pool);
        return pool;
    }

    /** Forgets a pool. Throws IllegalStateException unless it {@link PoolState#isForgettable}. */
    void remove(PoolState pool) {
        if (!pool.isForgettable()) {
            throw new IllegalStateException("the pool is in use");
        }
        pool.database.pools.remove(pool);
        pool.user.pools.remove(pool);
        host.pools.remove(pool);
        host.loginQueue.remove(pool);
    }

    /** Forgets a database and its pools. Throws IllegalStateException unless it {@link DatabaseState#isForgettable}. */
    void remove(DatabaseState database) {
        for (PoolState pool : List.copyOf(database.pools)) {
            remove(pool);
        }
        host.databases.remove(database);
    }

    private static void requireState(ServerSlot slot, SlotState expected) {
        if (slot.state != expected) {
            throw new IllegalStateException("slot is " + slot.state + ", not " + expected);
        }
    }
}

package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which pool gets the next server connection when a cap is in the way. Guarded by the host's lock.
 */
final class Admission {
    /*
     * A pool whose waiters need one more connection claims room under its user's cap, then its database's, then the
     * host's (Gate), keeping a reservation under those it has passed. Where a cap is full it first looks for an idle
     * connection of another pool under that cap and has it closed; otherwise it queues there. It queues with one
     * claim at a time; several victims may be closing for it (promised), and several claims may wait for their turn
     * to log in (ready).
     *
     * Room that becomes free under a cap goes to the least served in that cap's queue (ShareQueue). Room made by
     * closing a victim belongs to the pool it was closed for: redeem() claims it in the same step in which the
     * victim stops counting, so nobody comes between, and no cap is exceeded for a moment.
     *
     * Invariant after each public operation: a queue is empty or its cap is full, and a pool that wants() more and
     * mayOpen() queues somewhere.
     */

    private final HostState host;
    private final List<UserState> usersWithRoom = new ArrayList<>();
    private final List<DatabaseState> databasesWithRoom = new ArrayList<>();

    Admission(HostState host) {
        this.host = host;
    }

    /** Claims connections for a pool whose demand or room has grown. */
    void seek(PoolState pool, long now, Actions actions) {
        while (pool.waitingAt == null && pool.wants() > 0 && pool.mayOpen()) {
            claimFromUser(pool, now, actions);
        }
    }

    private void claimFromUser(PoolState pool, long now, Actions actions) {
        if (pool.user.admits()) {
            pool.user.cap.reserve();
            claimFromDatabase(pool, now, actions);
        } else {
            evictOrQueue(pool, Gate.USER, now, actions);
        }
    }

    private void claimFromDatabase(PoolState pool, long now, Actions actions) {
        if (pool.database.admits()) {
            pool.database.cap.reserve();
            claimFromHost(pool, now, actions);
        } else {
            evictOrQueue(pool, Gate.DATABASE, now, actions);
        }
    }

    private void claimFromHost(PoolState pool, long now, Actions actions) {
        if (host.admits()) {
            host.cap.reserve();
            becomeReady(pool, now, actions);
        } else {
            evictOrQueue(pool, Gate.HOST, now, actions);
        }
    }

    private void evictOrQueue(PoolState pool, Gate gate, long now, Actions actions) {
        ServerSlot victim = leastRecentlyUsedIdle(pool, gate);
        if (victim == null) {
            queue(pool, gate, now);
        } else {
            close(victim, CloseReason.EVICTED, now, actions);
            promise(victim, pool, gate, now);
        }
    }

    /** Idle for the longest time among the other pools under the same cap, or null. */
    @Nullable
    private ServerSlot leastRecentlyUsedIdle(PoolState pool, Gate gate) {
        if (host.idle == 0) {
            return null;
        }
        List<PoolState> candidates = switch (gate) {
            case USER -> pool.user.pools;
            case DATABASE -> pool.database.pools;
            case HOST -> host.pools;
        };
        ServerSlot best = null;
        for (int i = 0; i < candidates.size(); i++) {
            ServerSlot oldest = candidates.get(i).idle.oldest();
            if (oldest != null && oldest.pool != pool && (best == null || oldest.idleSince - best.idleSince < 0)) {
                best = oldest;
            }
        }
        return best;
    }

    private static void promise(ServerSlot closing, PoolState pool, Gate gate, long now) {
        closing.freedFor = pool;
        closing.freedAt = gate;
        pool.promised++;
        pool.hold(1, now);
    }

    /** Takes a slot out of use and has its socket closed; it counts until {@link #gone}. */
    void close(ServerSlot slot, CloseReason reason, long now, Actions actions) {
        beginClosing(slot, now);
        actions.close(slot, reason);
    }

    void beginClosing(ServerSlot slot, long now) {
        PoolState pool = slot.pool;
        switch (slot.state) {
            case OPENING -> {
                pool.opening--;
                host.opening--;
            }
            case IDLE -> {
                pool.idle.remove(slot);
                host.idle--;
            }
            case IN_USE -> {
                pool.inUse--;
                host.inUse--;
            }
            case CLOSING, CLOSED -> throw new IllegalStateException("slot is " + slot.state + " already");
        }
        slot.state = SlotState.CLOSING;
        slot.beingChecked = false;
        pool.closing++;
        pool.user.cap.closingBegins();
        pool.database.cap.closingBegins();
        host.cap.closingBegins();
        pool.hold(-1, now);
    }

    /** The socket of a closing slot is closed: it counts no more, and its room goes to the most entitled. */
    void gone(ServerSlot slot, long now, Actions actions) {
        PoolState pool = slot.pool;
        slot.state = SlotState.CLOSED;
        pool.open--;
        pool.closing--;
        pool.user.cap.closed(true);
        pool.database.cap.closed(true);
        host.cap.closed(true);
        hasRoom(pool.user);
        hasRoom(pool.database);
        host.hasRoom = true;
        PoolState next = slot.freedFor;
        if (next != null) {
            Gate gate = slot.freedAt;
            slot.freedFor = null;
            slot.freedAt = null;
            redeem(next, gate == null ? Gate.USER : gate, now, actions);
        }
        distribute(now, actions);
        seek(pool, now, actions);
        distribute(now, actions);
    }

    /** Claims the room of a victim that was closed for this pool when it waited at the gate. */
    private void redeem(PoolState pool, Gate gate, long now, Actions actions) {
        pool.promised--;
        pool.hold(-1, now);
        releaseBefore(gate, pool);
        if (pool.wants() > 0 && pool.mayOpen()) {
            claimAtOnce(pool, now, actions);
            seek(pool, now, actions);
        }
    }

    /** Claims without regard for queues; a cap may be full only because the claim had not got to it yet. */
    private void claimAtOnce(PoolState pool, long now, Actions actions) {
        if (pool.user.cap.isFull()) {
            queueAgain(pool, Gate.USER, now, actions);
            return;
        }
        pool.user.cap.reserve();
        if (pool.database.cap.isFull()) {
            queueAgain(pool, Gate.DATABASE, now, actions);
            return;
        }
        pool.database.cap.reserve();
        if (host.cap.isFull()) {
            queueAgain(pool, Gate.HOST, now, actions);
            return;
        }
        host.cap.reserve();
        becomeReady(pool, now, actions);
    }

    /** Queues with the reservations it has; a pool that queues already keeps the place that is further on. */
    private void queueAgain(PoolState pool, Gate gate, long now, Actions actions) {
        Gate present = pool.waitingAt;
        if (present == null) {
            evictOrQueue(pool, gate, now, actions);
        } else if (present.compareTo(gate) < 0) {
            leaveQueue(pool, now);
            releaseBefore(present, pool);
            evictOrQueue(pool, gate, now, actions);
        } else {
            releaseBefore(gate, pool);
        }
    }

    private void queue(PoolState pool, Gate gate, long now) {
        pool.waitingAt = gate;
        host.waitingPools++;
        switch (gate) {
            case USER -> pool.user.queue.add(pool.userShare, now);
            case DATABASE -> pool.database.queue.add(pool.databaseShare, now);
            case HOST -> {
                if (pool.database.hostQueue.isEmpty()) {
                    host.queue.add(pool.database.share, now);
                }
                pool.database.hostQueue.add(pool.databaseShare, now);
            }
        }
    }

    /** Takes the pool out of the queue it is in; it keeps its reservations. */
    private void leaveQueue(PoolState pool, long now) {
        Gate gate = pool.waitingAt;
        if (gate == null) {
            throw new IllegalStateException("the pool waits at no gate");
        }
        pool.waitingAt = null;
        host.waitingPools--;
        switch (gate) {
            case USER -> pool.user.queue.remove(pool.userShare, now);
            case DATABASE -> pool.database.queue.remove(pool.databaseShare, now);
            case HOST -> {
                pool.database.hostQueue.remove(pool.databaseShare, now);
                if (pool.database.hostQueue.isEmpty()) {
                    host.queue.remove(pool.database.share, now);
                }
            }
        }
    }

    /** Gives up the reservations that a claim waiting at this gate holds. */
    private void releaseBefore(Gate gate, PoolState pool) {
        if (gate != Gate.USER) {
            pool.user.cap.release();
            hasRoom(pool.user);
        }
        if (gate == Gate.HOST) {
            pool.database.cap.release();
            hasRoom(pool.database);
        }
    }

    /** Gives up claims that the pool's waiters need no more, because they were served or have left. */
    void trim(PoolState pool, long now, Actions actions) {
        boolean opens = pool.mayOpen();
        Gate gate = pool.waitingAt;
        if (gate != null && (pool.wants() <= 0 || !opens)) {
            leaveQueue(pool, now);
            releaseBefore(gate, pool);
        }
        int needed = opens ? Math.max(0, pool.waiters.size() - pool.opening) : 0;
        if (pool.ready > needed) {
            dropReady(pool, pool.ready - needed, now);
        }
        distribute(now, actions);
    }

    private void dropReady(PoolState pool, int count, long now) {
        for (int i = 0; i < count; i++) {
            pool.ready--;
            pool.hold(-1, now);
            host.cap.release();
            host.hasRoom = true;
            releaseBefore(Gate.HOST, pool);
        }
    }

    private void hasRoom(UserState user) {
        if (!user.hasRoom && !user.queue.isEmpty()) {
            user.hasRoom = true;
            usersWithRoom.add(user);
        }
    }

    private void hasRoom(DatabaseState database) {
        if (!database.hasRoom && !database.queue.isEmpty()) {
            database.hasRoom = true;
            databasesWithRoom.add(database);
        }
    }

    /** Gives up all claims and makes them again, after limits have changed. */
    void claimAnew(long now, Actions actions) {
        for (PoolState pool : host.pools) {
            Gate gate = pool.waitingAt;
            if (gate != null) {
                leaveQueue(pool, now);
                releaseBefore(gate, pool);
            }
            dropReady(pool, pool.ready, now);
        }
        for (PoolState pool : host.pools) {
            seek(pool, now, actions);
        }
        distribute(now, actions);
        logIn(now, actions);
    }

    /** Gives room that has become free to the least served in the queues, in the order of the gates. */
    void distribute(long now, Actions actions) {
        while (true) {
            if (!usersWithRoom.isEmpty()) {
                distribute(usersWithRoom.remove(usersWithRoom.size() - 1), now, actions);
            } else if (!databasesWithRoom.isEmpty()) {
                distribute(databasesWithRoom.remove(databasesWithRoom.size() - 1), now, actions);
            } else if (host.hasRoom) {
                distributeHost(now, actions);
            } else {
                return;
            }
        }
    }

    private void distribute(UserState user, long now, Actions actions) {
        user.hasRoom = false;
        while (!user.cap.isFull()) {
            PoolState pool = neediest(user.queue, now);
            if (pool == null) {
                return;
            }
            leaveQueue(pool, now);
            if (pool.wants() > 0 && pool.mayOpen()) {
                user.cap.reserve();
                claimFromDatabase(pool, now, actions);
                seek(pool, now, actions);
            }
        }
    }

    private void distribute(DatabaseState database, long now, Actions actions) {
        database.hasRoom = false;
        while (!database.cap.isFull()) {
            PoolState pool = neediest(database.queue, now);
            if (pool == null) {
                return;
            }
            leaveQueue(pool, now);
            if (pool.wants() > 0 && pool.mayOpen()) {
                database.cap.reserve();
                claimFromHost(pool, now, actions);
                seek(pool, now, actions);
            } else {
                releaseBefore(Gate.DATABASE, pool);
            }
        }
    }

    private void distributeHost(long now, Actions actions) {
        host.hasRoom = false;
        while (!host.cap.isFull()) {
            Share share = host.queue.neediest(host.quantum, now);
            PoolState pool = share == null ? null : neediest(share.database.hostQueue, now);
            if (pool == null) {
                break;
            }
            leaveQueue(pool, now);
            if (pool.wants() > 0 && pool.mayOpen()) {
                host.cap.reserve();
                becomeReady(pool, now, actions);
                seek(pool, now, actions);
            } else {
                releaseBefore(Gate.HOST, pool);
            }
        }
        logIn(now, actions);
    }

    @Nullable
    private PoolState neediest(ShareQueue queue, long now) {
        Share share = queue.neediest(host.quantum, now);
        return share == null ? null : share.pool;
    }

    private void becomeReady(PoolState pool, long now, Actions actions) {
        pool.ready++;
        pool.hold(1, now);
        joinLogins(pool);
        logIn(now, actions);
    }

    private void joinLogins(PoolState pool) {
        if (pool.ready > 0 && !pool.inLoginQueue) {
            pool.inLoginQueue = true;
            host.loginQueue.add(pool);
        }
    }

    /** Starts as many of the logins whose turn it is as may go on at once. */
    void logIn(long now, Actions actions) {
        while (host.mayLogIn()) {
            PoolState pool = host.loginQueue.poll();
            if (pool == null) {
                return;
            }
            pool.inLoginQueue = false;
            if (!pool.mayOpen()) {
                dropReady(pool, pool.ready, now);
            } else if (pool.ready > 0) {
                pool.ready--;
                WaiterNode first = pool.waiters.first();
                open(pool, first == null ? host.nextLoop() : first.waiter.loop(), now, actions);
                joinLogins(pool);
            }
        }
    }

    private void open(PoolState pool, int loop, long now, Actions actions) {
        pool.user.cap.opening();
        pool.database.cap.opening();
        host.cap.opening();
        pool.open++;
        pool.opening++;
        host.opening++;
        actions.open(new ServerSlot(pool, loop, now));
    }

    /** Opens one that nobody waits for, if that takes nothing from anybody. Returns whether it did. */
    boolean openSpare(PoolState pool, long now, Actions actions) {
        if (!pool.mayOpen()
                || host.waitingPools > 0
                || !host.loginQueue.isEmpty()
                || !host.mayLogIn()
                || pool.room() == 0
                || !pool.user.admits()
                || !pool.database.admits()
                || !host.admits()) {
            return false;
        }
        pool.user.cap.reserve();
        pool.database.cap.reserve();
        host.cap.reserve();
        pool.hold(1, now);
        open(pool, host.nextLoop(), now, actions);
        return true;
    }

    /**
     * Whether a slot that is given back goes to another pool that waits for room, because its own pool has no use
     * for it or is ahead of its share. If so it is closing now.
     */
    boolean yieldsSlot(ServerSlot slot, long now, Actions actions) {
        if (host.waitingPools == 0) {
            return false;
        }
        PoolState pool = slot.pool;
        return yields(slot, pool.userShare, pool.user.queue, Gate.USER, now, actions)
                || yields(slot, pool.databaseShare, pool.database.queue, Gate.DATABASE, now, actions)
                || yieldsToDatabase(slot, now, actions)
                || yields(slot, pool.databaseShare, pool.database.hostQueue, Gate.HOST, now, actions);
    }

    private boolean yieldsToDatabase(ServerSlot slot, long now, Actions actions) {
        Share next = host.queue.neediest(host.quantum, now);
        if (next == null || next.database == slot.pool.database) {
            return false;
        }
        return shouldYield(slot.pool, slot.pool.database.share, next, now)
                && yieldTo(neediest(next.database.hostQueue, now), slot, Gate.HOST, now, actions);
    }

    private boolean yields(ServerSlot slot, Share own, ShareQueue queue, Gate gate, long now, Actions actions) {
        Share next = queue.neediest(host.quantum, now);
        return next != null
                && next != own
                && shouldYield(slot.pool, own, next, now)
                && yieldTo(next.pool, slot, gate, now, actions);
    }

    private boolean shouldYield(PoolState pool, Share own, Share next, long now) {
        if (pool.waiters.isEmpty()) {
            return true;
        }
        if (own.isWithinGuarantee() && !next.isBelowGuarantee()) {
            return false;
        }
        if (next.isBelowGuarantee() && !own.isWithinGuarantee()) {
            return true;
        }
        own.settle(now);
        return own.outlook(0, host.quantum) > next.outlook(1, host.quantum) + host.quantum;
    }

    private boolean yieldTo(@Nullable PoolState next, ServerSlot slot, Gate gate, long now, Actions actions) {
        if (next == null) {
            return false;
        }
        boolean needed = !slot.pool.waiters.isEmpty();
        leaveQueue(next, now);
        close(slot, needed ? CloseReason.FAIR_SHARE : CloseReason.EVICTED, now, actions);
        promise(slot, next, gate, now);
        seek(next, now, actions);
        seek(slot.pool, now, actions);
        return true;
    }
}

package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import java.util.ArrayList;
import java.util.List;

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
     * closing a victim (chosen by FairSharing) belongs to the pool it was closed for: redeem() claims it in the same
     * step in which the victim stops counting, so nobody comes between, and no cap is exceeded for a moment.
     *
     * Invariant after each public operation: a queue is empty or its cap is full, and a pool that wants() more and
     * mayOpen() queues somewhere.
     */

    private final HostState host;
    private final FairSharing sharing;
    private final List<UserState> usersWithRoom = new ArrayList<>();
    private final List<DatabaseState> databasesWithRoom = new ArrayList<>();

    Admission(HostState host) {
        this.host = host;
        this.sharing = new FairSharing(host);
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
        ServerSlot victim = sharing.victim(pool, gate, now);
        if (victim == null) {
            queue(pool, gate, now);
            if (host.idle > 0) {
                lookAgain(now + host.linger(), now, actions);
            }
        } else {
            close(victim, CloseReason.EVICTED, now, actions);
            promise(victim, pool, gate, now);
        }
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
            case OPENING -> openingEnds(slot);
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
        if (pool.spread != null) {
            pool.spread.closingBegins(slot.loop);
        }
        pool.user.cap.closingBegins();
        pool.database.cap.closingBegins();
        host.cap.closingBegins();
        pool.hold(-1, now);
    }

    void openingEnds(ServerSlot slot) {
        slot.pool.opening--;
        host.opening--;
        if (slot.pool.spread != null) {
            slot.pool.spread.openingEnds(slot.loop);
        }
    }

    /** The socket of a closing slot is closed: it counts no more, and its room goes to the most entitled. */
    void gone(ServerSlot slot, long now, Actions actions) {
        PoolState pool = slot.pool;
        slot.state = SlotState.CLOSED;
        if (--pool.open == 0) {
            host.openPools.remove(pool);
        }
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
            case USER -> pool.user.queue.add(pool.userShare, host.quantum(), now);
            case DATABASE -> pool.database.queue.add(pool.databaseShare, host.quantum(), now);
            case HOST -> {
                if (pool.database.hostQueue.isEmpty()) {
                    host.queue.add(pool.database.share, host.quantum(), now);
                }
                pool.database.hostQueue.add(pool.databaseShare, host.quantum(), now);
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

    /** Has these pools give up their claims and make them again, after limits have changed. */
    void claimAnew(List<PoolState> pools, long now, Actions actions) {
        for (int i = 0; i < pools.size(); i++) {
            PoolState pool = pools.get(i);
            Gate gate = pool.waitingAt;
            if (gate != null) {
                leaveQueue(pool, now);
                releaseBefore(gate, pool);
            }
            dropReady(pool, pool.ready, now);
            hasRoom(pool.user);
            hasRoom(pool.database);
        }
        host.hasRoom = true;
        distribute(now, actions);
        for (int i = 0; i < pools.size(); i++) {
            seek(pools.get(i), now, actions);
        }
        distribute(now, actions);
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
            PoolState pool = sharing.neediest(user.queue, now);
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
            PoolState pool = sharing.neediest(database.queue, now);
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
            PoolState pool = sharing.neediestAtHost(now);
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
                open(pool, loopToOpenOn(pool), now, actions);
                joinLogins(pool);
            }
        }
    }

    private int loopToOpenOn(PoolState pool) {
        WaiterNode first = pool.waiters.first();
        if (first == null) {
            return host.nextLoop();
        }
        return pool.spread == null ? first.loop : pool.spread.neediest(first.loop);
    }

    private void open(PoolState pool, int loop, long now, Actions actions) {
        pool.user.cap.opening();
        pool.database.cap.opening();
        host.cap.opening();
        if (pool.open++ == 0) {
            host.openPools.add(pool);
        }
        pool.opening++;
        host.opening++;
        if (pool.spread != null) {
            pool.spread.openingBegins(loop);
        }
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
     * Whether a slot that is free goes to another pool that waits for room, because its own pool has no use for it or
     * is ahead of its share. If so it is closing now.
     */
    boolean yieldsSlot(ServerSlot slot, long now, Actions actions) {
        PoolState heir = sharing.heir(slot, now);
        Gate gate = heir == null ? null : heir.waitingAt;
        if (heir == null || gate == null) {
            return false;
        }
        PoolState pool = slot.pool;
        leaveQueue(heir, now);
        close(slot, pool.waiters.isEmpty() ? CloseReason.EVICTED : CloseReason.FAIR_SHARE, now, actions);
        promise(slot, heir, gate, now);
        seek(heir, now, actions);
        seek(pool, now, actions);
        return true;
    }

    /**
     * Whether a free slot is closed so that its pool can open one on another event loop. If so it is closing now, and
     * its room is the pool's.
     */
    boolean changesLoop(ServerSlot slot, long now, Actions actions) {
        if (!sharing.shouldChangeLoop(slot, now)) {
            return false;
        }
        PoolState pool = slot.pool;
        close(slot, CloseReason.OTHER_LOOP, now, actions);
        promise(slot, pool, Gate.USER, now);
        trim(pool, now, actions);
        seek(pool, now, actions);
        return true;
    }

    /** A slot that has become idle is for others that wait, when it has lingered. */
    void becameIdle(PoolState pool, long now, Actions actions) {
        seek(pool, now, actions); // its waiters may be on other event loops
        if (host.waitingPools > 0 || !pool.waiters.isEmpty()) {
            lookAgain(now + host.linger(), now, actions);
        }
    }

    private void lookAgain(long time, long now, Actions actions) {
        if (!host.looksAgain || time - host.looksAgainAt < 0) {
            host.looksAgain = true;
            host.looksAgainAt = time;
        }
        host.wakeBy(host.looksAgainAt, now, actions);
    }

    void collectLingeringWhenDue(long now, Actions actions) {
        if (host.looksAgain && now - host.looksAgainAt >= 0) {
            collectLingering(now, actions);
        }
    }

    /** Takes idle slots that have lingered long enough away from their pools, if others wait for room. */
    void collectLingering(long now, Actions actions) {
        host.looksAgain = false;
        for (int i = 0; i < host.openPools.size(); i++) {
            PoolState pool = host.openPools.get(i);
            if (host.waitingPools > 0 || !pool.waiters.isEmpty()) {
                collectLingering(pool, now, actions);
            }
        }
    }

    private void collectLingering(PoolState pool, long now, Actions actions) {
        ServerSlot slot = pool.idle.oldest();
        while (slot != null) {
            if (yieldsSlot(slot, now, actions) || changesLoop(slot, now, actions)) {
                slot = pool.idle.oldest(); // others may have gone with it
            } else {
                long due = slot.idleSince + host.linger();
                if (now - due < 0) {
                    lookAgain(due, now, actions);
                }
                slot = slot.newer;
            }
        }
    }
}

package dev.carpool.pool;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Counts everything again from the slots themselves and compares with the accounts. */
final class AccountsAudit {
    private final HostState host;
    private final Collection<ServerSlot> slots;

    private AccountsAudit(HostState host, Collection<ServerSlot> slots) {
        this.host = host;
        this.slots = slots;
    }

    /** Checks the accounts of a host that has exactly these slots. */
    static void check(HostState host, Collection<ServerSlot> slots) {
        new AccountsAudit(host, slots).check();
    }

    /** Checks that no idle connection is kept from somebody who waits for room, once it has lingered. */
    static void checkNothingLingers(HostState host, Collection<ServerSlot> slots, long now) {
        for (ServerSlot slot : slots) {
            boolean lingered = now - slot.idleSince >= host.linger() || !slot.pool.returnsSoon();
            if (slot.state == SlotState.IDLE && lingered && slot.pool.waiting() > 0) {
                assertTrue(slot.pool.coming() > 0 || !slot.pool.mayOpen(), () -> slot + " stays on a loop without use");
            } else if (slot.state == SlotState.IDLE && lingered) {
                for (PoolState pool : host.pools) {
                    assertFalse(wouldHelp(slot, pool), () -> slot + " could make room for " + pool);
                }
            }
        }
    }

    private void check() {
        Set<UserState> users = new HashSet<>();
        for (PoolState pool : host.pools) {
            checkPool(pool);
            users.add(pool.user);
        }
        for (DatabaseState database : host.databases) {
            checkDatabase(database);
        }
        users.forEach(this::checkUser);
        checkHost();
    }

    private void checkPool(PoolState pool) {
        assertEquals(count(pool, SlotState.OPENING), pool.opening(), () -> "opening of " + pool);
        assertEquals(count(pool, SlotState.IDLE), pool.idle(), () -> "idle of " + pool);
        assertEquals(count(pool, SlotState.IN_USE), pool.inUse(), () -> "in use of " + pool);
        assertEquals(count(pool, SlotState.CLOSING), pool.closing(), () -> "closing of " + pool);
        assertEquals(0, count(pool, SlotState.CLOSED), () -> "closed of " + pool);
        assertEquals(pool.opening() + pool.idle() + pool.inUse() + pool.closing(), pool.open());
        long promised = slots.stream().filter(slot -> slot.freedFor == pool).count();
        assertEquals(promised, pool.promised, () -> "promised to " + pool);
        checkIdleList(pool);
        checkWaiters(pool);
        checkClaims(pool);

        if (pool.spread != null) {
            checkSpread(pool, pool.spread);
        }

        int held = held(pool);
        assertEquals(held, pool.databaseShare.held(), () -> "held in its database by " + pool);
        assertEquals(held, pool.userShare.held(), () -> "held of its user by " + pool);
        assertTrue(pool.ready >= 0, () -> "ready of " + pool);
        assertTrue(pool.ready == 0 || pool.inLoginQueue, () -> "ready but out of the login queue: " + pool);
        assertTrue(pool.ready == 0 || !host.mayLogIn(), () -> "kept from logging in for no reason: " + pool);
        assertEquals(pool.waitingAt == Gate.USER, pool.userShare.index >= 0, () -> "queue of the user: " + pool);
        assertEquals(
                pool.waitingAt == Gate.DATABASE || pool.waitingAt == Gate.HOST,
                pool.databaseShare.index >= 0,
                () -> "queue of the database or host: " + pool);
        boolean shouldSeek = pool.wants() > 0 && pool.mayOpen();
        assertEquals(shouldSeek, pool.waitingAt != null, () -> "seeks room while it wants some: " + pool);
    }

    private int count(PoolState pool, SlotState state) {
        int count = 0;
        for (ServerSlot slot : slots) {
            count += slot.pool == pool && slot.state == state ? 1 : 0;
        }
        return count;
    }

    private static boolean wouldHelp(ServerSlot slot, PoolState pool) {
        if (pool.waitingAt == null) {
            return false;
        }
        return switch (pool.waitingAt) {
            case USER -> slot.pool.user == pool.user;
            case DATABASE -> slot.pool.database == pool.database;
            case HOST -> true;
        };
    }

    private void checkSpread(PoolState pool, LoopSpread spread) {
        for (int loop = 0; loop < 3; loop++) {
            int open = 0;
            int opening = 0;
            int waiting = 0;
            for (ServerSlot slot : slots) {
                if (slot.pool == pool && slot.loop == loop) {
                    open += slot.state == SlotState.CLOSING ? 0 : 1;
                    opening += slot.state == SlotState.OPENING ? 1 : 0;
                }
            }
            for (WaiterNode node = pool.waiters.first(); node != null; node = node.later) {
                waiting += node.loop == loop ? 1 : 0;
            }
            assertEquals(open, spread.slots(loop));
            assertEquals(opening, spread.opening(loop));
            assertEquals(waiting, spread.waiting(loop));
        }
    }

    private static int held(PoolState pool) {
        return pool.open() - pool.closing() + pool.promised + pool.ready;
    }

    private void checkIdleList(PoolState pool) {
        int listed = 0;
        ServerSlot previous = null;
        for (ServerSlot slot = pool.idle.newest(); slot != null; slot = slot.older) {
            assertEquals(SlotState.IDLE, slot.state);
            assertEquals(previous, slot.newer);
            assertTrue(previous == null || previous.idleSince - slot.idleSince >= 0, "idle list is ordered by age");
            previous = slot;
            listed++;
        }
        assertEquals(previous, pool.idle.oldest());
        assertEquals(listed, pool.idle());
        int onLoops = 0;
        for (int loop = 0; loop < 4; loop++) {
            for (ServerSlot slot = pool.idle.newestOn(loop); slot != null; slot = slot.olderOnLoop) {
                assertEquals(loop, slot.loop);
                onLoops++;
            }
        }
        assertEquals(listed, onLoops);
    }

    private void checkClaims(PoolState pool) {
        int claiming = 0;
        for (ServerSlot slot : slots) {
            WaiterNode node = slot.claimant;
            if (slot.pool == pool && node != null) {
                claiming++;
                assertEquals(SlotState.IN_USE, slot.state, () -> "claimed " + slot);
                assertEquals(slot, node.claimed);
                assertNull(node.pool, "a waiter waits for one thing");
                assertTrue(host.claims.contains(node));
            }
        }
        assertEquals(claiming, pool.claiming, () -> "claims of " + pool);
    }

    private void checkWaiters(PoolState pool) {
        int listed = 0;
        int askingReserve = 0;
        long arrivedAt = Long.MIN_VALUE;
        for (WaiterNode node = pool.waiters.first(); node != null; node = node.later) {
            assertEquals(pool, node.pool);
            assertTrue(node.arrivedAt >= arrivedAt, "waiters are in order of arrival");
            arrivedAt = node.arrivedAt;
            listed++;
            askingReserve += node.asksReserve ? 1 : 0;
        }
        assertEquals(listed, pool.waiting());
        assertEquals(askingReserve, pool.waiters.askingReserve());
        for (WaiterNode node = pool.waiters.first(); node != null && !pool.isPaused(); node = node.later) {
            ServerSlot ofUse = pool.spread == null ? pool.idle.newest() : pool.idle.newestOn(node.loop);
            assertNull(ofUse, () -> "waits while a connection of its pool is idle: " + pool);
        }
    }

    private void checkDatabase(DatabaseState database) {
        int held = 0;
        int reserved = 0;
        int queued = 0;
        int atHost = 0;
        for (PoolState pool : database.pools) {
            held += held(pool);
            reserved += pool.ready + (pool.waitingAt == Gate.HOST ? 1 : 0);
            queued += pool.waitingAt == Gate.DATABASE ? 1 : 0;
            atHost += pool.waitingAt == Gate.HOST ? 1 : 0;
        }
        for (ServerSlot slot : slots) {
            PoolState next = slot.freedFor;
            reserved += next != null && next.database == database && slot.freedAt == Gate.HOST ? 1 : 0;
        }
        assertEquals(held, database.share.held(), () -> "held by " + database);
        assertEquals(queued, database.queue.size(), () -> "queue of " + database);
        assertEquals(atHost, database.hostQueue.size(), () -> "host queue of " + database);
        assertEquals(atHost > 0, database.share.index >= 0, () -> "in the host's queue: " + database);
        assertEquals(queued + atHost > 0, database.contention.isContended(), () -> "contention in " + database);
        checkCap(database.cap, reserved, slots.stream().filter(s -> s.pool.database == database), database.queue);
    }

    private void checkUser(UserState user) {
        int reserved = 0;
        int queued = 0;
        for (PoolState pool : user.pools) {
            reserved += pool.ready + (pool.waitingAt == Gate.HOST || pool.waitingAt == Gate.DATABASE ? 1 : 0);
            queued += pool.waitingAt == Gate.USER ? 1 : 0;
        }
        for (ServerSlot slot : slots) {
            PoolState next = slot.freedFor;
            reserved += next != null && next.user == user && slot.freedAt != Gate.USER ? 1 : 0;
        }
        assertEquals(queued, user.queue.size(), () -> "queue of " + user.name);
        assertEquals(queued > 0, user.contention.isContended(), () -> "contention of " + user.name);
        checkCap(user.cap, reserved, slots.stream().filter(s -> s.pool.user == user), user.queue);
    }

    private void checkHost() {
        int reserved = 0;
        int opening = 0;
        int idle = 0;
        int inUse = 0;
        int waiting = 0;
        int waitingPools = 0;
        int claiming = 0;
        for (PoolState pool : host.pools) {
            reserved += pool.ready;
            opening += pool.opening();
            idle += pool.idle();
            inUse += pool.inUse();
            waiting += pool.waiting();
            claiming += pool.claiming;
            waitingPools += pool.waitingAt == null ? 0 : 1;
        }
        assertEquals(opening, host.opening());
        assertEquals(idle, host.idle());
        assertEquals(inUse, host.inUse());
        assertEquals(waiting, host.waiting());
        assertEquals(claiming, host.claims.size());
        assertEquals(waitingPools, host.waitingPools);
        assertEquals(!host.queue.isEmpty(), host.contention.isContended());
        checkCap(host.cap, reserved, slots.stream(), host.queue);
    }

    private static void checkCap(Cap cap, int reserved, java.util.stream.Stream<ServerSlot> counted, ShareQueue queue) {
        int[] open = new int[2];
        counted.forEach(slot -> {
            open[0]++;
            open[1] += slot.state == SlotState.CLOSING ? 1 : 0;
        });
        assertEquals(open[0], cap.open());
        assertEquals(open[1], cap.closing());
        assertEquals(reserved, cap.reserved());
        assertTrue(queue.isEmpty() || cap.isFull(), "somebody queues although there is room");
    }
}

package dev.carpool.pool;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PoolAccountsTest {
    private static final long MS = 1_000_000;

    private final Actions actions = new Actions();
    private long now = 1_000 * MS;

    @Test
    void opensConnectionForFirstWaiterAndHandsItOver() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        TestWaiter ann = new TestWaiter("ann");

        assertNull(accounts.take(pool, 0, now));
        accounts.enqueue(pool, ann, ServerSlot.NEVER, now, actions);
        ServerSlot slot = onlyOpen();
        assertEquals(1, pool.opening());
        accounts.opened(slot, now, actions);

        assertEquals(List.of("HAND_OVER ann"), drain());
        assertEquals(1, pool.inUse());
        assertEquals(0, pool.waiting());
    }

    @Test
    void reusesIdleConnectionWithoutQueueing() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        ServerSlot slot = openIdle(accounts, pool, 0);

        assertSame(slot, accounts.take(pool, 0, now));
        assertNull(accounts.take(pool, 0, now));
    }

    @Test
    void handsReleasedConnectionToLongestWaiter() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        accounts.enqueue(pool, new TestWaiter("bob"), ServerSlot.NEVER, now, actions);
        assertEquals(List.of(), drain());

        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("HAND_OVER bob"), drain());
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of(), drain());
        assertEquals(SlotState.IDLE, slot.state());
    }

    @Test
    void prefersIdleConnectionOnAskingLoopAndNewestOtherwise() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 3);
        ServerSlot onOne = openInUse(accounts, pool, 1);
        ServerSlot older = openInUse(accounts, pool, 0);
        ServerSlot newer = openInUse(accounts, pool, 0);
        accounts.giveBack(onOne, now++, actions);
        accounts.giveBack(older, now++, actions);
        accounts.giveBack(newer, now++, actions);

        assertSame(onOne, accounts.take(pool, 1, now));
        assertSame(newer, accounts.take(pool, 1, now));
        assertSame(older, accounts.take(pool, 0, now));
    }

    @Test
    void roundRobinTakesTheOneIdleLongest() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(3, 0, 0, 0, 0, 0, true, false));
        ServerSlot first = openInUse(accounts, pool, 1);
        ServerSlot second = openInUse(accounts, pool, 0);
        accounts.giveBack(first, now++, actions);
        accounts.giveBack(second, now++, actions);

        assertSame(first, accounts.take(pool, 0, now));
        assertSame(second, accounts.take(pool, 0, now));
    }

    @Test
    void opensNoMoreThanWaitersNeed() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 20);
        for (int i = 0; i < 3; i++) {
            accounts.enqueue(pool, new TestWaiter("w" + i), ServerSlot.NEVER, now, actions);
        }
        assertEquals(3, pool.opening());
    }

    @Test
    void withdrawnWaiterGetsNothing() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        TestWaiter ann = new TestWaiter("ann");
        accounts.enqueue(pool, ann, ServerSlot.NEVER, now, actions);
        ServerSlot slot = onlyOpen();

        assertTrue(accounts.withdraw(ann, now, actions));
        assertFalse(accounts.withdraw(ann, now, actions));
        accounts.opened(slot, now, actions);

        assertEquals(List.of(), drain());
        assertEquals(1, pool.idle());
    }

    @Test
    void refusesWaiterWhoseDeadlinePassed() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("ann"), now + 10 * MS, now, actions);
        assertTrue(actions.wakes());
        assertEquals(now + 10 * MS, actions.wakeAt());
        actions.clear();

        accounts.tick(now + 9 * MS, actions);
        assertEquals(List.of(), drain());
        accounts.tick(now + 10 * MS, actions);
        assertEquals(Bottleneck.POOL_SIZE, actions.bottleneck(0));
        assertEquals(List.of("REFUSE ann QUEUE_TIMEOUT"), drain());
    }

    @Test
    void refusesWaiterWhenQueueIsFull() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(1, 0, 0, 0, 0, 1, false, false));
        openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        accounts.enqueue(pool, new TestWaiter("bob"), ServerSlot.NEVER, now, actions);
        assertEquals(List.of("REFUSE bob QUEUE_FULL"), drain());
    }

    @Test
    void failedOpenKeepsWaitersAndTriesAgainLater() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        accounts.enqueue(pool, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        ServerSlot slot = onlyOpen();
        accounts.openFailed(slot, now + 5 * MS, now, actions);
        assertEquals(now + 5 * MS, actions.wakeAt());
        assertEquals(List.of(), drain());
        assertEquals(0, pool.open());

        accounts.tick(now + 4 * MS, actions);
        assertEquals(List.of(), drain());
        accounts.tick(now + 5 * MS, actions);
        assertEquals(List.of("OPEN joe@app"), drain());
    }

    @Test
    void evictsLeastRecentlyUsedIdleConnectionOfAnotherDatabaseAtHostCap() {
        PoolAccounts accounts = accounts(2);
        PoolState a = pool(accounts, "a", "joe", 2);
        PoolState b = pool(accounts, "b", "joe", 2);
        PoolState c = pool(accounts, "c", "joe", 2);
        ServerSlot ofA = openIdle(accounts, a, 0);
        now += 1_000 * MS;
        openIdle(accounts, b, 0);
        now += 1_000 * MS;

        accounts.enqueue(c, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        assertSame(ofA, actions.slot(0));
        assertEquals(List.of("CLOSE joe@a EVICTED"), drain());
        assertEquals(2, accounts.host().open());
        accounts.closed(ofA, now, actions);
        assertEquals(List.of("OPEN joe@c"), drain());
        assertEquals(2, accounts.host().open());
    }

    @Test
    void opensReserveConnectionForWaiterThatWaitedLong() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(1, 0, 1, 5 * MS, 0, 0, false, false));
        openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        accounts.enqueue(pool, new TestWaiter("bob"), ServerSlot.NEVER, now, actions);
        accounts.tick(now + 4 * MS, actions);
        assertEquals(List.of(), drain());
        accounts.tick(now + 5 * MS, actions);
        assertEquals(List.of("OPEN joe@app"), drain());
        accounts.tick(now + 50 * MS, actions);
        assertEquals(List.of(), drain());
    }

    @Test
    void closesConnectionWhoseLifetimeIsOverInsteadOfHandingItOver() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);
        slot.expireAt(now + MS);
        accounts.enqueue(pool, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        accounts.giveBack(slot, now + MS, actions);
        assertEquals(List.of("CLOSE joe@app LIFETIME"), drain());
        accounts.closed(slot, now, actions);
        assertEquals(List.of("OPEN joe@app"), drain());
    }

    @Test
    void keepsMinimumSizeOpen() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(5, 2, 0, 0, 10 * MS, 0, false, false));
        accounts.tick(now, actions);
        assertEquals(2, actions.size());
        List<ServerSlot> slots = List.of(actions.slot(0), actions.slot(1));
        actions.clear();
        slots.forEach(slot -> accounts.opened(slot, now, actions));
        accounts.tick(now + 100 * MS, actions);
        assertEquals(List.of(), drain());
        assertEquals(2, pool.idle());
    }

    @Test
    void closesIdleConnectionAfterIdleTimeout() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(5, 0, 0, 0, 10 * MS, 0, false, false));
        ServerSlot slot = openIdle(accounts, pool, 0);
        accounts.tick(now + 9 * MS, actions);
        assertEquals(List.of(), drain());
        accounts.tick(now + 10 * MS, actions);
        assertEquals(List.of("CLOSE joe@app IDLE_TIMEOUT"), drain());
        accounts.closed(slot, now, actions);
        assertTrue(pool.isForgettable());
    }

    @Test
    void pausedPoolHandsOutNothingAndClosesWhatComesBack() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        ServerSlot used = openInUse(accounts, pool, 0);
        ServerSlot idle = openIdle(accounts, pool, 0);
        accounts.pause(pool.database, now, actions);
        assertEquals(List.of("CLOSE joe@app PAUSED"), drain());
        accounts.closed(idle, now, actions);
        assertNull(accounts.take(pool, 0, now));
        accounts.enqueue(pool, new TestWaiter("ann"), ServerSlot.NEVER, now, actions);
        accounts.giveBack(used, now, actions);
        assertEquals(List.of("CLOSE joe@app PAUSED"), drain());
        accounts.closed(used, now, actions);
        assertEquals(List.of(), drain());
        accounts.resume(pool.database, now, actions);
        assertEquals(List.of("OPEN joe@app"), drain());
    }

    @Test
    void limitsConcurrentLogins() {
        PoolAccounts accounts = new PoolAccounts("db:5432", new HostLimits(0, 2, 50 * MS), 2);
        PoolState a = pool(accounts, "a", "joe", 5);
        PoolState b = pool(accounts, "b", "joe", 5);
        for (int i = 0; i < 3; i++) {
            accounts.enqueue(a, new TestWaiter("a" + i), ServerSlot.NEVER, now, actions);
        }
        accounts.enqueue(b, new TestWaiter("b0"), ServerSlot.NEVER, now, actions);
        ServerSlot first = actions.slot(0);
        assertEquals(List.of("OPEN joe@a", "OPEN joe@a"), drain());
        accounts.opened(first, now, actions);
        assertEquals(List.of("HAND_OVER a0", "OPEN joe@a"), drain());
        assertEquals(Bottleneck.LOGINS, b.bottleneck());
    }

    private PoolAccounts accounts(int hostCap) {
        return new PoolAccounts("db:5432", HostLimits.ofConnections(hostCap), 2);
    }

    private PoolState pool(PoolAccounts accounts, String database, String user, int size) {
        return pool(accounts, database, user, PoolLimits.ofSize(size));
    }

    private PoolState pool(PoolAccounts accounts, String database, String user, PoolLimits limits) {
        return accounts.addPool(accounts.addDatabase(database, 0, 1, 0, now), accounts.addUser(user, 0), limits);
    }

    private ServerSlot openInUse(PoolAccounts accounts, PoolState pool, int loop) {
        assertTrue(actions.isEmpty());
        accounts.enqueue(pool, new TestWaiter("opener", loop), ServerSlot.NEVER, now, actions);
        ServerSlot slot = onlyOpen();
        accounts.opened(slot, now, actions);
        assertEquals(List.of("HAND_OVER opener"), drain());
        return slot;
    }

    private ServerSlot openIdle(PoolAccounts accounts, PoolState pool, int loop) {
        ServerSlot slot = openInUse(accounts, pool, loop);
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of(), drain());
        return slot;
    }

    private ServerSlot onlyOpen() {
        assertEquals(1, actions.size());
        assertEquals(Actions.Kind.OPEN, actions.kind(0));
        ServerSlot slot = actions.slot(0);
        assertNotNull(slot);
        actions.clear();
        return slot;
    }

    private List<String> drain() {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < actions.size(); i++) {
            Actions.Kind kind = actions.kind(i);
            texts.add(kind
                    + switch (kind) {
                        case OPEN -> " " + actions.slot(i).pool;
                        case CLOSE -> " " + actions.slot(i).pool + " " + actions.closeReason(i);
                        case HAND_OVER -> " " + actions.waiter(i);
                        case REFUSE -> " " + actions.waiter(i) + " " + actions.refuseReason(i);
                    });
        }
        actions.clear();
        return texts;
    }
}

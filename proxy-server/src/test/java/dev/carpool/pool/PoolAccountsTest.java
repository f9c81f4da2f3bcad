package dev.carpool.pool;

import com.sun.management.ThreadMXBean;
import dev.carpool.server.CloseReason;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What the accounts decide, event by event: who gets which connection, what is opened, closed, evicted and refused. */
class PoolAccountsTest {
    private static final long MS = 1_000_000;

    private final Actions actions = new Actions();
    private long now = 1_000 * MS;

    @Test
    void opensConnectionForFirstWaiterAndHandsItOver() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        TestWaiter ann = new TestWaiter("ann");

        assertNull(accounts.take(pool, 0, null, now));
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

        assertSame(slot, accounts.take(pool, 0, null, now));
        assertNull(accounts.take(pool, 0, null, now));
    }

    @Test
    void handsReleasedConnectionToLongestWaiter() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);
        queue(accounts, pool, "ann");
        queue(accounts, pool, "bob");
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

        assertSame(onOne, accounts.take(pool, 1, null, now));
        assertNull(accounts.take(pool, 1, null, now), "it has to be brought there");
        accounts.enqueue(pool, new TestWaiter("ann", 1), ServerSlot.NEVER, now, actions);
        assertSame(newer, actions.slot(0));
        assertEquals(List.of("HAND_OVER ann"), drain());
        assertSame(older, accounts.take(pool, 0, null, now));
    }

    @Test
    void prefersIdleConnectionThatHasTheSettings() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 3);
        ServerSlot alike = openInUse(accounts, pool, 0);
        ServerSlot other = openInUse(accounts, pool, 0);
        ServerSlot elsewhere = openInUse(accounts, pool, 1);
        alike.settings = "german";
        other.settings = "french";
        elsewhere.settings = "german";
        accounts.giveBack(alike, now++, actions);
        accounts.giveBack(other, now++, actions);
        accounts.giveBack(elsewhere, now++, actions);

        assertSame(alike, accounts.take(pool, 0, "german", now));
        assertSame(other, accounts.take(pool, 0, "german", now), "any is better than none");
    }

    @Test
    void prefersIdleConnectionWithoutNamesOfOthers() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 4);
        ServerSlot clean = openInUse(accounts, pool, 0);
        ServerSlot cleanFrench = openInUse(accounts, pool, 0);
        ServerSlot alike = openInUse(accounts, pool, 0);
        ServerSlot newest = openInUse(accounts, pool, 0);
        clean.settings = "german";
        cleanFrench.settings = "french";
        alike.settings = "german";
        alike.hasOthersNames = true;
        newest.settings = "french";
        newest.hasOthersNames = true;
        for (ServerSlot slot : List.of(clean, cleanFrench, alike, newest)) {
            accounts.giveBack(slot, now++, actions);
        }

        assertSame(clean, accounts.take(pool, 0, "german", now));
        assertSame(alike, accounts.take(pool, 0, "german", now), "the settings matter more");
        assertSame(cleanFrench, accounts.take(pool, 0, "german", now));
        assertSame(newest, accounts.take(pool, 0, "german", now));
    }

    @Test
    void aConnectionIsReplacedInItsPlace() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);
        queue(accounts, pool, "ann");

        assertTrue(accounts.replace(slot));
        assertEquals(1, pool.open());
        accounts.replaced(slot, now, actions);
        assertEquals(List.of(), drain(), "it is its waiter's");
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
    }

    @Test
    void aConnectionThatCannotBeReplacedIsGone() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);

        assertTrue(accounts.replace(slot));
        accounts.replaceFailed(slot, now, now, actions);
        assertEquals(0, pool.open());
        assertEquals(0, accounts.host().opening());
        assertEquals(SlotState.CLOSED, slot.state());
    }

    @Test
    void replacementsCountAsLogins() {
        PoolAccounts accounts = new PoolAccounts("db:5432", new HostLimits(0, 1, 0), 2, true);
        PoolState pool = pool(accounts, "app", "joe", 3);
        ServerSlot one = openInUse(accounts, pool, 0);
        ServerSlot two = openInUse(accounts, pool, 0);

        assertTrue(accounts.replace(one));
        assertFalse(accounts.replace(two));
        queue(accounts, pool, "ann");
        assertEquals(List.of(), drain(), "nobody else logs in meanwhile");
        accounts.replaced(one, now, actions);
        assertFalse(accounts.replace(two), "it is ann's turn");
    }

    @Test
    void settingsDoNotMatterToRoundRobin() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(2, 0, 0, 0, 0, 0, true, false));
        ServerSlot first = openInUse(accounts, pool, 0);
        ServerSlot second = openInUse(accounts, pool, 0);
        second.settings = "german";
        accounts.giveBack(first, now++, actions);
        accounts.giveBack(second, now++, actions);

        assertSame(first, accounts.take(pool, 0, "german", now));
    }

    @Test
    void roundRobinTakesTheOneIdleLongest() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(3, 0, 0, 0, 0, 0, true, false));
        ServerSlot first = openInUse(accounts, pool, 1);
        ServerSlot second = openInUse(accounts, pool, 0);
        accounts.giveBack(first, now++, actions);
        accounts.giveBack(second, now++, actions);

        assertSame(first, accounts.take(pool, 1, null, now));
        assertSame(second, accounts.take(pool, 0, null, now));
    }

    @Test
    void opensNoMoreThanWaitersNeed() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 20);
        for (int i = 0; i < 3; i++) {
            queue(accounts, pool, "w" + i);
        }
        assertEquals(3, pool.opening());
    }

    @Test
    void aClaimIsServedByItsConnectionAlone() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        ServerSlot claimed = openInUse(accounts, pool, 0);
        ServerSlot other = openInUse(accounts, pool, 0);
        assertTrue(accounts.claim(claimed, new TestWaiter("ann"), ServerSlot.NEVER, now, actions));
        assertFalse(accounts.claim(claimed, new TestWaiter("eve"), ServerSlot.NEVER, now, actions));
        queue(accounts, pool, "bob");

        accounts.giveBack(other, now, actions);
        assertEquals(List.of("HAND_OVER bob"), drain());
        accounts.giveBack(other, now, actions);
        assertEquals(List.of(), drain());
        accounts.giveBack(claimed, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
        assertTrue(accounts.claim(other, new TestWaiter("joe"), ServerSlot.NEVER, now, actions));
        assertEquals(List.of("HAND_OVER joe"), drain());
    }

    @Test
    void aClaimEndsWithItsConnectionOrItsDeadline() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        ServerSlot claimed = openInUse(accounts, pool, 0);
        ServerSlot idle = openIdle(accounts, pool, 0);
        TestWaiter ann = new TestWaiter("ann");
        assertTrue(accounts.claim(claimed, ann, now + 10 * MS, now, actions));
        assertEquals(now + 10 * MS, actions.wakeAt());
        accounts.tick(now + 10 * MS, actions);
        assertEquals(List.of("REFUSE ann QUEUE_TIMEOUT"), drain());

        assertTrue(accounts.claim(claimed, ann, ServerSlot.NEVER, now, actions));
        accounts.close(claimed, CloseReason.RESET_FAILED, now, actions);
        assertTrue(drain().contains("HAND_OVER ann"));
        assertEquals(SlotState.IN_USE, idle.state());
    }

    @Test
    void withdrawnWaiterGetsNothing() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        TestWaiter ann = queue(accounts, pool, "ann");
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
        queue(accounts, pool, "ann");
        queue(accounts, pool, "bob");
        assertEquals(List.of("REFUSE bob QUEUE_FULL"), drain());
    }

    @Test
    void failedOpenKeepsWaitersAndTriesAgainLater() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        queue(accounts, pool, "ann");
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

        queue(accounts, c, "ann");
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
        queue(accounts, pool, "ann");
        queue(accounts, pool, "bob");
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
        queue(accounts, pool, "ann");
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
        assertNull(accounts.take(pool, 0, null, now));
        queue(accounts, pool, "ann");
        accounts.giveBack(used, now, actions);
        assertEquals(List.of("CLOSE joe@app PAUSED"), drain());
        accounts.closed(used, now, actions);
        assertEquals(List.of(), drain());
        accounts.resume(pool.database, now, actions);
        assertEquals(List.of("OPEN joe@app"), drain());
    }

    @Test
    void limitsConcurrentLogins() {
        PoolAccounts accounts = new PoolAccounts("db:5432", new HostLimits(0, 2, 50 * MS), 2, true);
        PoolState a = pool(accounts, "a", "joe", 5);
        PoolState b = pool(accounts, "b", "joe", 5);
        for (int i = 0; i < 3; i++) {
            accounts.enqueue(a, new TestWaiter("a" + i), ServerSlot.NEVER, now, actions);
        }
        queue(accounts, b, "b0");
        ServerSlot first = actions.slot(0);
        assertEquals(List.of("OPEN joe@a", "OPEN joe@a"), drain());
        accounts.opened(first, now, actions);
        assertEquals(List.of("HAND_OVER a0", "OPEN joe@a"), drain());
        assertEquals(Bottleneck.LOGINS, b.bottleneck());
    }

    @Test
    void evictsOnlyWithinTheDatabaseWhenItsCapIsReached() {
        PoolAccounts accounts = accounts(0);
        DatabaseState app = accounts.addDatabase("app", 1, 1, 0, now);
        PoolState joe = accounts.addPool(app, accounts.addUser("joe", 0), PoolLimits.ofSize(5));
        PoolState ann = accounts.addPool(app, accounts.addUser("ann", 0), PoolLimits.ofSize(5));
        PoolState other = pool(accounts, "other", "joe", 5);
        openIdle(accounts, other, 0);
        openIdle(accounts, joe, 0);
        now += 1_000 * MS;

        queue(accounts, ann, "w");
        assertEquals(List.of("CLOSE joe@app EVICTED"), drain());
        assertEquals(1, other.idle());
    }

    @Test
    void evictsOnlyConnectionsOfTheUserWhenItsCapIsReached() {
        PoolAccounts accounts = accounts(0);
        UserState joe = accounts.addUser("joe", 1);
        PoolState a = accounts.addPool(accounts.addDatabase("a", 0, 1, 0, now), joe, PoolLimits.ofSize(5));
        PoolState b = accounts.addPool(accounts.addDatabase("b", 0, 1, 0, now), joe, PoolLimits.ofSize(5));
        PoolState other = pool(accounts, "c", "ann", 5);
        openIdle(accounts, other, 0);
        ServerSlot victim = openIdle(accounts, a, 0);
        now += 1_000 * MS;

        queue(accounts, b, "w");
        assertEquals(List.of("CLOSE joe@a EVICTED"), drain());
        assertEquals(1, joe.open());
        accounts.closed(victim, now, actions);
        assertEquals(List.of("OPEN joe@b"), drain());
    }

    @Test
    void roomOfEvictedConnectionGoesToWhomItWasEvictedFor() {
        PoolAccounts accounts = accounts(1);
        PoolState a = pool(accounts, "a", "joe", 1);
        PoolState b = pool(accounts, "b", "joe", 1);
        PoolState c = pool(accounts, "c", "joe", 1);
        ServerSlot victim = openIdle(accounts, a, 0);
        now += 1_000 * MS;
        queue(accounts, b, "first");
        queue(accounts, c, "second");
        assertEquals(List.of("CLOSE joe@a EVICTED"), drain());
        assertEquals(Bottleneck.HOST_CAP, c.bottleneck());

        accounts.closed(victim, now, actions);
        assertEquals(List.of("OPEN joe@b"), drain());
    }

    @Test
    void roomThatNobodyNeedsAnyMoreGoesToTheNext() {
        PoolAccounts accounts = accounts(1);
        PoolState a = pool(accounts, "a", "joe", 1);
        PoolState b = pool(accounts, "b", "joe", 1);
        PoolState c = pool(accounts, "c", "joe", 1);
        ServerSlot victim = openIdle(accounts, a, 0);
        now += 1_000 * MS;
        TestWaiter first = queue(accounts, b, "first");
        queue(accounts, c, "second");
        assertTrue(accounts.withdraw(first, now, actions));
        actions.clear();

        accounts.closed(victim, now, actions);
        assertEquals(List.of("OPEN joe@c"), drain());
    }

    @Test
    void freshlyIdleConnectionLingersBeforeItIsEvicted() {
        PoolAccounts accounts = accounts(1);
        PoolState a = pool(accounts, "a", "joe", 1);
        PoolState b = pool(accounts, "b", "joe", 1);
        openIdle(accounts, a, 0);
        long linger = accounts.host().linger();
        queue(accounts, b, "w");
        assertTrue(actions.wakes());
        assertEquals(now + linger, actions.wakeAt());
        assertEquals(List.of(), drain());

        accounts.tick(now + linger - 1, actions);
        assertEquals(List.of(), drain());
        accounts.tick(now + linger, actions);
        assertEquals(List.of("CLOSE joe@a EVICTED"), drain());
    }

    @Test
    void connectionOfPoolWhoseClientsComeBackSlowlyDoesNotLinger() {
        PoolAccounts accounts = accounts(1);
        PoolState a = pool(accounts, "a", "joe", 1);
        PoolState b = pool(accounts, "b", "joe", 1);
        ServerSlot slot = openInUse(accounts, a, 0);
        for (int i = 0; i < 3; i++) {
            accounts.giveBack(slot, now, actions);
            now += 1_000 * MS;
            assertSame(slot, accounts.take(a, 0, null, now));
        }
        queue(accounts, b, "w");
        assertEquals(List.of(), drain());

        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("CLOSE joe@a EVICTED"), drain());
    }

    @Test
    void slotOfDatabaseAheadOfItsShareGoesToWaitingOneAlthoughItHasWaitersItself() {
        PoolAccounts accounts = accounts(1);
        PoolState a = pool(accounts, "a", "joe", 1);
        PoolState b = pool(accounts, "b", "joe", 1);
        ServerSlot slot = openInUse(accounts, a, 0);
        queue(accounts, a, "a1");
        queue(accounts, a, "a2");
        queue(accounts, b, "b1");
        actions.clear();

        now += 50 * MS;
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("HAND_OVER a1"), drain());
        now += MS;
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("CLOSE joe@a FAIR_SHARE"), drain());
        accounts.closed(slot, now, actions);
        ServerSlot ofB = onlyOpen();
        accounts.opened(ofB, now, actions);
        assertEquals(List.of("HAND_OVER b1"), drain());
        accounts.giveBack(ofB, now, actions);
        assertEquals(1, accounts.host().open());
    }

    @Test
    void guaranteedShareIsGivenBackAtOnce() {
        PoolAccounts accounts = accounts(2);
        DatabaseState vip = accounts.addDatabase("vip", 0, 1, 1, now);
        PoolState ofVip = accounts.addPool(vip, accounts.addUser("joe", 0), PoolLimits.ofSize(2));
        PoolState borrower = pool(accounts, "b", "joe", 2);
        ServerSlot first = openInUse(accounts, borrower, 0);
        ServerSlot second = openInUse(accounts, borrower, 0);
        queue(accounts, borrower, "b");
        queue(accounts, ofVip, "v1");
        queue(accounts, ofVip, "v2");
        assertEquals(List.of(), drain());

        accounts.giveBack(first, now, actions);
        assertEquals(List.of("CLOSE joe@b FAIR_SHARE"), drain());
        accounts.giveBack(second, now, actions);
        assertEquals(List.of("HAND_OVER b"), drain());
    }

    @Test
    void reconnectClosesIdleNowAndOthersAtRelease() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 3);
        ServerSlot used = openInUse(accounts, pool, 0);
        openIdle(accounts, pool, 0);
        queue(accounts, pool, "w");
        actions.clear();
        accounts.markForClose(pool, CloseReason.RECONNECT, now, actions);
        assertEquals(List.of(), drain());
        assertTrue(used.closesAtRelease());
        accounts.giveBack(used, now, actions);
        assertEquals(List.of("CLOSE joe@app RECONNECT"), drain());
        assertFalse(openInUse(accounts, pool, 0).closesAtRelease());
    }

    @Test
    void checkedConnectionKeepsItsAge() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", new PoolLimits(3, 0, 0, 0, 100 * MS, 0, false, false));
        ServerSlot old = openInUse(accounts, pool, 0);
        ServerSlot young = openInUse(accounts, pool, 0);
        accounts.giveBack(old, now, actions);
        now += 50 * MS;
        accounts.giveBack(young, now, actions);
        assertSame(old, accounts.takeForCheck(pool, now - 10 * MS, now));
        assertNull(accounts.takeForCheck(pool, now - 10 * MS, now));
        now += 5 * MS;
        accounts.giveBack(old, now, actions);

        assertNull(accounts.takeForCheck(pool, now - 10 * MS, now));
        assertSame(young, pool.idle.newest());
        accounts.tick(now + 45 * MS, actions);
        assertEquals(1, pool.idle());
    }

    @Test
    void sessionTakesItsLastConnectionAgainWhileItIsIdle() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        ServerSlot first = openInUse(accounts, pool, 0);
        ServerSlot second = openInUse(accounts, pool, 0);
        accounts.giveBack(first, now, actions);
        accounts.giveBack(second, now, actions);

        assertFalse(accounts.takeAgain(first, 1, now));
        assertTrue(accounts.takeAgain(first, 0, now));
        assertFalse(accounts.takeAgain(first, 0, now));
        assertEquals(1, pool.idle());
    }

    @Test
    void connectionIdleForLongIsCheckedBeforeAWaiterGetsItHoweverManyAreIdle() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        pool.provenFor = 10 * MS;
        ServerSlot one = openInUse(accounts, pool, 0);
        ServerSlot two = openInUse(accounts, pool, 0);
        accounts.giveBack(one, now, actions);
        accounts.giveBack(two, now, actions);
        now += 11 * MS;

        assertNull(accounts.take(pool, 0, null, now));
        queue(accounts, pool, "ann");
        ServerSlot checked = actions.slot(0);
        assertEquals(List.of("CHECK"), drain());
        assertEquals(1, pool.idle());

        accounts.giveBack(checked, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
        accounts.giveBack(checked, now, actions);
        assertSame(checked, accounts.take(pool, 0, null, now));
    }

    @Test
    void waiterWhoseConnectionDoesNotPassItsCheckGetsTheNext() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 2);
        pool.provenFor = 10 * MS;
        ServerSlot one = openInUse(accounts, pool, 0);
        ServerSlot two = openInUse(accounts, pool, 0);
        accounts.giveBack(one, now, actions);
        accounts.giveBack(two, now, actions);
        now += 11 * MS;
        queue(accounts, pool, "ann");
        ServerSlot broken = actions.slot(0);
        assertEquals(List.of("CHECK"), drain());

        accounts.closed(broken, now, actions);
        ServerSlot next = actions.slot(0);
        assertEquals(List.of("CHECK"), drain());
        accounts.giveBack(next, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
    }

    @Test
    void sessionGetsItsLastConnectionBackWhenThatIsChecked() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        pool.provenFor = 10 * MS;
        ServerSlot last = openIdle(accounts, pool, 0);
        now += 11 * MS;

        assertFalse(accounts.takeAgain(last, 0, now));
        assertTrue(accounts.claim(last, new TestWaiter("ann"), ServerSlot.NEVER, now, actions));
        assertEquals(List.of("CHECK"), drain());
        accounts.giveBack(last, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
    }

    @Test
    void waiterWhoseConnectionBrokeOnTheWayIsServedFirst() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);
        TestWaiter ann = queue(accounts, pool, "ann");
        queue(accounts, pool, "bob");
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());

        accounts.closed(slot, now, actions);
        accounts.enqueueAgain(pool, ann, now, actions);
        ServerSlot next = onlyOpen();
        accounts.opened(next, now, actions);
        assertEquals(List.of("HAND_OVER ann"), drain());
    }

    @Test
    void lowerLimitsCloseIdleConnectionsAndThoseGivenBack() {
        PoolAccounts accounts = accounts(3);
        PoolState pool = pool(accounts, "app", "joe", 3);
        ServerSlot first = openInUse(accounts, pool, 0);
        ServerSlot second = openInUse(accounts, pool, 0);
        openIdle(accounts, pool, 0);
        accounts.reconfigure(HostLimits.ofConnections(1), now, actions);
        accounts.tick(now, actions);
        assertEquals(List.of("CLOSE joe@app POOL_SHRUNK"), drain());
        accounts.giveBack(first, now, actions);
        assertEquals(List.of("CLOSE joe@app POOL_SHRUNK"), drain());
        accounts.giveBack(second, now, actions);
        assertEquals(List.of(), drain());
    }

    @Test
    void holdsOpensOfTheWholeHost() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        accounts.holdOpens(now + 10 * MS, now, actions);
        queue(accounts, pool, "w");
        assertEquals(List.of(), drain());
        assertEquals(Bottleneck.OPENS_HELD, pool.bottleneck());
        accounts.stopHoldingOpens(now, actions);
        assertEquals(List.of("OPEN joe@app"), drain());
    }

    @Test
    void asksForTickOnlyWhenNoneIsDueEarlier() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("a"), now + 10 * MS, now, actions);
        assertTrue(actions.wakes());
        actions.clear();
        accounts.enqueue(pool, new TestWaiter("b"), now + 20 * MS, now, actions);
        assertFalse(actions.wakes());
        accounts.enqueue(pool, new TestWaiter("c"), now + 5 * MS, now, actions);
        assertEquals(now + 5 * MS, actions.wakeAt());
        actions.clear();
        accounts.tick(now + 10 * MS, actions);
        assertEquals(now + 20 * MS, actions.wakeAt());
        assertEquals(List.of("REFUSE a QUEUE_TIMEOUT", "REFUSE c QUEUE_TIMEOUT"), drain());
    }

    @Test
    void connectionThatCannotMoveServesOnlyItsEventLoop() {
        PoolAccounts accounts = new PoolAccounts("db:5432", HostLimits.ofConnections(0), 2, false);
        PoolState pool = pool(accounts, "app", "joe", 2);
        ServerSlot slot = openInUse(accounts, pool, 0);
        openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("on 1", 1), ServerSlot.NEVER, now, actions);
        accounts.enqueue(pool, new TestWaiter("on 0", 0), ServerSlot.NEVER, now, actions);
        assertEquals(List.of(), drain());

        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("HAND_OVER on 0"), drain());
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of(), drain());
        assertNull(accounts.take(pool, 1, null, now));
        assertSame(slot, accounts.take(pool, 0, null, now));
    }

    @Test
    void connectionThatCannotMoveIsReplacedByOneWhereSomebodyWaitsTooLong() {
        PoolAccounts accounts = new PoolAccounts("db:5432", HostLimits.ofConnections(0), 2, false);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openInUse(accounts, pool, 0);
        accounts.enqueue(pool, new TestWaiter("on 1", 1), ServerSlot.NEVER, now, actions);
        accounts.enqueue(pool, new TestWaiter("on 0", 0), ServerSlot.NEVER, now, actions);
        actions.clear();

        now += 50 * MS;
        accounts.giveBack(slot, now, actions);
        assertEquals(List.of("CLOSE joe@app OTHER_LOOP"), drain());
        accounts.closed(slot, now, actions);
        ServerSlot next = onlyOpen();
        assertEquals(1, next.loop());
        accounts.opened(next, now, actions);
        assertEquals(List.of("HAND_OVER on 1"), drain());
    }

    @Test
    void poolIsForgettableOnlyWhenNothingIsLeftOfIt() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        ServerSlot slot = openIdle(accounts, pool, 0);
        assertThrows(IllegalStateException.class, () -> accounts.remove(pool));
        accounts.close(slot, CloseReason.SHUTDOWN, now, actions);
        assertFalse(pool.isForgettable());
        accounts.closed(slot, now, actions);
        assertTrue(pool.database.isForgettable());
        accounts.remove(pool.database);
        assertTrue(accounts.host().pools.isEmpty());
        assertTrue(pool.user.isForgettable());
    }

    @Test
    void slotThatIsGivenBackTwiceIsReported() {
        PoolAccounts accounts = accounts(0);
        ServerSlot slot = openIdle(accounts, pool(accounts, "app", "joe", 1), 0);
        assertThrows(IllegalStateException.class, () -> accounts.giveBack(slot, now, actions));
    }

    @Test
    void takingQueueingAndGivingBackAllocateNothing() {
        PoolAccounts accounts = accounts(0);
        PoolState pool = pool(accounts, "app", "joe", 1);
        openIdle(accounts, pool, 0);
        TestWaiter waiter = new TestWaiter("w");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 10_000; i++) {
                takeQueueAndGiveBack(accounts, pool, waiter);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertTrue(least < 10_000, "bytes allocated by 10000 rounds: " + least);
    }

    private void takeQueueAndGiveBack(PoolAccounts accounts, PoolState pool, TestWaiter waiter) {
        ServerSlot slot = accounts.take(pool, 0, null, now);
        if (slot == null) {
            throw new AssertionError("nothing idle");
        }
        accounts.enqueue(pool, waiter, now + MS, now, actions);
        accounts.giveBack(slot, now, actions);
        actions.clear();
        accounts.giveBack(slot, now, actions);
    }

    private PoolAccounts accounts(int hostCap) {
        return new PoolAccounts("db:5432", HostLimits.ofConnections(hostCap), 2, true);
    }

    private PoolState pool(PoolAccounts accounts, String database, String user, int size) {
        return pool(accounts, database, user, PoolLimits.ofSize(size));
    }

    private PoolState pool(PoolAccounts accounts, String database, String user, PoolLimits limits) {
        return accounts.addPool(accounts.addDatabase(database, 0, 1, 0, now), accounts.addUser(user, 0), limits);
    }

    /** A waiter without a deadline begins to wait. */
    private TestWaiter queue(PoolAccounts accounts, PoolState pool, String name) {
        TestWaiter waiter = new TestWaiter(name);
        accounts.enqueue(pool, waiter, ServerSlot.NEVER, now, actions);
        return waiter;
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
                        case CHECK -> "";
                    });
        }
        actions.clear();
        return texts;
    }
}

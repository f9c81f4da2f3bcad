package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Random events over several databases, users and caps; all accounts are counted again after each. */
class RandomEventsTest {
    private static final long MS = 1_000_000;
    private static final long FIRST_SEED = Long.getLong("carpool.test.seed", 1);
    private static final int SEEDS = Integer.getInteger("carpool.test.seeds", 350);
    private static final int EVENTS = 600;

    @Test
    void accountsStayTrueWhateverHappens() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            Run run = new Run(seed);
            try {
                run.play();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "seed " + seed + ", event " + run.events + " (" + run.event + "): " + e.getMessage(), e);
            }
        }
    }

    /** One host with random limits, and everybody who uses it. */
    private static final class Run {
        private final Random random;
        private final PoolAccounts accounts;
        private final Actions actions = new Actions();
        private final List<PoolState> pools = new ArrayList<>();
        private final List<DatabaseState> databases = new ArrayList<>();
        private final List<UserState> users = new ArrayList<>();
        private final Set<ServerSlot> slots = new LinkedHashSet<>();
        private final List<ServerSlot> opening = new ArrayList<>();
        private final List<ServerSlot> inUse = new ArrayList<>();
        private final List<ServerSlot> closing = new ArrayList<>();
        private final Map<PoolState, Deque<Waiter>> queues = new HashMap<>();
        private final Map<ServerSlot, Waiter> broken = new LinkedHashMap<>();
        private final Map<ServerSlot, Waiter> claims = new LinkedHashMap<>();
        private final Map<Cap, Integer> openBefore = new HashMap<>();
        private long now;
        private int guaranteed;
        private boolean limitsChange;
        private boolean movable;
        int events;
        String event = "";

        Run(long seed) {
            random = new Random(seed * 0x9E3779B97F4A7C15L);
            now = random.nextLong();
            int hostCap = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(8);
            int logins = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
            limitsChange = random.nextInt(3) == 0;
            movable = random.nextBoolean();
            accounts =
                    new PoolAccounts("db:5432", new HostLimits(hostCap, logins, random.nextInt(60) * MS), 3, movable);
            int userCount = 1 + random.nextInt(4);
            for (int i = 0; i < userCount; i++) {
                users.add(accounts.addUser("u" + i, someCap()));
            }
            int databaseCount = 1 + random.nextInt(5);
            for (int i = 0; i < databaseCount; i++) {
                int guarantee = hostCap > 0 && random.nextInt(3) == 0 ? random.nextInt(hostCap) : 0;
                guarantee = Math.min(guarantee, Math.max(0, hostCap - 1 - guaranteed));
                guaranteed += guarantee;
                databases.add(accounts.addDatabase("d" + i, someCap(), 1 + random.nextInt(3), guarantee, now));
            }
            for (DatabaseState database : databases) {
                for (UserState user : users) {
                    if (random.nextInt(4) > 0) {
                        pools.add(accounts.addPool(database, user, someLimits()));
                    }
                }
            }
            if (pools.isEmpty()) {
                pools.add(accounts.addPool(databases.get(0), users.get(0), someLimits()));
            }
            pools.forEach(pool -> queues.put(pool, new ArrayDeque<>()));
        }

        private int someCap() {
            return random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(5);
        }

        private PoolLimits someLimits() {
            return new PoolLimits(
                    random.nextInt(5),
                    random.nextInt(5) == 0 ? 1 : 0,
                    random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 0,
                    random.nextInt(30) * MS,
                    random.nextInt(2) * 40L * MS,
                    0,
                    random.nextInt(2) == 0,
                    random.nextInt(2) == 0);
        }

        void play() {
            while (events < EVENTS) {
                step(random.nextInt(100));
                if (events % 200 == 199) {
                    calmDown();
                }
            }
        }

        private void step(int dice) {
            events++;
            now += random.nextInt(4) * MS / 2;
            if (dice < 35) {
                arrive(one(pools));
            } else if (dice < 60) {
                finish();
            } else if (dice < 70) {
                endOpening(random.nextInt(10) > 0);
            } else if (dice < 80) {
                endClosing();
            } else if (dice < 84) {
                leave(one(pools));
            } else if (dice < 90) {
                tick();
            } else {
                rare(dice);
            }
        }

        private void rare(int dice) {
            switch (dice) {
                case 90 -> pauseOrResume();
                case 91 -> breakConnection();
                case 92 -> reconnect();
                case 93 -> holdOpens();
                case 94 -> check();
                case 95 -> refuseAll();
                case 98 -> claimOrLeave();
                case 96, 97 -> {
                    if (limitsChange) {
                        changeLimits();
                    }
                }
                default -> now += random.nextInt(50) * MS;
            }
        }

        private void arrive(PoolState pool) {
            event = "arrive " + pool;
            int loop = random.nextInt(3);
            boolean mustWait = pool.isPaused() || nextToServe(pool, loop) != null || pool.idle.newestOn(loop) == null;
            ServerSlot slot = accounts.take(pool, loop, null, now);
            // The one that was idle longest may be on another loop.
            boolean mayWait = mustWait || (movable && pool.limits.roundRobin());
            assertTrue(slot == null ? mayWait : !mustWait);
            if (slot != null) {
                inUse.add(slot);
                audit();
                return;
            }
            TestWaiter waiter = new TestWaiter("w" + events, loop);
            queues.get(pool).add(waiter);
            long deadline = random.nextInt(4) == 0 ? now + random.nextInt(100) * MS : ServerSlot.NEVER;
            accounts.enqueue(pool, waiter, deadline, now, actions);
            obey();
        }

        /** The longest waiter who can use a connection on this loop, or null. */
        private @Nullable Waiter nextToServe(PoolState pool, int loop) {
            for (Waiter waiter : queues.get(pool)) {
                if (movable || waiter.loop() == loop) {
                    return waiter;
                }
            }
            return null;
        }

        private void finish() {
            if (inUse.isEmpty()) {
                return;
            }
            ServerSlot slot = inUse.remove(random.nextInt(inUse.size()));
            event = "giveBack " + slot;
            DatabaseState database = slot.pool.database;
            boolean mustYield = isAnyOwed() && !database.share.isWithinGuarantee();
            accounts.giveBack(slot, now, actions);
            assertTrue(
                    !mustYield || !isAnyOwed() || slot.state() == SlotState.CLOSING,
                    "a guaranteed share was not honoured");
            obey();
        }

        /** Whether a database waits for room under the host's cap that has less than it can always have. */
        private boolean isAnyOwed() {
            return databases.stream().anyMatch(other -> other.share.queue != null && other.share.isBelowGuarantee());
        }

        private void endOpening(boolean succeeds) {
            if (opening.isEmpty()) {
                return;
            }
            ServerSlot slot = opening.remove(random.nextInt(opening.size()));
            event = "opened " + slot + " " + succeeds;
            if (succeeds) {
                slot.expireAt(random.nextBoolean() ? ServerSlot.NEVER : now + random.nextInt(200) * MS);
                accounts.opened(slot, now, actions);
            } else {
                slots.remove(slot);
                accounts.openFailed(slot, now + random.nextInt(10) * MS, now, actions);
            }
            obey();
        }

        private void endClosing() {
            if (closing.isEmpty()) {
                return;
            }
            ServerSlot slot = closing.remove(random.nextInt(closing.size()));
            event = "closed " + slot;
            slots.remove(slot);
            accounts.closed(slot, now, actions);
            assertNull(slot.freedFor);
            obey();
        }

        private void leave(PoolState pool) {
            event = "withdraw " + pool;
            List<Waiter> queue = new ArrayList<>(queues.get(pool));
            if (queue.isEmpty()) {
                return;
            }
            Waiter waiter = one(queue);
            queues.get(pool).remove(waiter);
            assertTrue(accounts.withdraw(waiter, now, actions));
            assertFalse(accounts.withdraw(waiter, now, actions));
            obey();
        }

        private void tick() {
            event = "tick";
            accounts.tick(now, actions);
            obey();
            AccountsAudit.checkNothingLingers(accounts.host(), slots, now);
        }

        private void pauseOrResume() {
            if (random.nextBoolean()) {
                PoolState pool = one(pools);
                event = "pause or resume " + pool;
                if (pool.paused) {
                    accounts.resume(pool, now, actions);
                } else {
                    accounts.pause(pool, now, actions);
                }
            } else {
                DatabaseState database = one(databases);
                event = "pause or resume database " + database;
                if (database.paused) {
                    accounts.resume(database, now, actions);
                } else {
                    accounts.pause(database, now, actions);
                }
            }
            obey();
        }

        private void breakConnection() {
            List<ServerSlot> live = slots.stream()
                    .filter(slot -> slot.state() != SlotState.CLOSING)
                    .toList();
            if (live.isEmpty()) {
                return;
            }
            ServerSlot slot = one(live);
            event = "break " + slot;
            forgetHandle(slot);
            if (random.nextBoolean()) {
                slots.remove(slot);
                closes(slot);
                accounts.closed(slot, now, actions);
            } else {
                accounts.close(slot, CloseReason.RESET_FAILED, now, actions);
            }
            obey();
        }

        private void forgetHandle(ServerSlot slot) {
            opening.remove(slot);
            inUse.remove(slot);
        }

        private void reconnect() {
            PoolState pool = one(pools);
            event = "reconnect " + pool;
            if (random.nextBoolean()) {
                accounts.markForClose(pool, CloseReason.RECONNECT, now, actions);
                obey();
                assertEquals(0, pool.idle());
                return;
            }
            for (ServerSlot slot : List.copyOf(slots)) {
                if (slot.pool == pool) {
                    accounts.markForClose(slot, CloseReason.RECONNECT, now, actions);
                }
            }
            obey();
        }

        private void holdOpens() {
            event = "hold opens";
            switch (random.nextInt(3)) {
                case 0 -> accounts.holdOpens(one(pools), now + random.nextInt(20) * MS, now, actions);
                case 1 -> accounts.holdOpens(now + random.nextInt(20) * MS, now, actions);
                default -> accounts.stopHoldingOpens(now, actions);
            }
            obey();
        }

        private void check() {
            PoolState pool = one(pools);
            event = "check " + pool;
            ServerSlot slot = accounts.takeForCheck(pool, now - 10 * MS, now);
            if (slot != null) {
                inUse.add(slot);
            }
            audit();
        }

        private void claimOrLeave() {
            if (!claims.isEmpty() && random.nextInt(4) == 0) {
                event = "withdraw a claim";
                ServerSlot slot = one(List.copyOf(claims.keySet()));
                Waiter waiter = java.util.Objects.requireNonNull(claims.remove(slot));
                assertTrue(accounts.withdraw(waiter, now, actions));
                assertFalse(accounts.withdraw(waiter, now, actions));
                obey();
                return;
            }
            List<ServerSlot> live = slots.stream()
                    .filter(slot -> slot.state() == SlotState.IDLE || slot.state() == SlotState.IN_USE)
                    .toList();
            if (live.isEmpty()) {
                return;
            }
            ServerSlot slot = one(live);
            event = "claim " + slot;
            TestWaiter waiter = new TestWaiter("w" + events, random.nextInt(3));
            boolean free = slot.state() == SlotState.IDLE || !(slot.closesAtRelease() || claims.containsKey(slot));
            boolean possible = free && !slot.pool.isPaused() && (movable || slot.loop() == waiter.loop());
            long deadline = random.nextInt(4) == 0 ? now + random.nextInt(100) * MS : ServerSlot.NEVER;
            assertEquals(possible, accounts.claim(slot, waiter, deadline, now, actions));
            if (possible) {
                claims.put(slot, waiter);
            }
            obey();
        }

        /** Whoever has claimed a connection that closes queues by the time of its arrival. */
        private void closes(ServerSlot slot) {
            Waiter waiter = claims.remove(slot);
            if (waiter != null) {
                queueAgain(slot.pool, waiter);
            }
        }

        private void queueAgain(PoolState pool, Waiter waiter) {
            Deque<Waiter> queue = queues.get(pool);
            List<Waiter> later = new ArrayList<>(queue);
            later.removeIf(other -> other.node().arrivedAt - waiter.node().arrivedAt < 0);
            queue.removeAll(later);
            queue.addLast(waiter);
            queue.addAll(later);
        }

        private void refuseAll() {
            PoolState pool = one(pools);
            event = "refuse all of " + pool;
            accounts.refuseAll(pool, RefuseReason.NO_SERVER, now, actions);
            obey();
            assertTrue(queues.get(pool).isEmpty());
        }

        private void changeLimits() {
            event = "change limits";
            switch (random.nextInt(4)) {
                case 0 -> accounts.reconfigure(one(pools), someLimits(), now, actions);
                case 1 -> accounts.reconfigure(one(users), someCap(), now, actions);
                case 2 -> accounts.reconfigure(one(databases), someCap(), 1 + random.nextInt(3), 0, now, actions);
                default -> {
                    int hostCap = random.nextInt(4) == 0 ? 0 : guaranteed + 1 + random.nextInt(6);
                    accounts.reconfigure(new HostLimits(hostCap, random.nextInt(4), 50 * MS), now, actions);
                }
            }
            obey();
        }

        /** Nobody comes any more and everything works: all waiters are served. */
        private void calmDown() {
            event = "calm down";
            for (DatabaseState database : databases) {
                if (database.paused) {
                    accounts.resume(database, now, actions);
                }
            }
            for (PoolState pool : pools) {
                if (pool.paused) {
                    accounts.resume(pool, now, actions);
                }
            }
            accounts.stopHoldingOpens(now, actions);
            obey();
            for (int round = 0; accounts.host().waiting() > 0; round++) {
                assertTrue(round < 5_000, this::describe);
                now += 5 * MS;
                finish();
                endOpening(true);
                endClosing();
                tick();
            }
        }

        private String describe() {
            StringBuilder text = new StringBuilder("somebody is never served");
            HostState host = accounts.host();
            text.append("\nhost " + describe(host.cap) + ", logging in " + host.opening());
            databases.forEach(database -> text.append("\n" + database + " " + describe(database.cap)));
            users.forEach(user -> text.append("\n" + user.name + " " + describe(user.cap)));
            for (PoolState pool : pools) {
                text.append("\n" + pool + " waiting=" + pool.waiting() + " open=" + pool.open() + " idle=" + pool.idle()
                        + " inUse=" + pool.inUse() + " closing=" + pool.closing() + " promised=" + pool.promised
                        + " ready=" + pool.ready + " waits for " + pool.bottleneck());
            }
            return text.toString();
        }

        private static String describe(Cap cap) {
            return "limit=" + cap.limit() + " open=" + cap.open() + " reserved=" + cap.reserved();
        }

        private void obey() {
            for (int i = 0; i < actions.size(); i++) {
                switch (actions.kind(i)) {
                    case OPEN -> {
                        assertTrue(slots.add(actions.slot(i)));
                        opening.add(actions.slot(i));
                    }
                    case CLOSE -> {
                        forgetHandle(actions.slot(i));
                        assertTrue(slots.contains(actions.slot(i)));
                        closes(actions.slot(i));
                        closing.add(actions.slot(i));
                    }
                    case HAND_OVER -> {
                        ServerSlot slot = actions.slot(i);
                        assertEquals(SlotState.IN_USE, slot.state());
                        Waiter waiter = actions.waiter(i);
                        if (claims.containsKey(slot)) {
                            assertEquals(waiter, claims.remove(slot), "a claim comes first");
                        } else {
                            assertEquals(waiter, nextToServe(slot.pool, slot.loop()), "first come, first served");
                            queues.get(slot.pool).remove(waiter);
                        }
                        if (movable) {
                            slot.moveTo(waiter.loop());
                        }
                        inUse.add(slot);
                        if (random.nextInt(50) == 0) {
                            broken.put(slot, waiter);
                        }
                    }
                    case CHECK -> throw new AssertionError("all are proven");
                    case REFUSE -> {
                        Waiter waiter = actions.waiter(i);
                        boolean claimed = claims.values().remove(waiter);
                        assertEquals(
                                claimed ? 0 : 1,
                                queues.values().stream()
                                        .filter(q -> q.remove(waiter))
                                        .count());
                    }
                }
            }
            actions.clear();
            audit();
            List<Map.Entry<ServerSlot, Waiter>> broke = new ArrayList<>(broken.entrySet());
            broken.clear();
            Collections.reverse(broke);
            broke.forEach(entry -> breakOnTheWay(entry.getKey(), entry.getValue()));
        }

        /** The connection broke between the decision to hand it over and its arrival. */
        private void breakOnTheWay(ServerSlot slot, Waiter waiter) {
            event = "break on the way " + slot;
            queueAgain(slot.pool, waiter);
            inUse.remove(slot);
            slots.remove(slot);
            if (random.nextBoolean()) {
                accounts.enqueueAgain(slot.pool, waiter, now, actions);
                accounts.closed(slot, now, actions);
            } else {
                accounts.closed(slot, now, actions);
                accounts.enqueueAgain(slot.pool, waiter, now, actions);
            }
            obey();
        }

        private void audit() {
            AccountsAudit.check(accounts.host(), slots);
            queues.forEach((pool, queue) -> assertEquals(queue.size(), pool.waiting()));
            checkCap(accounts.host().cap);
            databases.forEach(database -> checkCap(database.cap));
            users.forEach(user -> checkCap(user.cap));
            for (PoolState pool : pools) {
                int most = pool.limits.size() + pool.limits.reserve();
                assertTrue(limitsChange || pool.limits.size() == 0 || pool.open() <= most, () -> "size of " + pool);
            }
        }

        /** Never above the limit; after the limit was lowered, never more than before. */
        private void checkCap(Cap cap) {
            int before = openBefore.getOrDefault(cap, 0);
            if (cap.limit() > 0) {
                int most = limitsChange ? Math.max(cap.limit(), before) : cap.limit();
                assertTrue(cap.open() <= most, () -> "open " + cap.open() + " of " + cap.limit());
            }
            openBefore.put(cap, cap.open());
        }

        private <T> T one(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }
    }
}

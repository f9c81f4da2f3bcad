package dev.carpool.pool;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;

import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Clients that ask for one transaction after the other, on a simulated clock: what the accounts decide is carried
 * out after the time that opening, closing or a transaction takes. There are two event loops, between which connections
 * do not move. The same seed gives the same run.
 */
final class Simulation {
    static final long MS = 1_000_000;
    static final long SECOND = 1_000 * MS;

    private static final long TICK = 100 * MS;

    private record Event(long time, long order, Runnable what) {}

    /** What a group of clients achieved since the last reset. */
    static final class Group {
        final String name;
        int transactions;
        long slotTime;
        long longestWait;

        Group(String name) {
            this.name = name;
        }

        /** Connections that were running its transactions, on average over this time. */
        double meanSlots(long duration) {
            return (double) slotTime / duration;
        }

        @Override
        public String toString() {
            return name + ": " + transactions + " transactions, longest wait " + longestWait / MS + " ms";
        }
    }

    private final class Client implements Waiter {
        private final PoolState pool;
        private final Group group;
        private final long transaction;
        private final long pause;
        private final int loop = nextLoop;
        private final WaiterNode node = new WaiterNode(this);
        private long asked;

        Client(PoolState pool, Group group, long transaction, long pause) {
            this.pool = pool;
            this.group = group;
            this.transaction = transaction;
            this.pause = pause;
        }

        void ask() {
            asked = now;
            ServerSlot slot = accounts.take(pool, loop, null, now);
            if (slot != null) {
                run(slot);
            } else {
                accounts.enqueue(pool, this, ServerSlot.NEVER, now, actions);
                obey();
            }
        }

        void run(ServerSlot slot) {
            group.longestWait = Math.max(group.longestWait, now - asked);
            long time = around(transaction);
            later(time, () -> {
                group.transactions++;
                group.slotTime += time;
                accounts.giveBack(slot, now, actions);
                obey();
                later(pause == 0 ? 0 : around(pause), this::ask);
            });
        }

        @Override
        public int loop() {
            return loop;
        }

        @Override
        public WaiterNode node() {
            return node;
        }
    }

    final PoolAccounts accounts;
    private final Random random;
    private final long openTime;
    private final long closeTime;
    private final Actions actions = new Actions();
    private final PriorityQueue<Event> events;
    private final Map<String, Group> groups = new LinkedHashMap<>();
    private final Map<String, DatabaseState> databases = new LinkedHashMap<>();
    private final Map<String, UserState> users = new LinkedHashMap<>();
    private long now = 1;
    private long order;
    private long countedSince;
    private long nextWake = Long.MAX_VALUE;
    private int opens;

    /** The event loop of the clients that are added next. */
    int nextLoop;

    /** Whether everything takes exactly the time it takes on average. */
    boolean exact;

    Simulation(HostLimits limits, long openTime, long closeTime, long seed) {
        this.accounts = new PoolAccounts("db:5432", limits, 2, false);
        this.random = new Random(seed);
        this.openTime = openTime;
        this.closeTime = closeTime;
        this.events = new PriorityQueue<>(
                (a, b) -> a.time() != b.time() ? Long.compare(a.time(), b.time()) : Long.compare(a.order(), b.order()));
        later(TICK, this::tick);
    }

    /** A host with this cap, connections that take 10 ms to open and 1 ms to close. */
    static Simulation ofHostCap(int cap) {
        return new Simulation(HostLimits.ofConnections(cap), 10 * MS, MS, 42);
    }

    DatabaseState database(String name, int cap, int weight, int guaranteed) {
        DatabaseState database = accounts.addDatabase(name, cap, weight, guaranteed, now);
        databases.put(name, database);
        return database;
    }

    DatabaseState database(String name) {
        DatabaseState database = databases.get(name);
        return database != null ? database : database(name, 0, 1, 0);
    }

    UserState user(String name, int cap) {
        UserState user = accounts.addUser(name, cap);
        users.put(name, user);
        return user;
    }

    PoolState pool(String database, String user, int size) {
        UserState owner = users.get(user);
        return accounts.addPool(database(database), owner != null ? owner : user(user, 0), PoolLimits.ofSize(size));
    }

    /** Adds clients that run transactions of about this length with about this pause in between. */
    Group clients(String group, PoolState pool, int count, long transaction, long pause) {
        Group members = groups.computeIfAbsent(group, Group::new);
        for (int i = 0; i < count; i++) {
            Client client = new Client(pool, members, transaction, pause);
            later(random.nextInt((int) MS) + (pause == 0 ? 0 : around(pause)), client::ask);
        }
        return members;
    }

    void run(long duration) {
        long end = now + duration;
        Event event = events.peek();
        while (event != null && event.time() <= end) {
            events.remove();
            now = event.time();
            event.what().run();
            event = events.peek();
        }
        now = end;
    }

    /** Lets it settle, then counts for this time. */
    void measure(long duration) {
        run(2 * SECOND);
        resetCounters();
        run(duration);
    }

    /** Forgets what was counted so far. */
    void resetCounters() {
        countedSince = now;
        opens = 0;
        for (Group group : groups.values()) {
            group.transactions = 0;
            group.slotTime = 0;
            group.longestWait = 0;
        }
    }

    List<Group> groups() {
        return List.copyOf(groups.values());
    }

    long perSecond() {
        return groups.values().stream().mapToLong(group -> group.transactions).sum() * SECOND / (now - countedSince);
    }

    long opensPerSecond() {
        return opens * SECOND / (now - countedSince);
    }

    long longestWait() {
        return groups.values().stream()
                .mapToLong(group -> group.longestWait)
                .max()
                .orElse(0);
    }

    @Override
    public String toString() {
        return perSecond() + " transactions and " + opensPerSecond() + " opens per second, " + groups.values();
    }

    private void tick() {
        accounts.tick(now, actions);
        obey();
        later(TICK, this::tick);
    }

    private void wake() {
        nextWake = Long.MAX_VALUE;
        accounts.tick(now, actions);
        obey();
    }

    private void obey() {
        if (actions.wakes() && actions.wakeAt() < nextWake) {
            nextWake = Math.max(actions.wakeAt(), now);
            later(nextWake - now, this::wake);
        }
        List<Runnable> todo = new ArrayList<>();
        for (int i = 0; i < actions.size(); i++) {
            ServerSlot slot = actions.kind(i) == Actions.Kind.REFUSE ? null : actions.slot(i);
            switch (actions.kind(i)) {
                case HAND_OVER -> {
                    Client client = (Client) actions.waiter(i);
                    todo.add(() -> client.run(slot));
                }
                case OPEN -> {
                    opens++;
                    later(around(openTime), () -> {
                        accounts.opened(slot, now, actions);
                        obey();
                    });
                }
                case CLOSE ->
                    later(around(closeTime), () -> {
                        accounts.closed(slot, now, actions);
                        obey();
                    });
                case CHECK -> throw new AssertionError("all are proven");
                case REFUSE -> throw new AssertionError("nobody has a deadline");
            }
        }
        actions.clear();
        todo.forEach(Runnable::run);
        Cap cap = accounts.host().cap;
        assertTrue(cap.limit() == 0 || cap.open() <= cap.limit());
    }

    /** Between half and one and a half of it. */
    private long around(long mean) {
        return exact ? mean : mean / 2 + (long) (random.nextDouble() * mean);
    }

    private void later(long delay, Runnable what) {
        events.add(new Event(now + delay, order++, what));
    }
}

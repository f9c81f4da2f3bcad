package dev.carpool.pool;

import dev.carpool.server.CloseReason;
import dev.carpool.server.HiddenEffects;
import dev.carpool.server.ServerConnection;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One PostgreSQL server host: the lock that guards its {@link PoolAccounts}, and the hands that carry out what they
 * decide. Nothing is opened, closed, moved or woken while the lock is held.
 */
final class ServerHost {
    private static final FastThreadLocal<Actions> SPARE = new FastThreadLocal<>();

    private final String name;
    private final EventLoop[] loops;
    private final boolean movable;
    private final ReentrantLock lock = new ReentrantLock();
    private final PoolAccounts accounts;
    private final Map<PoolState, ServerPool> pools = new ConcurrentHashMap<>();
    private final Map<String, DatabaseState> databases = new ConcurrentHashMap<>();
    private final Map<String, UserState> users = new ConcurrentHashMap<>();

    /** What is known of the functions of each database. */
    private final Map<String, HiddenEffects> hiddenEffects = new ConcurrentHashMap<>();

    /** Open connections by the process id of their server process. */
    private final Map<Integer, ServerConnection> processes = new ConcurrentHashMap<>();

    /** Whether the last login reached the server, whatever it said then. */
    private volatile boolean answering = true;

    /** @param movable whether an idle connection may change its event loop */
    ServerHost(String name, HostLimits limits, EventLoop[] loops, boolean movable) {
        this.name = name;
        this.loops = loops;
        this.movable = movable;
        this.accounts = new PoolAccounts(name, limits, loops.length, movable);
    }

    String name() {
        return name;
    }

    EventLoop loop(int index) {
        return loops[index];
    }

    /** The index of one of the proxy's event loops. */
    int indexOf(EventLoop one) {
        return java.util.Arrays.asList(loops).indexOf(one);
    }

    boolean isAnswering() {
        return answering;
    }

    void answering(boolean on) {
        if (answering != on) {
            answering = on;
        }
    }

    HostState state() {
        return accounts.host();
    }

    /** What is known of the functions of a database. */
    HiddenEffects hiddenEffects(String database) {
        return hiddenEffects.computeIfAbsent(database, missing -> new HiddenEffects());
    }

    /** What is known of the functions of a database is of no use any more; null for all databases. */
    void forgetHiddenEffects(@Nullable String database) {
        hiddenEffects.keySet().removeIf(name -> database == null || name.equals(database));
    }

    /** Names of roles stand for other roles now. */
    void rolesReplaced() {
        processes.values().forEach(ServerConnection::rolesReplaced);
    }

    void opened(ServerConnection connection) {
        processes.put(connection.processId(), connection);
    }

    void closed(ServerConnection connection) {
        processes.remove(connection.processId(), connection);
    }

    /** The connection with this server process; null when it is none of the proxy's. */
    @Nullable
    ServerConnection process(int processId) {
        return processes.get(processId);
    }

    void add(PoolState state, ServerPool pool) {
        pools.put(state, pool);
    }

    void remove(PoolState state) {
        pools.remove(state);
    }

    /** Reads or changes the accounts without decisions to carry out. */
    <T> T locked(Function<PoolAccounts, T> reading) {
        lock.lock();
        try {
            return reading.apply(accounts);
        } finally {
            lock.unlock();
        }
    }

    /** Called with the lock held. */
    DatabaseState database(PoolAccounts held, String database, int cap, int weight, int guaranteed, long now) {
        return databases.computeIfAbsent(database, missing -> held.addDatabase(database, cap, weight, guaranteed, now));
    }

    /** Called with the lock held. */
    UserState user(PoolAccounts held, String user, int cap) {
        return users.computeIfAbsent(user, missing -> held.addUser(user, cap));
    }

    @Nullable
    DatabaseState database(String database) {
        return databases.get(database);
    }

    @Nullable
    UserState user(String user) {
        return users.get(user);
    }

    /** Called with the lock held. */
    void forget(String database) {
        databases.remove(database);
    }

    /** The hot path: an idle connection at once, or null. */
    @Nullable
    ServerSlot take(PoolState pool, int loop, @Nullable Object settings, long now) {
        lock.lock();
        try {
            return accounts.take(pool, loop, settings, now);
        } finally {
            lock.unlock();
        }
    }

    /** The hot path: a connection comes back. */
    void giveBack(ServerSlot slot, long now) {
        Actions actions = borrow();
        lock.lock();
        try {
            accounts.giveBack(slot, now, actions);
        } finally {
            lock.unlock();
        }
        carryOut(actions, now);
    }

    /** An event of the accounts, whose decisions are carried out behind the lock. */
    interface Event {
        void happen(PoolAccounts accounts, Actions actions);
    }

    void apply(Event event, long now) {
        Actions actions = borrow();
        lock.lock();
        try {
            event.happen(accounts, actions);
        } finally {
            lock.unlock();
        }
        carryOut(actions, now);
    }

    /** Carrying out may come back to the accounts, hence not one list for each thread but one for each level. */
    private static Actions borrow() {
        Actions spare = SPARE.getIfExists();
        SPARE.remove();
        return spare == null ? new Actions() : spare;
    }

    private void carryOut(Actions actions, long now) {
        for (int i = 0; i < actions.size(); i++) {
            switch (actions.kind(i)) {
                case HAND_OVER -> handOver(actions.slot(i), (PoolWaiter) actions.waiter(i), now);
                case CHECK -> pool(actions.slot(i)).check(actions.slot(i));
                case OPEN -> pool(actions.slot(i)).open(actions.slot(i));
                case CLOSE -> close(actions.slot(i), actions.closeReason(i));
                case REFUSE -> refuse(actions.waiter(i), actions, i);
            }
        }
        if (actions.wakes()) {
            wakeAt(actions.wakeAt(), now);
        }
        actions.clear();
        SPARE.set(actions);
    }

    private void wakeAt(long time, long now) {
        loops[0].schedule(this::tick, Math.max(1_000_000, time - now), java.util.concurrent.TimeUnit.NANOSECONDS);
    }

    void tick() {
        long now = System.nanoTime();
        apply((accounts, actions) -> accounts.tick(now, actions), now);
    }

    private ServerPool pool(ServerSlot slot) {
        ServerPool pool = pools.get(slot.pool);
        if (pool == null) {
            throw new IllegalStateException("no pool for " + slot);
        }
        return pool;
    }

    private void refuse(Waiter waiter, Actions actions, int i) {
        PoolWaiter refused = (PoolWaiter) waiter;
        RefuseReason reason = actions.refuseReason(i);
        Bottleneck bottleneck = actions.bottleneck(i);
        ServerPool pool = refused.pool();
        byte[] words = reason == RefuseReason.NO_SERVER ? pool.lastServerMessage() : null;
        run(loops[waiter.loop()], () -> refused.refused(RefusalTexts.reply(pool, reason, bottleneck), words));
    }

    private void close(ServerSlot slot, CloseReason reason) {
        ServerConnection connection = slot.connection;
        if (connection != null) {
            run(connection.channel().eventLoop(), () -> connection.close(reason));
        }
    }

    private void handOver(ServerSlot slot, PoolWaiter waiter, long now) {
        deliver(slot, waiter.loop(), server -> waiter.granted(server, now), () -> {
            long later = System.nanoTime();
            apply((held, actions) -> held.enqueueAgain(slot.pool, waiter, later, actions), later);
        });
    }

    /**
     * Brings a connection that is in nobody's hands to an event loop.
     *
     * @param lost called instead of the receiver when the connection breaks on the way; its end is reported by itself
     */
    private void deliver(ServerSlot slot, int loop, Consumer<ServerConnection> receiver, Runnable lost) {
        ServerConnection connection = slot.connection;
        if (connection == null) {
            throw new IllegalStateException("not open: " + slot);
        }
        EventLoop to = loops[loop];
        if (slot.loop() == loop) {
            run(to, () -> arrive(connection, receiver, lost));
        } else if (movable) {
            move(slot, connection, loop, receiver, lost);
        } else {
            run(connection.channel().eventLoop(), () -> connection.close(CloseReason.OTHER_LOOP));
            lost.run();
        }
    }

    private static void arrive(ServerConnection connection, Consumer<ServerConnection> receiver, Runnable lost) {
        if (connection.isOpen()) {
            receiver.accept(connection);
        } else {
            lost.run();
        }
    }

    private void move(
            ServerSlot slot,
            ServerConnection connection,
            int loop,
            Consumer<ServerConnection> receiver,
            Runnable lost) {
        EventLoop to = loops[loop];
        run(
                connection.channel().eventLoop(),
                () -> connection.channel().deregister().addListener(gone -> {
                    if (to.isShuttingDown()) {
                        connection.close(CloseReason.SHUTDOWN);
                        return;
                    }
                    slot.moveTo(loop);
                    to.register(connection.channel()).addListener(registered -> {
                        if (registered.isSuccess()) {
                            run(to, () -> arrive(connection, receiver, lost));
                        } else {
                            connection.close(CloseReason.OTHER_LOOP);
                            lost.run();
                        }
                    });
                }));
    }

    private static void run(EventLoop loop, Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }
}

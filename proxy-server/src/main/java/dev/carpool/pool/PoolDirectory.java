package dev.carpool.pool;

import dev.carpool.auth.ServerCredentials;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.LimitsConfig;
import dev.carpool.config.Secret;
import dev.carpool.server.CloseReason;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerConnector;
import dev.carpool.server.ServerTarget;
import dev.carpool.suspicion.ClusterChange;
import io.netty.channel.EventLoop;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All pools, made on first use and forgotten when nothing is left of them. Thread-safe. */
public final class PoolDirectory {
    private final Map<PoolKey, ServerPool> pools = new ConcurrentHashMap<>();
    private final Map<String, ServerHost> hosts = new ConcurrentHashMap<>();
    private final Map<String, Long> unusedSince = new HashMap<>();
    private final Set<String> paused = ConcurrentHashMap.newKeySet();
    private final Set<String> disabled = ConcurrentHashMap.newKeySet();
    /** Told when a server refuses what a pool logs in with. Any thread. */
    public interface Refusals {
        void refused(ServerTarget target);
    }

    private final ServerConnector connector;
    private final Refusals refusals;
    private final EventLoop[] loops;
    private final boolean movable;
    private volatile CarpoolConfig config;
    private volatile boolean allPaused;
    private final AtomicLong serials = new AtomicLong();

    /** @param movable whether the transport lets an idle connection change its event loop */
    public PoolDirectory(
            CarpoolConfig config, ServerConnector connector, Refusals refusals, EventLoop[] loops, boolean movable) {
        this.config = config;
        this.connector = connector;
        this.refusals = refusals;
        this.loops = loops.clone();
        this.movable = movable;
    }

    /** The pool of a database for a client's user; made when there is none. */
    public ServerPool pool(DatabaseConfig database, String user) {
        String forced = database.forcedUser();
        PoolKey key = PoolKey.ofSessions(database.name(), forced != null ? forced : user);
        ServerPool found = pools.get(key);
        if (found != null) {
            return found;
        }
        synchronized (this) {
            found = pools.get(key);
            if (found == null) {
                found = make(key, database, Map.of());
                pools.put(key, found);
            }
            return found;
        }
    }

    /** A pool for one connection, forgotten when that is closed. It counts against all caps but the pool's. */
    public ServerPool temporary(
            DatabaseConfig database, String user, PoolKey.Purpose purpose, Map<String, String> parameters) {
        PoolKey key = new PoolKey(database.name(), user, purpose, serials.incrementAndGet());
        ServerPool pool = make(key, database, parameters);
        pools.put(key, pool);
        return pool;
    }

    /** A temporary pool with the login of another one; null when its database is no longer configured. */
    public @Nullable ServerPool beside(ServerPool like, PoolKey.Purpose purpose, Map<String, String> parameters) {
        DatabaseConfig database = config.database(like.key().database());
        if (database == null) {
            return null;
        }
        ServerPool pool = temporary(database, like.key().user(), purpose, parameters);
        pool.credentials(like.credentials());
        return pool;
    }

    /** The event loop with this index. */
    public EventLoop loop(int index) {
        return loops[index];
    }

    /** Forgets a temporary pool of which nothing is left. */
    private void discard(ServerPool pool) {
        boolean removed = pool.host().locked(accounts -> {
            if (!pool.state().isForgettable() || !pools.remove(pool.key(), pool)) {
                return false;
            }
            accounts.remove(pool.state());
            return true;
        });
        if (removed) {
            pool.host().remove(pool.state());
        }
    }

    private ServerPool make(PoolKey key, DatabaseConfig database, Map<String, String> parameters) {
        CarpoolConfig current = config;
        long now = System.nanoTime();
        ServerHost host = host(database, current);
        PoolSettings settings = PoolSettings.of(current, database, key);
        PoolState state = host.locked(accounts -> {
            DatabaseState ofDatabase = host.database(
                    accounts,
                    database.name(),
                    current.maxDbConnections(database),
                    Math.max(1, database.weight()),
                    database.guaranteed(),
                    now);
            UserState ofUser = host.user(accounts, key.user(), current.maxUserConnections(key.user()));
            return accounts.addPool(ofDatabase, ofUser, settings.limits());
        });
        boolean forcedUser = key.user().equals(database.forcedUser());
        ServerPool pool = new ServerPool(
                key,
                forcedUser,
                host,
                connector,
                refusals,
                state,
                settings,
                target(database, key, parameters),
                loops.length,
                this::discard);
        host.locked(accounts -> state.keepsMinSize = forcedUser);
        Secret password = database.password();
        if (database.forcedUser() != null && password != null) {
            pool.credentials(new ServerCredentials.Plain(password));
        }
        host.add(state, pool);
        boolean pausable = key.purpose() != PoolKey.Purpose.CONSOLE_PROOF;
        if (pausable && (allPaused || paused.contains(database.name()))) {
            host.apply((accounts, actions) -> accounts.pause(state, now, actions), now);
        }
        return pool;
    }

    private static ServerTarget target(DatabaseConfig database, PoolKey key, Map<String, String> more) {
        Map<String, String> parameters = new LinkedHashMap<>(more);
        parameters.putAll(database.parameters());
        return new ServerTarget(
                key.toString(),
                database.host(),
                database.port(),
                database.dbname(),
                key.user(),
                parameters,
                database.connectQuery());
    }

    private ServerHost host(DatabaseConfig database, CarpoolConfig current) {
        String name = database.host() + ":" + database.port();
        return hosts.computeIfAbsent(name, missing -> new ServerHost(name, limits(current), loops, movable));
    }

    private static HostLimits limits(CarpoolConfig config) {
        LimitsConfig limits = config.limits();
        return new HostLimits(
                limits.maxServerConnections(),
                limits.maxConcurrentLogins(),
                config.server().fairShareQuantum().toNanos());
    }

    public Collection<ServerPool> pools() {
        return pools.values();
    }

    /** The caps and counts of a host, in the form {@code host:port}. */
    public Map<String, HostSnapshot> hosts() {
        Map<String, HostSnapshot> all = new LinkedHashMap<>();
        hosts.forEach((name, host) -> all.put(
                name,
                host.locked(accounts -> new HostSnapshot(
                        config.limits().maxServerConnections(),
                        host.state().open(),
                        host.state().idle(),
                        host.state().inUse(),
                        host.state().waiting()))));
        return all;
    }

    /** Server connections of a user over all hosts. */
    public int openOfUser(String user) {
        int open = 0;
        for (ServerHost host : hosts.values()) {
            open += host.locked(accounts -> {
                UserState state = host.user(user);
                return state == null ? 0 : state.open();
            });
        }
        return open;
    }

    /** Server connections of a database over all hosts. */
    public int openOfDatabase(String database) {
        int open = 0;
        for (ServerHost host : hosts.values()) {
            open += host.locked(accounts -> {
                DatabaseState state = host.database(database);
                return state == null ? 0 : state.open();
            });
        }
        return open;
    }

    // The console's commands

    public boolean isPaused(String database) {
        return allPaused || paused.contains(database);
    }

    public boolean isDisabled(String database) {
        return disabled.contains(database);
    }

    public boolean isAllPaused() {
        return allPaused;
    }

    /** Whether all databases or some are paused. */
    public boolean isAnyPaused() {
        return allPaused || !paused.isEmpty();
    }

    /** Whether a connection waits to be closed when it is released, of one database or, for null, of any. */
    public boolean isClosing(@Nullable String database) {
        boolean[] closing = {false};
        each(database, pool -> closing[0] |= pool.connections().stream().anyMatch(pool::closesAtRelease));
        return closing[0];
    }

    /** Hands out nothing any more, of one database or, for null, of all. */
    public void pause(@Nullable String database) {
        if (database == null) {
            allPaused = true;
        } else {
            paused.add(database);
        }
        long now = System.nanoTime();
        each(
                database,
                pool -> pool.host().apply((accounts, actions) -> accounts.pause(pool.state(), now, actions), now));
    }

    /** Ends the pause of one database or, for null, of all. */
    public void resume(@Nullable String database) {
        if (database == null) {
            allPaused = false;
            paused.clear();
        } else {
            paused.remove(database);
        }
        long now = System.nanoTime();
        each(
                database,
                pool -> pool.host().apply((accounts, actions) -> accounts.resume(pool.state(), now, actions), now));
    }

    /** Whether no server connection of the database, or for null of any, is left. */
    public boolean isQuiet(@Nullable String database) {
        boolean[] quiet = {true};
        each(database, pool -> quiet[0] &= pool.snapshot().open() == 0);
        return quiet[0];
    }

    public void reconnect(@Nullable String database) {
        each(database, pool -> pool.reconnect(CloseReason.RECONNECT));
    }

    /**
     * Roles or databases of a server have been changed: what was opened before is not used for new sessions any more.
     *
     * @param server any target on that server
     */
    public void changed(ServerTarget server, ClusterChange change) {
        for (ServerPool pool : pools.values()) {
            ServerTarget target = pool.target();
            if (change.kind() == ClusterChange.Kind.ROLE && target.isOnServerOf(server)) {
                pool.host().rolesReplaced();
            }
            boolean role = change.role() == null || change.role().equals(target.user());
            boolean database = change.database() == null || change.database().equals(target.database());
            if (!role || !database || !target.isOnServerOf(server)) {
                continue;
            }
            switch (change.kind()) {
                case LOGIN -> pool.loginChanged();
                case DEFAULTS -> pool.reconnect(CloseReason.OUTDATED);
                case ROLE -> {
                    pool.loginChanged();
                    pool.reconnect(CloseReason.OUTDATED);
                    if (change.role() != null) {
                        pool.roleReplaced();
                    }
                }
                case DATABASE -> {
                    pool.loginChanged();
                    pool.reconnect(CloseReason.OUTDATED);
                    pool.host().forgetHiddenEffects(change.database());
                }
                case EMPTY_DATABASE -> {}
            }
        }
    }

    /**
     * Closes what nobody uses of databases, and opens nothing there until {@link EmptyDatabases#end}.
     *
     * @param server any target on their server
     * @param sessions the pools of sessions there that have no server connection, one for each
     * @param loop runs {@code then} when what is closed is gone, later than this returns
     */
    public EmptyDatabases empty(
            ServerTarget server,
            Set<String> databases,
            Supplier<List<ServerPool>> sessions,
            EventLoop loop,
            Runnable then) {
        Supplier<List<ServerPool>> there = () -> pools.values().stream()
                .filter(pool -> databases.contains(pool.target().database())
                        && pool.target().isOnServerOf(server))
                .toList();
        return EmptyDatabases.begin(there, sessions, loop, then);
    }

    /** Whether new clients of a database are refused. */
    public void disable(String database, boolean on) {
        if (on) {
            disabled.add(database);
        } else {
            disabled.remove(database);
        }
    }

    public void kill(@Nullable String database) {
        each(database, pool -> pool.kill(CloseReason.KILLED));
    }

    private void each(@Nullable String database, java.util.function.Consumer<ServerPool> action) {
        for (ServerPool pool : pools.values()) {
            boolean meant = database == null || pool.key().database().equals(database);
            if (meant && pool.key().purpose() != PoolKey.Purpose.CONSOLE_PROOF) {
                action.accept(pool);
            }
        }
    }

    /** Puts a new configuration in force. */
    public synchronized void reconfigure(CarpoolConfig next) {
        config = next;
        long now = System.nanoTime();
        for (ServerHost host : hosts.values()) {
            host.apply((accounts, actions) -> accounts.reconfigure(limits(next), now, actions), now);
        }
        for (ServerPool pool : pools.values()) {
            DatabaseConfig database = next.database(pool.key().database());
            if (database == null) {
                pool.disable(true);
                pool.reconnect(CloseReason.RECONNECT);
                pool.refuseAll(RefuseReason.POOL_REMOVED);
                continue;
            }
            pool.disable(false);
            ServerHost host = pool.host();
            host.apply(
                    (accounts, actions) -> {
                        DatabaseState state = host.database(database.name());
                        if (state != null) {
                            accounts.reconfigure(
                                    state,
                                    next.maxDbConnections(database),
                                    Math.max(1, database.weight()),
                                    database.guaranteed(),
                                    now,
                                    actions);
                        }
                        UserState user = host.user(pool.key().user());
                        if (user != null) {
                            accounts.reconfigure(user, next.maxUserConnections(user.name), now, actions);
                        }
                    },
                    now);
            PoolSettings settings = PoolSettings.of(next, database, pool.key());
            pool.reconfigure(
                    settings, target(database, pool.key(), pool.target().parameters()));
        }
    }

    /** Periodic: what is due in every host and pool. */
    public void tick() {
        makeForcedPools();
        for (ServerHost host : hosts.values()) {
            host.tick();
        }
        long now = System.nanoTime();
        for (ServerPool pool : pools.values()) {
            pool.upkeep(now);
        }
    }

    /** The pool of a forced user keeps its minimum size before the first client has come. */
    private void makeForcedPools() {
        for (DatabaseConfig database : config.databases().values()) {
            String user = database.forcedUser();
            if (user != null && config.pool(database, user).minSize() > 0) {
                pool(database, user);
            }
        }
    }

    /**
     * Forgets databases that have been without client, waiter and server connection for long.
     *
     * @param clients whether a database has client sessions
     */
    public synchronized void forgetUnused(java.util.function.Predicate<String> clients, long idleNanos, long now) {
        Map<String, Boolean> used = new HashMap<>();
        for (ServerPool pool : pools.values()) {
            String database = pool.key().database();
            boolean busy = clients.test(database)
                    || pool.host().locked(accounts -> !pool.state().isForgettable());
            used.merge(database, busy, Boolean::logicalOr);
        }
        used.forEach((database, busy) -> {
            if (busy) {
                unusedSince.remove(database);
            } else if (now - unusedSince.computeIfAbsent(database, first -> now) >= idleNanos) {
                forget(database);
                unusedSince.remove(database);
            }
        });
    }

    private void forget(String database) {
        for (ServerPool pool : List.copyOf(pools.values())) {
            if (pool.key().database().equals(database)) {
                boolean removed = pool.host().locked(accounts -> {
                    if (!pool.state().isForgettable()) {
                        return false;
                    }
                    accounts.remove(pool.state());
                    return true;
                });
                if (removed) {
                    pools.remove(pool.key());
                    pool.host().remove(pool.state());
                }
            }
        }
        for (ServerHost host : hosts.values()) {
            host.locked(accounts -> {
                DatabaseState state = host.database(database);
                if (state != null && state.isForgettable()) {
                    accounts.remove(state);
                    host.forget(database);
                }
                return null;
            });
        }
    }

    /** Server connections whose sockets are open, those in the middle of their login not counted. */
    public int connected() {
        return pools.values().stream()
                .mapToInt(pool -> pool.connections().size())
                .sum();
    }

    /** Closes the sockets of all server connections, whatever they do. */
    public void cut() {
        for (ServerPool pool : pools.values()) {
            for (ServerConnection connection : pool.connections()) {
                connection.channel().close();
            }
        }
    }

    /** Refuses everybody who queues and closes every idle connection: the proxy stops. */
    public void shutDown() {
        for (ServerPool pool : pools.values()) {
            pool.refuseAll(RefuseReason.SHUTDOWN);
            pool.reconnect(CloseReason.SHUTDOWN);
        }
    }
}

package dev.carpool.pool;

import dev.carpool.auth.ServerCredentials;
import dev.carpool.config.PoolingMode;
import dev.carpool.config.SessionStateMode;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterValues;
import dev.carpool.relay.Link;
import dev.carpool.relay.SequenceReaders;
import dev.carpool.relay.TrafficStats;
import dev.carpool.server.CloseReason;
import dev.carpool.server.LoginFailure;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerConnector;
import dev.carpool.server.ServerReset;
import dev.carpool.server.ServerState;
import dev.carpool.server.ServerTarget;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server connections of one database and user: the edge around {@link PoolAccounts}, which opens, checks, resets and
 * closes. Thread-safe.
 */
public final class ServerPool implements Link.Returns {
    private static final Logger log = LoggerFactory.getLogger(ServerPool.class);

    /** So many connections may be replaced at once, then one each second: each costs a login. */
    private static final int MOST_REPLACEMENTS = 64;

    private final PoolKey key;
    private final ServerHost host;
    private final PoolState state;
    private final Consumer<ServerPool> discard;
    private final TrafficStats[] stats;
    private final Set<ServerConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger clients = new AtomicInteger();
    private final AtomicInteger pinned = new AtomicInteger();
    private final boolean forcedUser;
    private final Map<Map<String, String>, Welcome> welcomes = new ConcurrentHashMap<>();
    private final SequenceReaders sequenceReaders = new SequenceReaders();
    private final Allowance replacements = new Allowance(MOST_REPLACEMENTS, TimeUnit.SECONDS.toNanos(1));
    private final Set<String> bornWith = ConcurrentHashMap.newKeySet();
    private final PoolLogins logins = new PoolLogins();
    private final PoolOpener opener;
    private volatile PoolSettings settings;
    private volatile ServerTarget target;
    private volatile Duration queueWait = Duration.ZERO;
    private volatile boolean disabled;
    private final AtomicInteger roleNumber = new AtomicInteger();
    private volatile long lastRoundTrip;

    /** @param forcedUser whether its user is the database's, whoever the clients are */
    ServerPool(
            PoolKey key,
            boolean forcedUser,
            ServerHost host,
            ServerConnector connector,
            PoolDirectory.Refusals refusals,
            PoolState state,
            PoolSettings settings,
            ServerTarget target,
            int loops,
            Consumer<ServerPool> discard) {
        this.key = key;
        this.forcedUser = forcedUser;
        this.discard = discard;
        this.host = host;
        this.state = state;
        this.settings = settings;
        this.target = target;
        this.opener = new PoolOpener(this, logins, connector, refusals);
        this.stats = new TrafficStats[loops];
        for (int i = 0; i < loops; i++) {
            stats[i] = new TrafficStats();
        }
        host.locked(accounts -> state.provenFor = provenFor(settings));
    }

    public PoolKey key() {
        return key;
    }

    public PoolingMode mode() {
        return settings.mode();
    }

    PoolSettings settings() {
        return settings;
    }

    PoolState state() {
        return state;
    }

    ServerHost host() {
        return host;
    }

    public ServerTarget target() {
        return target;
    }

    /** The counters written by one event loop. */
    public TrafficStats stats(int loop) {
        return stats[loop];
    }

    /** The sum of all loops' counters; values at most a moment old. */
    public TrafficStats totals() {
        TrafficStats sum = new TrafficStats();
        for (TrafficStats one : stats) {
            sum.add(one);
        }
        return sum;
    }

    /** Its open connections. Any thread; a moment old. */
    public Collection<ServerConnection> connections() {
        return connections;
    }

    /** What logs in to the server from now on. */
    public void credentials(ServerCredentials proved) {
        logins.credentials(proved);
        LoginFailure failure = logins.failure();
        if (failure != null && failure.kind() == LoginFailure.Kind.CREDENTIALS) {
            loginChanged();
        }
    }

    public ServerCredentials credentials() {
        return logins.credentials();
    }

    /** What clients with these startup settings are told; null when no server has been asked yet. */
    public @Nullable Welcome welcome(Map<String, String> startup) {
        return welcomes.get(startup);
    }

    public void welcome(Map<String, String> startup, Welcome welcome) {
        if (welcomes.size() > 1000) {
            welcomes.clear();
        }
        welcomes.put(startup, welcome);
    }

    public SequenceReaders sequenceReaders() {
        return sequenceReaders;
    }

    /** A role of this name may be another one since the number is. */
    public int roleNumber() {
        return roleNumber.get();
    }

    void roleReplaced() {
        roleNumber.incrementAndGet();
    }

    /** The server may say something else at the next login. */
    void loginChanged() {
        if (logins.forgetLast()) {
            long now = System.nanoTime();
            host.apply((accounts, actions) -> accounts.stopHoldingOpens(state, now, actions), now);
        }
    }

    /** Nanoseconds the last check of an idle connection took, 0 before the first. */
    public long lastRoundTrip() {
        return lastRoundTrip;
    }

    /**
     * The process id by which the clients know who runs in a server process: that of the session it served last, or its
     * own when it does not belong to the proxy. Any thread.
     */
    public int toldProcessId(int processId) {
        ServerConnection connection = host.process(processId);
        return connection == null ? processId : connection.toldProcessId();
    }

    void reconfigure(PoolSettings next, ServerTarget nextTarget) {
        long now = System.nanoTime();
        settings = next;
        boolean moved = !nextTarget.equals(target);
        target = nextTarget;
        agreeOnMinSize();
        host.apply(
                (accounts, actions) -> {
                    state.provenFor = provenFor(next);
                    accounts.reconfigure(state, next.limits(), now, actions);
                },
                now);
        if (moved) {
            reconnect(CloseReason.RECONNECT);
        }
    }

    /** Whether new clients and waiters are refused. */
    public boolean isDisabled() {
        return disabled;
    }

    void disable(boolean on) {
        disabled = on;
    }

    // Clients

    /** A client session belongs to the pool from now on. */
    public void clientCame() {
        clients.incrementAndGet();
        clientsChanged();
    }

    /** A client session that came has left. */
    public void clientLeft() {
        clients.decrementAndGet();
        clientsChanged();
    }

    /** min_pool_size counts while there are clients, and always for a forced user. */
    private void clientsChanged() {
        if (settings.limits().minSize() > 0) {
            agreeOnMinSize();
        }
    }

    private void agreeOnMinSize() {
        host.locked(accounts -> {
            state.keepsMinSize = forcedUser || clients.get() > 0; // read here: the last one to come has it right
            return null;
        });
    }

    // Pins

    /** What becomes of sessions that would keep a connection between transactions. */
    public SessionStateMode sessionState() {
        return settings.sessionState();
    }

    /** Most sessions that may keep a connection between transactions; 0 for no limit. */
    public int mostPinned() {
        return settings.mostPinned();
    }

    /** A session wants to keep one of its connections between transactions: whether it may. */
    public boolean pin() {
        int most = settings.mostPinned();
        int limit = most == 0 ? Integer.MAX_VALUE : most;
        return pinned.getAndUpdate(now -> now < limit ? now + 1 : now) < limit;
    }

    /** A session that has been let pin does not any more. */
    public void unpinned() {
        pinned.decrementAndGet();
    }

    // Checkout

    /** An idle connection on the asking loop, at once; null when the caller has to wait. */
    public @Nullable ServerConnection take(int loop, long now) {
        return take(loop, null, now);
    }

    /**
     * The hot path: an idle connection on the asking loop, at once, if possible one that has the settings wanted; null
     * when the caller has to wait.
     */
    public @Nullable ServerConnection take(int loop, @Nullable ParameterValues wanted, long now) {
        if (disabled) {
            return null;
        }
        while (true) {
            ServerSlot slot = host.take(state, loop, wanted, now);
            if (slot == null) {
                return null;
            }
            ServerConnection connection = slot.connection;
            if (connection != null && connection.isOpen()) {
                return connection;
            }
            // Its end is about to be reported.
        }
    }

    /** Exactly this one of its connections, idle on the asking loop, at once; null when the caller has to wait for it. */
    public @Nullable ServerConnection takeAgain(ServerConnection wanted, int loop, long now) {
        if (disabled) {
            return null;
        }
        ServerSlot slot = slot(wanted);
        boolean taken = host.locked(accounts -> accounts.takeAgain(slot, loop, now));
        return taken && wanted.isOpen() ? wanted : null;
    }

    private static long provenFor(PoolSettings settings) {
        boolean checks = !settings.server().checkQuery().isEmpty();
        return checks ? settings.server().checkDelay().toNanos() : Long.MAX_VALUE;
    }

    /** Checks a connection that nobody has; then it is free. */
    void check(ServerSlot slot) {
        ServerConnection connection = slot.connection;
        if (connection != null) {
            connection.channel().eventLoop().execute(() -> check(connection));
        }
    }

    private void check(ServerConnection connection) {
        long begun = System.nanoTime();
        reset(connection, ServerReset.Scope.CHECK, checked -> {
            lastRoundTrip = System.nanoTime() - begun;
            giveBack(checked);
        });
    }

    /** Queues a waiter; it is granted a connection or refused later, perhaps before this returns. */
    public void checkout(PoolWaiter waiter, Duration longestWait, long now) {
        checkout(waiter, null, longestWait, now);
    }

    /**
     * The same for a waiter who wants one connection of the pool.
     *
     * @param wanted waits for this one as long as it exists; null for any
     */
    public void checkout(PoolWaiter waiter, @Nullable ServerConnection wanted, Duration longestWait, long now) {
        if (disabled) {
            waiter.refused(CarpoolError.DATABASE_DISABLED.reply(key.database()), null);
            return;
        }
        LoginFailure failure = logins.freshFailure(settings.server().loginRetry(), now);
        if (failure != null && connections.isEmpty()) {
            waiter.refused(failure.reply(), failure.serverMessage());
            return;
        }
        queueWait = longestWait;
        long deadline = longestWait.isZero() ? ServerSlot.NEVER : now + longestWait.toNanos();
        ServerSlot slot = wanted == null ? null : slot(wanted);
        host.apply(
                (accounts, actions) -> {
                    if (slot == null || !accounts.claim(slot, waiter, deadline, now, actions)) {
                        accounts.enqueue(state, waiter, deadline, now, actions);
                    }
                },
                now);
    }

    /** Takes a waiter out of the queue. */
    public void withdraw(PoolWaiter waiter) {
        long now = System.nanoTime();
        host.apply((accounts, actions) -> accounts.withdraw(waiter, now, actions), now);
        discardIfTemporary();
    }

    /**
     * Closes a connection that has been granted to this waiter and opens another one in its place, under the same caps. It
     * is granted that one, or queues when it cannot be opened.
     */
    public void replace(ServerConnection server, PoolWaiter waiter) {
        replacements.use(System.nanoTime());
        if (server.state() != ServerState.CLOSED && server.home() instanceof SlotHome home) {
            home.heir = waiter;
            server.close(CloseReason.REPLACED);
        } else {
            checkout(waiter, queueWait, System.nanoTime());
        }
    }

    /** Whether a connection may be replaced now; it does not happen often for long. */
    public boolean mayReplace(long now) {
        return replacements.isLeft(now);
    }

    /** The longest that waiters lately were ready to wait. */
    Duration queueWait() {
        return queueWait;
    }

    /** Names of custom settings that its connections begin with. */
    public Set<String> bornWith() {
        return bornWith;
    }

    // Release

    @Override
    public void release(ServerConnection server, ServerReset.@Nullable Scope scope) {
        if (!server.isOpen()) {
            return; // its home has been told, or is about to be
        }
        if (settings.lifetime().isZero()) {
            long now = System.nanoTime();
            host.locked(accounts -> {
                slot(server).expireAt(now);
                return null;
            });
        }
        boolean always = settings.server().resetQueryAlways() || settings.mode() == PoolingMode.SESSION;
        ServerReset.Scope needed = always ? ServerReset.Scope.FULL : scope;
        if (needed == null) {
            giveBack(server);
        } else {
            reset(server, needed, this::giveBack);
        }
    }

    private void reset(ServerConnection server, ServerReset.Scope scope, ServerReset.Done done) {
        String resetQuery = settings.server().resetQuery();
        String check = settings.server().checkQuery();
        boolean emptyCheck = check.isEmpty() || check.equals(dev.carpool.config.ServerConfig.EMPTY_QUERY);
        ServerReset.start(
                server,
                scope,
                resetQuery.isEmpty() ? "DISCARD ALL" : resetQuery,
                emptyCheck ? "" : check,
                done,
                System.nanoTime());
    }

    private void giveBack(ServerConnection server) {
        long now = System.nanoTime();
        server.disown(now);
        ServerSlot slot = slot(server);
        slot.settings = server.applied(); // read by others under the host's lock, which giveBack takes
        slot.hasOthersNames = server.hasOthersNames();
        host.giveBack(slot, now);
    }

    private static ServerSlot slot(ServerConnection server) {
        if (server.home() instanceof SlotHome home) {
            return home.slot;
        }
        throw new IllegalStateException("not of a pool: " + server);
    }

    /** A connection's place in the accounts. */
    private final class SlotHome implements ServerConnection.Home {
        private final ServerSlot slot;

        /** Who gets another connection in its place when it is closed; null for nobody. */
        private @Nullable PoolWaiter heir;

        SlotHome(ServerSlot slot) {
            this.slot = slot;
        }

        @Override
        public void closed(ServerConnection connection, CloseReason reason) {
            connections.remove(connection);
            host.closed(connection);
            long now = System.nanoTime();
            long age = TimeUnit.NANOSECONDS.toSeconds(now - connection.connectedAt());
            String text = "closing because: " + reason.text() + " (age=" + age + "s)";
            event(settings.log().disconnections(), connection, text);
            PoolWaiter next = heir;
            if (next != null) {
                opener.openAgain(slot, next);
                return;
            }
            host.apply((accounts, actions) -> accounts.closed(slot, now, actions), now);
            discardIfTemporary();
        }
    }

    // Opening

    /** Opens the connection of a slot that the accounts have set aside. */
    void open(ServerSlot slot) {
        opener.open(slot);
    }

    void discardIfTemporary() {
        if (key.purpose() != PoolKey.Purpose.SESSIONS) {
            discard.accept(this);
        }
    }

    /** A connection has been opened. */
    void came(ServerConnection connection, ServerSlot slot) {
        connection.home(new SlotHome(slot));
        connections.add(connection);
        host.opened(connection);
        if (key.purpose() == PoolKey.Purpose.SESSIONS) {
            connection.hiddenEffects(
                    host.hiddenEffects(connection.target().database()),
                    settings.server().functionCheckDelay());
        }
        event(
                settings.log().connections(),
                connection,
                "new connection to server (process " + connection.processId() + ")");
    }

    /** A line about a connection, worded as PgBouncer's; those that prove a password are seen by debuggers only. */
    private void event(boolean wanted, ServerConnection connection, String text) {
        if (wanted && !isProof()) {
            log.info("{}: {}", connection, text);
        } else {
            log.debug("{}: {}", connection, text);
        }
    }

    /** Whether its connections prove a password and do nothing else. */
    boolean isProof() {
        return key.purpose() == PoolKey.Purpose.PROOF || key.purpose() == PoolKey.Purpose.CONSOLE_PROOF;
    }

    /** What clients are told of the last failed login. */
    ErrorReply lastFailure() {
        return logins.reply(key);
    }

    /** PostgreSQL's own words about the last failed login; null when there were none. */
    byte @Nullable [] lastServerMessage() {
        return logins.serverMessage();
    }

    /** The last login's failure; null when it succeeded. */
    public @Nullable LoginFailure failure() {
        return logins.failure();
    }

    /** Whether logins fail: its own, or all to its server, of any pool. A refused user is no failure in this sense. */
    public boolean isFailing() {
        LoginFailure failure = logins.failure();
        boolean own = failure != null && failure.kind() != LoginFailure.Kind.CREDENTIALS;
        return own || !host.isAnswering();
    }

    /** What a login of this user elsewhere has shown: whether the server asks for a secret. */
    public void trusts(boolean on) {
        logins.trusts(on);
    }

    /** Whether the server lets the proxy in without a secret: 1 yes, -1 no, 0 not known (any more). */
    public int trust(Duration knownFor) {
        return logins.trust(knownFor);
    }

    // Upkeep

    /** Ends what takes too long between two sessions, and checks the connections unused for longest. */
    void upkeep(long now) {
        long limit = settings.resetTimeout().toNanos();
        for (ServerConnection connection : connections) {
            ServerState doing = connection.state();
            if ((doing == ServerState.DRAINING || doing == ServerState.RESETTING || doing == ServerState.CHECKING)
                    && now - connection.stateSince() > limit) {
                connection.channel().eventLoop().execute(() -> {
                    if (connection.state() == doing) {
                        connection.close(
                                doing == ServerState.CHECKING ? CloseReason.CHECK_FAILED : CloseReason.RESET_FAILED);
                    }
                });
            }
        }
        checkIdle(now);
    }

    private void checkIdle(long now) {
        long delay = settings.server().checkDelay().toNanos();
        if (delay == 0 || settings.server().checkQuery().isEmpty()) {
            return;
        }
        ServerSlot slot = host.locked(accounts -> accounts.takeForCheck(state, now - delay, now));
        if (slot != null) {
            check(slot);
        }
    }

    /** Has every connection closed: idle ones now, the others when they are released. */
    public void reconnect(CloseReason reason) {
        long now = System.nanoTime();
        welcomes.clear();
        bornWith.clear();
        host.apply(
                (accounts, actions) -> {
                    accounts.markForClose(state, reason, now, actions);
                },
                now);
    }

    /** Closes what is idle but for {@code keep} connections; returns how many those are. */
    int closeIdle(int keep) {
        long now = System.nanoTime();
        int[] kept = {0};
        host.apply(
                (accounts, actions) ->
                        kept[0] = accounts.closeIdle(state, keep, CloseReason.DATABASE_NEEDED, now, actions),
                now);
        return kept[0];
    }

    /** Opens nothing for a while, or again. */
    void holdOpens(boolean on, Duration longest) {
        long now = System.nanoTime();
        host.apply(
                (accounts, actions) -> {
                    if (on) {
                        accounts.holdOpens(state, now + longest.toNanos(), now, actions);
                    } else {
                        accounts.stopHoldingOpens(state, now, actions);
                    }
                },
                now);
    }

    /** Connections in the hands of sessions. A moment old. */
    int linked() {
        return (int) connections.stream()
                .filter(connection -> connection.state() == ServerState.LINKED)
                .count();
    }

    /** Connections that count against the caps: opening, idle, in use and closing. */
    int open() {
        return host.locked(accounts -> state.open());
    }

    /** Whether a connection of the pool is closed instead of reused when it is given back. */
    public boolean closesAtRelease(ServerConnection connection) {
        return connection.home() instanceof SlotHome home && host.locked(accounts -> home.slot.closesAtRelease());
    }

    /** Cuts every connection at once, whatever it does. */
    public void kill(CloseReason reason) {
        for (ServerConnection connection : connections) {
            connection.channel().eventLoop().execute(() -> connection.close(reason));
        }
    }

    void refuseAll(RefuseReason reason) {
        long now = System.nanoTime();
        host.apply((accounts, actions) -> accounts.refuseAll(state, reason, now, actions), now);
    }

    // What refusals and statistics tell

    int maxWaiting() {
        return settings.limits().maxWaiting();
    }

    String queueWaitText() {
        return queueWait.toMillis() % 1000 == 0 ? queueWait.toSeconds() + " s" : queueWait.toMillis() + " ms";
    }

    String occupancyText() {
        PoolSnapshot now = snapshot();
        return now.inUse() + " in use, " + now.waiting() + " waiting";
    }

    public PoolSnapshot snapshot() {
        long now = System.nanoTime();
        return host.locked(accounts -> new PoolSnapshot(
                key,
                settings.mode(),
                settings.limits().size(),
                settings.limits().reserve(),
                state.open(),
                state.opening(),
                state.idle(),
                state.inUse(),
                pinned.get(),
                state.waiting() + state.claiming,
                state.waiting() == 0 ? 0 : now - state.oldestArrival(now),
                state.bottleneck().text(),
                state.isPaused()));
    }

    @Override
    public String toString() {
        return key.toString();
    }
}

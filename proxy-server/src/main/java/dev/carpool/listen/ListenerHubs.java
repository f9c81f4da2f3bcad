package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.pool.PoolKey;
import dev.carpool.pool.ServerPool;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The shared listeners of all databases, made on first use. Thread-safe. */
public final class ListenerHubs {
    private final Map<String, ListenerHub> hubs = new ConcurrentHashMap<>();
    private final PoolDirectory pools;
    private final LongSupplier queueSize;

    /** @param queueSize bytes of notifications kept for one session */
    public ListenerHubs(PoolDirectory pools, LongSupplier queueSize) {
        this.pools = pools;
        this.queueSize = queueSize;
    }

    /**
     * A session that is about to listen; it must close its subscription at its end.
     *
     * @param loop index of the session's event loop
     */
    public Subscription subscribe(ListeningSession session, int loop) {
        String database = session.pool().key().database();
        ListenerHub hub = hubs.computeIfAbsent(database, missing -> make(database, session.pool(), loop));
        return new Subscription(hub, session, queueSize.getAsLong());
    }

    private ListenerHub make(String database, ServerPool first, int loop) {
        Line.Maker maker = new Line.Maker() {
            @Override
            public Line make(ServerPool like, Line.Events events) {
                ServerPool own = pools.beside(like, PoolKey.Purpose.LISTENER, PARAMETERS);
                return own == null ? new Unconfigured(database, events) : new PooledLine(own, loop, events);
            }

            @Override
            public boolean mayOpen(ServerPool like) {
                return !pools.isPaused(database);
            }
        };
        return new ListenerHub(
                database,
                pools.loop(loop),
                maker,
                notification -> notification.from(first.toldProcessId(notification.processId())));
    }

    /** What its server connections log in with: sessions are passed on what it receives, in their encoding. */
    private static final Map<String, String> PARAMETERS =
            Map.of("application_name", "carpool listener", "client_encoding", "UTF8");

    /**
     * Runs {@code then}, on any thread, when what was committed before this call has reached those who listen. Returns false,
     * and does nothing, if nobody does.
     */
    public boolean catchUp(String database, Runnable then) {
        ListenerHub hub = hubs.get(database);
        if (hub == null || !hub.isOpen()) {
            return false;
        }
        hub.execute(() -> hub.catchUp(then));
        return true;
    }

    /** Periodic. */
    public void tick() {
        long now = System.nanoTime();
        for (ListenerHub hub : hubs.values()) {
            if (hub.isOpen()) {
                hub.execute(() -> hub.tick(now));
            }
        }
    }

    /** In place of a line to a database that is no longer configured. */
    private record Unconfigured(String database, Line.Events events) implements Line {
        @Override
        public void open() {
            events.refused(CarpoolError.NO_SUCH_DATABASE.reply(database));
        }

        @Override
        public void ask(String sql) {}

        @Override
        public boolean isOutdated() {
            return false;
        }

        @Override
        public void close() {}
    }
}

package dev.carpool.metrics;

import dev.carpool.pool.PoolKey;
import dev.carpool.pool.PoolSnapshot;
import dev.carpool.pool.ServerPool;
import dev.carpool.relay.TrafficStats;
import dev.carpool.server.ServerConnection;
import java.util.ArrayList;
import java.util.List;

/** Everything there is to tell about one database and user: its pool, and single connections such as login proofs. */
public final class PoolReading {
    private final String database;
    private final String user;
    private final List<ServerConnection> connections = new ArrayList<>();
    private final TrafficStats traffic = new TrafficStats();
    private Load load = Load.NONE;
    private PoolSnapshot pool;
    private long roundTripNanos;
    private boolean failing;

    PoolReading(ServerPool first, PoolSnapshot snapshot) {
        this.database = first.key().database();
        this.user = first.key().user();
        this.pool = snapshot;
    }

    void add(ServerPool part, PoolSnapshot snapshot) {
        load = load.plus(Load.of(snapshot));
        traffic.add(part.totals());
        connections.addAll(part.connections());
        if (part.key().purpose() == PoolKey.Purpose.SESSIONS) {
            pool = snapshot;
            roundTripNanos = part.lastRoundTrip();
            failing = part.isFailing();
        }
    }

    public String database() {
        return database;
    }

    public String user() {
        return user;
    }

    public Load load() {
        return load;
    }

    /** The pool itself. */
    public PoolSnapshot pool() {
        return pool;
    }

    public TrafficStats traffic() {
        return traffic;
    }

    /** Open connections, a moment old. */
    public List<ServerConnection> connections() {
        return connections;
    }

    /** Nanoseconds of the last check of an idle connection, 0 before the first. */
    long roundTripNanos() {
        return roundTripNanos;
    }

    /** Whether logins to the server fail. */
    boolean isFailing() {
        return failing;
    }
}

package dev.carpool.metrics;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.pool.PoolSnapshot;
import dev.carpool.pool.ServerPool;
import dev.carpool.relay.TrafficStats;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** The pools at a moment, by database and user, in alphabetical order. */
public final class ProxyReading {
    private final Map<String, DatabaseReading> databases = new TreeMap<>();
    private final TrafficStats traffic = new TrafficStats();
    private Load load = Load.NONE;

    private ProxyReading() {}

    /** Reads the accounts of all pools, one after the other. Any thread; with many pools not an event loop. */
    public static ProxyReading of(MonitoredProxy proxy) {
        ProxyReading reading = new ProxyReading();
        CarpoolConfig config = proxy.config();
        PoolDirectory directory = proxy.pools();
        config.databases().keySet().forEach(name -> reading.database(name, config, directory));
        Map<String, Map<String, PoolReading>> pools = new TreeMap<>();
        for (ServerPool pool : directory.pools()) {
            PoolSnapshot snapshot = pool.snapshot();
            pools.computeIfAbsent(pool.key().database(), missing -> new TreeMap<>())
                    .computeIfAbsent(pool.key().user(), missing -> new PoolReading(pool, snapshot))
                    .add(pool, snapshot);
        }
        pools.forEach((name, ofDatabase) -> {
            DatabaseReading database = reading.database(name, config, directory);
            ofDatabase.values().forEach(database::add);
            reading.traffic.add(database.traffic());
            reading.load = reading.load.plus(database.load());
        });
        return reading;
    }

    private DatabaseReading database(String name, CarpoolConfig config, PoolDirectory directory) {
        return databases.computeIfAbsent(
                name,
                missing -> new DatabaseReading(
                        name, directory.isPaused(name), directory.isDisabled(name), max(config, name)));
    }

    private static int max(CarpoolConfig config, String name) {
        DatabaseConfig database = config.database(name);
        int ofHost = config.limits().maxServerConnections();
        return database == null ? ofHost : smaller(config.maxDbConnections(database), ofHost);
    }

    /** The tighter of two limits of which 0 is none. */
    static int smaller(int one, int other) {
        if (one == 0 || other == 0) {
            return Math.max(one, other);
        }
        return Math.min(one, other);
    }

    /** The configured databases, and those that are in use. */
    public Collection<DatabaseReading> databases() {
        return databases.values();
    }

    /** Over all databases. */
    public Load load() {
        return load;
    }

    /** Over all databases. */
    public TrafficStats traffic() {
        return traffic;
    }
}

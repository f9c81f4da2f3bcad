package dev.carpool.metrics;

import dev.carpool.relay.TrafficStats;
import java.util.ArrayList;
import java.util.List;

/** Everything there is to tell about one database, over all its pools. */
public final class DatabaseReading {
    private final String name;
    private final boolean paused;
    private final boolean disabled;
    private final int max;
    private final List<PoolReading> pools = new ArrayList<>();
    private final TrafficStats traffic = new TrafficStats();
    private Load load = Load.NONE;

    DatabaseReading(String name, boolean paused, boolean disabled, int max) {
        this.name = name;
        this.paused = paused;
        this.disabled = disabled;
        this.max = max;
    }

    void add(PoolReading pool) {
        pools.add(pool);
        traffic.add(pool.traffic());
        load = load.plus(pool.load());
    }

    public String name() {
        return name;
    }

    public List<PoolReading> pools() {
        return pools;
    }

    public TrafficStats traffic() {
        return traffic;
    }

    public Load load() {
        return load;
    }

    boolean isPaused() {
        return paused;
    }

    boolean isDisabled() {
        return disabled;
    }

    /** Most server connections it may have under its own cap and the host's; 0 for no limit. */
    int max() {
        return max;
    }

    /** The longest of its pools' last checks in nanoseconds, 0 before the first. */
    long roundTripNanos() {
        return pools.stream().mapToLong(PoolReading::roundTripNanos).max().orElse(0);
    }

    /** In one word, what an operator wants to know first. */
    String status() {
        if (disabled) {
            return "disabled";
        }
        if (paused) {
            return "paused";
        }
        if (pools.isEmpty()) {
            return "unused";
        }
        boolean working = load.idle() + load.inUse() > 0;
        boolean failing = pools.stream().anyMatch(PoolReading::isFailing);
        return failing && !working ? "down" : "up";
    }
}

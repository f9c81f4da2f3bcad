package dev.carpool.admin;

import java.util.HashMap;
import java.util.Map;

/** What became of each database's counters in the last whole {@code stats_period}. Thread-safe. */
final class StatsAverages {
    private Map<String, StatsCounters> before = new HashMap<>();
    private volatile Map<String, StatsCounters> averages = Map.of();
    private long sampledAt;

    /** Begins with counters that are zero. */
    StatsAverages(long now) {
        sampledAt = now;
    }

    /** Ends a period. */
    synchronized void sample(Map<String, StatsCounters> current, long now) {
        long elapsed = now - sampledAt;
        if (elapsed <= 0) {
            return;
        }
        Map<String, StatsCounters> next = new HashMap<>();
        current.forEach((database, counters) ->
                next.put(database, counters.averagesSince(before.getOrDefault(database, StatsCounters.NONE), elapsed)));
        averages = next;
        before = current;
        sampledAt = now;
    }

    /** Averages of a database over the last whole period; zeros before the first has ended. */
    StatsCounters averages(String database) {
        return averages.getOrDefault(database, StatsCounters.NONE);
    }
}

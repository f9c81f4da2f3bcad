package dev.carpool.admin;

import dev.carpool.relay.TrafficStats;

/** PgBouncer's counters of a database in its order, or their averages. Times in microseconds. */
record StatsCounters(
        long assignments,
        long transactions,
        long queries,
        long received,
        long sent,
        long transactionTime,
        long queryTime,
        long waitTime,
        long clientParses,
        long serverParses,
        long binds) {
    static final StatsCounters NONE = new StatsCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    static StatsCounters of(TrafficStats traffic) {
        return new StatsCounters(
                traffic.checkouts(),
                traffic.transactions(),
                traffic.queries(),
                traffic.bytesReceived(),
                traffic.bytesSent(),
                traffic.transactionNanos() / 1000,
                traffic.queryNanos() / 1000,
                traffic.waitNanos() / 1000,
                traffic.clientParses(),
                traffic.serverParses(),
                traffic.binds());
    }

    /** Counts, and the time spent waiting, per second; the time of transactions and queries for each of them. */
    StatsCounters averagesSince(StatsCounters before, long elapsedNanos) {
        double seconds = elapsedNanos / 1e9;
        return new StatsCounters(
                perSecond(assignments - before.assignments, seconds),
                perSecond(transactions - before.transactions, seconds),
                perSecond(queries - before.queries, seconds),
                perSecond(received - before.received, seconds),
                perSecond(sent - before.sent, seconds),
                each(transactionTime - before.transactionTime, transactions - before.transactions),
                each(queryTime - before.queryTime, queries - before.queries),
                perSecond(waitTime - before.waitTime, seconds),
                perSecond(clientParses - before.clientParses, seconds),
                perSecond(serverParses - before.serverParses, seconds),
                perSecond(binds - before.binds, seconds));
    }

    /** A database that was forgotten meanwhile has begun anew, below what it had. */
    private static long perSecond(long difference, double seconds) {
        return (long) (Math.max(0, difference) / seconds);
    }

    private static long each(long time, long count) {
        return count <= 0 || time < 0 ? 0 : time / count;
    }

    /** All of them, in order. */
    long[] values() {
        return new long[] {
            assignments,
            transactions,
            queries,
            received,
            sent,
            transactionTime,
            queryTime,
            waitTime,
            clientParses,
            serverParses,
            binds
        };
    }
}

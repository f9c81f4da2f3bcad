package dev.carpool.relay;

/**
 * Counts of durations in buckets whose upper bounds are powers of two microseconds: 1 µs, 2 µs, 4 µs … about 36 min.
 * Written by one thread.
 */
public final class LatencyHistogram {
    /** Number of buckets; the last one has no upper bound. */
    public static final int BUCKETS = 32;

    private final long[] counts = new long[BUCKETS];

    void record(long nanos) {
        long micros = nanos / 1000;
        int bucket = micros <= 1 ? 0 : 64 - Long.numberOfLeadingZeros(micros - 1);
        counts[Math.min(bucket, BUCKETS - 1)]++;
    }

    public long count(int bucket) {
        return counts[bucket];
    }

    /** The largest duration in seconds that falls into a bucket. */
    public static double upperBoundSeconds(int bucket) {
        return bucket == BUCKETS - 1 ? Double.POSITIVE_INFINITY : (1L << bucket) / 1e6;
    }

    void add(LatencyHistogram other) {
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] += other.counts[i];
        }
    }
}

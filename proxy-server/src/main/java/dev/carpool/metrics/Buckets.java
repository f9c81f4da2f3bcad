package dev.carpool.metrics;

import dev.carpool.relay.LatencyHistogram;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;

/** The buckets of a {@link LatencyHistogram} as Prometheus is told them: those from 16 µs to about 67 s. */
final class Buckets {
    private static final int FIRST = 4;
    private static final int LAST = 26;

    private Buckets() {}

    static ClassicHistogramBuckets of(LatencyHistogram times) {
        int size = LAST - FIRST + 2;
        double[] bounds = new double[size];
        long[] counts = new long[size];
        for (int i = 0; i < size; i++) {
            bounds[i] = i == size - 1 ? Double.POSITIVE_INFINITY : LatencyHistogram.upperBoundSeconds(FIRST + i);
        }
        for (int bucket = 0; bucket < LatencyHistogram.BUCKETS; bucket++) {
            counts[Math.min(size - 1, Math.max(0, bucket - FIRST))] += times.count(bucket);
        }
        return ClassicHistogramBuckets.of(bounds, counts);
    }
}

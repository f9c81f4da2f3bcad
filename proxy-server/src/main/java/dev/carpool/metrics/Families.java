package dev.carpool.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gathers data points by name, because Prometheus wants all points of one metric together. */
final class Families {
    private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
    private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
    private final Map<String, HistogramSnapshot.Builder> histograms = new LinkedHashMap<>();

    /** Takes the value of one point. */
    interface Point {
        void value(double value);
    }

    Point gauge(String name, String help, Labels labels) {
        GaugeSnapshot.Builder family = gauges.computeIfAbsent(
                name, missing -> GaugeSnapshot.builder().name(name).help(help));
        return value -> family.dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                .labels(labels)
                .value(value)
                .build());
    }

    /** @param name without the suffix {@code _total} */
    void counter(String name, String help, Labels labels, long value) {
        counters.computeIfAbsent(
                        name, missing -> CounterSnapshot.builder().name(name).help(help))
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .labels(labels)
                        .value((double) value)
                        .build());
    }

    void histogram(String name, String help, Labels labels, ClassicHistogramBuckets buckets, double sum) {
        histograms
                .computeIfAbsent(
                        name, missing -> HistogramSnapshot.builder().name(name).help(help))
                .dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                        .labels(labels)
                        .classicHistogramBuckets(buckets)
                        .sum(sum)
                        .build());
    }

    MetricSnapshots build() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        for (Map<String, ? extends MetricSnapshot.Builder<?>> families :
                java.util.List.of(gauges, counters, histograms)) {
            families.values().forEach(family -> all.metricSnapshot(family.build()));
        }
        return all.build();
    }
}

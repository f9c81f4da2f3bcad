package dev.carpool.metrics;

import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code /metrics}: for Prometheus. Nothing is set up before the first scrape, and nothing is gathered between two. */
final class MetricsPage implements Page {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private final MonitoredProxy proxy;
    private @Nullable PrometheusMeterRegistry registry;

    MetricsPage(MonitoredProxy proxy) {
        this.proxy = proxy;
    }

    @Override
    public synchronized Content render(String accept) throws IOException {
        String type = accept.contains("application/openmetrics-text") ? OPEN_METRICS : TEXT;
        ByteArrayOutputStream out = new ByteArrayOutputStream(32 * 1024);
        registry().scrape(out, type);
        return new Content(200, type, out.toByteArray());
    }

    private PrometheusMeterRegistry registry() {
        PrometheusMeterRegistry made = registry;
        if (made == null) {
            made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            made.getPrometheusRegistry().register(new PoolCollector(proxy));
            ProxyMeters.register(made, proxy);
            new JvmMemoryMetrics().bindTo(made);
            gcMetrics(made);
            new JvmThreadMetrics().bindTo(made);
            new ProcessorMetrics().bindTo(made);
            new FileDescriptorMetrics().bindTo(made);
            new UptimeMetrics().bindTo(made);
            registry = made;
        }
        return made;
    }

    @SuppressWarnings("resource") // as long as the process
    private static void gcMetrics(PrometheusMeterRegistry to) {
        new JvmGcMetrics().bindTo(to);
    }
}

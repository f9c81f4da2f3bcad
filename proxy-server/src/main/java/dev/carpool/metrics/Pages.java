package dev.carpool.metrics;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The table of paths. */
final class Pages {
    /**
     * One row.
     *
     * @param probe open to everybody, and cheap enough for an event loop
     */
    record Row(String path, boolean probe, Page page) {}

    private static final String TEXT = "text/plain; charset=utf-8";

    private final Map<String, Row> rows = new LinkedHashMap<>();

    Pages(MonitoredProxy proxy) {
        row("/", false, accept -> text(200, paths().replace(", ", "\n") + "\n"));
        row("/livez", true, accept -> text(200, "alive\n"));
        row("/readyz", true, accept -> proxy.isReady() ? text(200, "ready\n") : text(503, "not ready\n"));
        row("/health", false, new HealthPage(proxy));
        row("/metrics", false, new MetricsPage(proxy));
        row("/api/stats", false, new StatsPage(proxy));
        row("/api/report", false, new ReportPage(proxy));
    }

    private void row(String path, boolean probe, Page page) {
        rows.put(path, new Row(path, probe, page));
    }

    private static Page.Content text(int status, String text) {
        return new Page.Content(status, TEXT, text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    @Nullable
    Row find(String path) {
        return rows.get(path);
    }

    /** All paths in one line. */
    String paths() {
        return String.join(", ", rows.keySet());
    }
}

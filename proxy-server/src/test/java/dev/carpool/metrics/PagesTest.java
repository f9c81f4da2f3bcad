package dev.carpool.metrics;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.carpool.admin.TestProxy;
import dev.carpool.pool.ServerPool;
import dev.carpool.relay.CompatibilityReport;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.Suspicion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PagesTest {
    private final TestProxy proxy = new TestProxy("databases.shop.host=db2", "databases.shop.max_db_connections=7");

    private static String text(Page page, String accept) throws IOException {
        return new String(page.render(accept).body(), StandardCharsets.UTF_8);
    }

    private static void assertIsJson(String text) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(text)) {
            int tokens = 0;
            while (parser.nextToken() != null) {
                tokens++;
            }
            assertTrue(tokens > 2);
        }
    }

    @Test
    void healthHasOneObjectForEachDatabase() throws IOException {
        proxy.pool("other", "app");
        Page.Content content = new HealthPage(proxy).render("");
        String health = new String(content.body(), StandardCharsets.UTF_8);
        assertEquals(200, content.status());
        assertIsJson(health);
        assertTrue(health.contains("\"database\" : \"shop\",\n    \"status\" : \"unused\""), health);
        assertTrue(health.contains("\"max\" : 7"), health);
        assertTrue(health.contains("\"database\" : \"other\",\n    \"status\" : \"up\""), health);
    }

    @Test
    void healthIs503WhileTheProxyStops() throws IOException {
        proxy.ready = false;
        assertEquals(503, new HealthPage(proxy).render("").status());
    }

    @Test
    void healthTellsWhatIsPausedAndDisabled() throws IOException {
        proxy.pools().pause("shop");
        assertTrue(text(new HealthPage(proxy), "").contains("\"status\" : \"paused\""));
        proxy.pools().disable("shop", true);
        assertTrue(text(new HealthPage(proxy), "").contains("\"status\" : \"disabled\""));
    }

    @Test
    void statsHaveCapsTotalsHostsDatabasesAndPools() throws IOException {
        ServerPool pool = proxy.pool("shop", "app");
        pool.stats(0).login();
        pool.pin();
        String stats = text(new StatsPage(proxy), "");
        assertIsJson(stats);
        for (String member : new String[] {"caps", "totals", "hosts", "databases", "pools"}) {
            assertTrue(stats.contains("\"" + member + "\" : "), member);
        }
        assertTrue(stats.contains("\"host\" : \"db2:5432\""));
        assertTrue(stats.contains("\"user\" : \"app\""));
        assertTrue(stats.contains("\"max\" : 7"));
        assertTrue(stats.contains("\"pinned\" : 1"));
        assertTrue(stats.contains("\"state_probes\" : 0"));
    }

    @Test
    void reportIsJsonOrLines() throws IOException {
        ReportPage page = new ReportPage(proxy);
        proxy.report()
                .ran(
                        new CompatibilityReport.Owner("shop", "app", "a\nb"),
                        Effects.unread(Suspicion.TEMP),
                        "create temp table t as select 1",
                        true);
        String json = text(page, "*/*");
        assertIsJson(json);
        assertTrue(json.contains("\"statement\" : \"create temp table t as select ?\""), json);
        assertTrue(json.contains("\"effect\" : \"pinned\""), json);
        assertTrue(json.contains("\"reasons\" : [ \"temp\" ]"), json);
        String lines = text(page, "text/plain");
        assertTrue(lines.startsWith("Nothing is counted: "), lines);
        assertTrue(lines.contains("\nshop/app a?b: 1 x pinned (temp) since "), lines);
        assertTrue(lines.endsWith(": create temp table t as select ?\n"), lines);
    }

    @Test
    void metricsAreCountersGaugesAndHistograms() throws IOException {
        ServerPool pool = proxy.pool("shop", "app");
        pool.stats(0).checkout(TimeUnit.MICROSECONDS.toNanos(3));
        pool.stats(0).checkout(TimeUnit.MICROSECONDS.toNanos(100));
        pool.stats(0).checkout(TimeUnit.SECONDS.toNanos(1000));
        pool.pin();
        String metrics = text(new MetricsPage(proxy), "");
        for (String line : new String[] {
            "# TYPE carpool_wait_seconds histogram",
            "carpool_wait_seconds_bucket{database=\"shop\",le=\"1.6E-5\"} 1",
            "carpool_wait_seconds_bucket{database=\"shop\",le=\"6.4E-5\"} 1",
            "carpool_wait_seconds_bucket{database=\"shop\",le=\"1.28E-4\"} 2",
            "carpool_wait_seconds_bucket{database=\"shop\",le=\"67.108864\"} 2",
            "carpool_wait_seconds_bucket{database=\"shop\",le=\"+Inf\"} 3",
            "carpool_wait_seconds_count{database=\"shop\"} 3",
            "carpool_checkouts_total{database=\"shop\",user=\"app\"} 3.0",
            "carpool_pool_max_server_connections{database=\"shop\",user=\"app\"} 20.0",
            "carpool_pool_pinned_sessions{database=\"shop\",user=\"app\"} 1.0",
            "carpool_pins_total{database=\"shop\",reason=\"advisory_lock\"} 0.0",
            "carpool_pins_total{database=\"shop\",reason=\"unknown\"} 0.0",
            "carpool_probes_total{database=\"shop\",kind=\"state\"} 0.0",
            "carpool_probes_total{database=\"shop\",kind=\"sweep\"} 0.0",
            "carpool_probe_failures_total{database=\"shop\"} 0.0",
            "carpool_syncs_total{database=\"shop\"} 0.0",
            "carpool_failed_logins_total 3.0",
            "carpool_mismatches_total " + (double) dev.carpool.server.Counters.mismatches(),
            "carpool_build_info{version=\"9.8.7\"} 1",
            "carpool_ready 1.0"
        }) {
            assertTrue(metrics.contains(line + "\n"), line);
        }
        assertTrue(metrics.contains("\njvm_memory_used_bytes{"));
    }

    @Test
    void metricsAreOpenMetricsForThoseWhoAsk() throws IOException {
        MetricsPage page = new MetricsPage(proxy);
        Page.Content open = page.render("application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        assertTrue(open.type().startsWith("application/openmetrics-text"));
        assertTrue(new String(open.body(), StandardCharsets.UTF_8).endsWith("# EOF\n"));
        assertTrue(page.render("*/*").type().startsWith("text/plain"));
    }

    @Test
    void databaseNamesAreEscaped() throws IOException {
        proxy.pool("we\"ird\\\nname", "us\"er");
        assertIsJson(text(new StatsPage(proxy), ""));
        String metrics = text(new MetricsPage(proxy), "");
        assertTrue(metrics.contains("database=\"we\\\"ird\\\\\\nname\""));
    }

    @Test
    void withManyDatabasesTheHistogramsAreThoseOfAll() throws IOException {
        for (int i = 0; i <= PoolCollector.MOST_HISTOGRAMS; i++) {
            proxy.pool("tenant" + i, "app").stats(0).checkout(1000);
        }
        String metrics = text(new MetricsPage(proxy), "");
        assertTrue(metrics.contains("carpool_wait_seconds_count{database=\"*\"} 201\n"));
        assertFalse(metrics.contains("carpool_wait_seconds_count{database=\"tenant1\"}"));
        assertTrue(metrics.contains("carpool_checkouts_total{database=\"tenant1\",user=\"app\"} 1.0\n"));
    }
}

package dev.carpool.admin;

import dev.carpool.metrics.ProxyReading;
import java.util.List;

/** {@code SHOW TOTALS}: totals and averages over all databases, one line for each. */
final class ShowTotals extends Show {
    private static final List<String> NAMES = List.of(
            "server_assignment_count",
            "xact_count",
            "query_count",
            "client_bytes",
            "server_bytes",
            "xact_time",
            "query_time",
            "wait_time",
            "ps_client_parse_count",
            "ps_server_parse_count",
            "ps_bind_count");

    @Override
    public List<Column> columns() {
        return List.of(Column.text("name"), Column.numeric("value"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        add(table, "total_", StatsCounters.of(ProxyReading.of(run.proxy()).traffic()));
        add(table, "avg_", run.averages().averages(StatsPeriod.ALL));
    }

    private static void add(ResultTable table, String prefix, StatsCounters counters) {
        long[] values = counters.values();
        for (int i = 0; i < values.length; i++) {
            table.row(prefix + NAMES.get(i), values[i]);
        }
    }
}

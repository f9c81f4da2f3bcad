package dev.carpool.admin;

import dev.carpool.metrics.DatabaseReading;
import dev.carpool.metrics.ProxyReading;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code SHOW STATS} and its two halves: one line for each database. */
final class ShowStats extends Show {
    enum Part {
        BOTH,
        TOTALS,
        AVERAGES
    }

    private static final List<String> TOTALS_ALONE = List.of(
            "server_assignment_count",
            "xact_count",
            "query_count",
            "bytes_received",
            "bytes_sent",
            "xact_time",
            "query_time",
            "wait_time",
            "client_parse_count",
            "server_parse_count",
            "bind_count");

    /** PgBouncer prefixes only the last three here. */
    private static final List<String> AVERAGES_ALONE = List.of(
            "server_assignment_count",
            "xact_count",
            "query_count",
            "bytes_received",
            "bytes_sent",
            "xact_time",
            "query_time",
            "wait_time",
            "avg_client_parse_count",
            "avg_server_parse_count",
            "avg_bind_count");

    private static final List<String> TOTALS = List.of(
            "total_server_assignment_count",
            "total_xact_count",
            "total_query_count",
            "total_received",
            "total_sent",
            "total_xact_time",
            "total_query_time",
            "total_wait_time",
            "total_client_parse_count",
            "total_server_parse_count",
            "total_bind_count");

    private static final List<String> AVERAGES = List.of(
            "avg_server_assignment_count",
            "avg_xact_count",
            "avg_query_count",
            "avg_recv",
            "avg_sent",
            "avg_xact_time",
            "avg_query_time",
            "avg_wait_time",
            "avg_client_parse_count",
            "avg_server_parse_count",
            "avg_bind_count");

    private final Part part;

    ShowStats(Part part) {
        this.part = part;
    }

    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        columns.add(Column.text("database"));
        switch (part) {
            case BOTH -> {
                TOTALS.forEach(name -> columns.add(Column.numeric(name)));
                AVERAGES.forEach(name -> columns.add(Column.numeric(name)));
            }
            case TOTALS -> TOTALS_ALONE.forEach(name -> columns.add(Column.numeric(name)));
            case AVERAGES -> AVERAGES_ALONE.forEach(name -> columns.add(Column.numeric(name)));
        }
        return columns;
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        for (DatabaseReading database : ProxyReading.of(run.proxy()).databases()) {
            add(
                    table,
                    database.name(),
                    StatsCounters.of(database.traffic()),
                    run.averages().averages(database.name()));
        }
        add(table, AdminConsole.LISTED_NAME, StatsCounters.NONE, StatsCounters.NONE);
    }

    private void add(ResultTable table, String database, StatsCounters totals, StatsCounters averages) {
        List<@Nullable Object> row = new ArrayList<>();
        row.add(database);
        if (part != Part.AVERAGES) {
            addAll(row, totals);
        }
        if (part != Part.TOTALS) {
            addAll(row, averages);
        }
        table.row(row.toArray());
    }

    private static void addAll(List<@Nullable Object> row, StatsCounters counters) {
        for (long value : counters.values()) {
            row.add(value);
        }
    }
}

package dev.carpool.admin;

import java.util.List;

/** {@code SHOW STATE}. */
final class ShowState extends Show {
    @Override
    public List<Column> columns() {
        return List.of(Column.text("key"), Column.text("value"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        boolean paused = run.proxy().pools().isAllPaused();
        table.row("active", paused ? "no" : "yes");
        table.row("paused", paused ? "yes" : "no");
        table.row("suspended", "no");
    }
}

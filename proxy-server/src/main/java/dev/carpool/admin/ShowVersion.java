package dev.carpool.admin;

import java.util.List;

/** {@code SHOW VERSION}: first the PgBouncer that tools may take this for, then what it is. */
final class ShowVersion extends Show {
    @Override
    public List<Column> columns() {
        return List.of(Column.text("version"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        table.row("PgBouncer " + AdminConsole.COMPATIBLE_VERSION + " (Carpool "
                + run.proxy().version() + ")");
    }
}

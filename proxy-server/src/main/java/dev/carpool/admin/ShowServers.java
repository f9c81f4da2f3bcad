package dev.carpool.admin;

import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerConnection;
import java.util.List;

/** {@code SHOW SERVERS}: the server connections that are logged in. */
final class ShowServers extends Show {
    @Override
    public List<Column> columns() {
        return SessionRows.COLUMNS;
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        SessionRows rows = new SessionRows(run.proxy());
        for (ServerPool pool : run.proxy().pools().pools()) {
            for (ServerConnection server : pool.connections()) {
                table.row(rows.server(pool, server).toArray());
            }
        }
    }
}

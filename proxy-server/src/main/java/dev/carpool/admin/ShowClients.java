package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerConnection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code SHOW CLIENTS}, and {@code SHOW CLIENTS EXTENDED} with columns of our own behind PgBouncer's. */
final class ShowClients extends Show {
    private static final List<Column> OWN = List.of(
            Column.text("pool_mode"),
            Column.int4("server_pid"),
            Column.text("waiting_for"),
            Column.int4("cancel_pid"),
            Column.int4("event_loop"));

    private final boolean extended;

    ShowClients(boolean extended) {
        this.extended = extended;
    }

    @Override
    public List<Column> columns() {
        if (!extended) {
            return SessionRows.COLUMNS;
        }
        List<Column> all = new ArrayList<>(SessionRows.COLUMNS);
        all.addAll(OWN);
        all.addAll(PinColumns.ALL);
        return all;
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        SessionRows rows = new SessionRows(run.proxy());
        PinColumns pins = new PinColumns(run.role());
        for (ClientSession session : rows.clients()) {
            List<@Nullable Object> row = rows.client(session);
            if (extended) {
                extend(row, session);
                pins.add(row, session.pin());
            }
            table.row(row.toArray());
        }
    }

    private static void extend(List<@Nullable Object> row, ClientSession session) {
        ServerPool pool = session.serverPool();
        ServerConnection server = session.server();
        boolean waits = session.waitingSince() != 0;
        row.add(pool == null ? null : pool.mode().text());
        row.add(server == null ? null : server.processId());
        row.add(pool == null || !waits ? null : pool.snapshot().bottleneck());
        row.add(session.processId());
        row.add(session.loop());
    }
}

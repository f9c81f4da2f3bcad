package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerConnection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code SHOW SOCKETS}: clients and servers in one list; positions in buffers are not kept here and are 0. */
final class ShowSockets extends Show {
    private static final int STATE = 4;
    private static final List<String> POSITIONS =
            List.of("recv_pos", "pkt_pos", "pkt_remain", "send_pos", "send_remain", "pkt_avail", "send_avail");

    @Override
    public List<Column> columns() {
        List<Column> all = new ArrayList<>(SessionRows.COLUMNS);
        POSITIONS.forEach(name -> all.add(Column.int4(name)));
        return all;
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        SessionRows rows = new SessionRows(run.proxy());
        for (ClientSession session : rows.clients()) {
            add(table, "cl_", rows.client(session));
        }
        for (ServerPool pool : run.proxy().pools().pools()) {
            for (ServerConnection server : pool.connections()) {
                add(table, "sv_", rows.server(pool, server));
            }
        }
    }

    private static void add(ResultTable table, String prefix, List<@Nullable Object> row) {
        row.set(STATE, prefix + row.get(STATE));
        POSITIONS.forEach(name -> row.add(0));
        table.row(row.toArray());
    }
}

package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.relay.Pin;
import dev.carpool.server.ServerConnection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code SHOW PINS}: the sessions that keep their server connection between transactions. */
final class ShowPins extends Show {
    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>(List.of(
                Column.int4("id"),
                Column.text("addr"),
                Column.int4("port"),
                Column.text("database"),
                Column.text("user"),
                Column.text("application_name"),
                Column.int4("server_pid")));
        columns.addAll(PinColumns.ALL);
        return columns;
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        PinColumns pins = new PinColumns(run.role());
        for (ClientSession session : run.proxy().sessions().all()) {
            Pin pin = session.pin();
            if (pin == null) {
                continue;
            }
            ServerConnection server = session.server();
            List<@Nullable Object> row = new ArrayList<>();
            row.add(session.id());
            row.add(SessionRows.address(session.remoteAddress()));
            row.add(session.remoteAddress().getPort());
            row.add(session.database());
            row.add(session.user());
            row.add(session.applicationName());
            row.add(server == null ? null : server.processId());
            pins.add(row, pin);
            table.row(row.toArray());
        }
    }
}

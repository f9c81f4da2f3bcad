package dev.carpool.admin;

import dev.carpool.protocol.WireReader;
import dev.carpool.relay.CompatibilityReport.Entry;
import dev.carpool.relay.PinReason;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** {@code SHOW COMPATIBILITY}: what statements cost in transaction mode. */
final class ShowCompatibility extends Show {
    @Override
    public List<Column> columns() {
        return List.of(
                Column.text("database"),
                Column.text("user"),
                Column.text("application_name"),
                Column.text("effect"),
                Column.text("reasons"),
                Column.int8("count"),
                Column.int8("pinned"),
                Column.text("first"),
                Column.text("last"),
                Column.text("statement"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        boolean statements = run.role().includes(AdminRole.OPERATOR);
        for (Entry entry : run.proxy().report().entries()) {
            table.row(
                    entry.owner().database(),
                    entry.owner().user(),
                    entry.owner().application(),
                    entry.effect().name().toLowerCase(Locale.ROOT),
                    entry.reasons().stream().map(PinReason::text).collect(Collectors.joining(",")),
                    entry.count(),
                    entry.pinned(),
                    SessionRows.time(entry.first()),
                    SessionRows.time(entry.last()),
                    statements ? WireReader.text(entry.statement()) : null);
        }
    }
}

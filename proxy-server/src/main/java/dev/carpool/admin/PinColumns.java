package dev.carpool.admin;

import dev.carpool.protocol.WireReader;
import dev.carpool.relay.Pin;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What SHOW PINS and SHOW CLIENTS EXTENDED tell about a session that is pinned. One object for one command. */
final class PinColumns {
    static final List<Column> ALL = List.of(
            Column.text("pinned_since"),
            Column.int4("pinned_seconds"),
            Column.text("pin_reasons"),
            Column.text("pin_statement"));

    private final boolean statements;
    private final long now = System.nanoTime();
    private final Instant nowInstant = Instant.now();

    /** @param role of who asks: statements may hold secrets, and viewers do not see them */
    PinColumns(AdminRole role) {
        this.statements = role.includes(AdminRole.OPERATOR);
    }

    /** Adds the values; null for a session that is not pinned. */
    void add(List<@Nullable Object> row, @Nullable Pin pin) {
        if (pin == null) {
            ALL.forEach(column -> row.add(null));
            return;
        }
        long nanos = Math.max(0, now - pin.since());
        String statement = pin.statement();
        row.add(SessionRows.time(nowInstant.minusNanos(nanos).toEpochMilli()));
        row.add(TimeUnit.NANOSECONDS.toSeconds(nanos));
        row.add(pin.text());
        row.add(!statements || statement == null ? null : WireReader.text(statement));
    }
}

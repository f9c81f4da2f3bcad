package dev.carpool.admin;

import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

class PinColumnsTest {
    private static final String STATEMENT = "create temp table größe()";

    private static List<@Nullable Object> row(AdminRole role, @Nullable Pin pin) {
        List<@Nullable Object> row = new ArrayList<>();
        new PinColumns(role).add(row, pin);
        assertEquals(PinColumns.ALL.size(), row.size());
        return row;
    }

    private static Pin pin() {
        String bytes = new String(STATEMENT.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        long since = System.nanoTime() - TimeUnit.SECONDS.toNanos(90);
        return new Pin(List.of(PinReason.TEMP, PinReason.LISTEN), since, bytes);
    }

    @Test
    void operatorsSeeTheStatement() {
        List<@Nullable Object> row = row(AdminRole.OPERATOR, pin());
        assertEquals(List.of(90L, "temp,listen", STATEMENT), row.subList(1, 4));
    }

    @Test
    void viewersDoNot() {
        assertEquals(
                Arrays.asList(90L, "temp,listen", null),
                row(AdminRole.VIEWER, pin()).subList(1, 4));
    }

    @Test
    void nothingIsKnownOfAnUnpinnedSession() {
        assertEquals(Arrays.asList(null, null, null, null), row(AdminRole.OPERATOR, null));
    }
}

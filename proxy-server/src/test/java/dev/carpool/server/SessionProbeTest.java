package dev.carpool.server;

import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.suspicion.DatabaseFunctions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SessionProbeTest {
    private final OutstandingRequests outstanding = new OutstandingRequests();
    private final Set<String> known = new HashSet<>();

    /** The types of the messages written, and what the last Bind carries. */
    private String written(SessionProbe probe) {
        ByteBuf out = Unpooled.buffer();
        probe.write(out, outstanding, known);
        StringBuilder text = new StringBuilder();
        while (out.isReadable()) {
            char type = (char) out.readByte();
            ByteBuf body = out.readSlice(out.readInt() - 4);
            text.append(type);
            if (type == 'B') {
                body.skipBytes(body.bytesBefore((byte) 0) + 1); // portal
                body.skipBytes(body.bytesBefore((byte) 0) + 1); // statement
                body.skipBytes(2); // formats
                if (body.readShort() > 0) {
                    text.append(body.readCharSequence(body.readInt(), StandardCharsets.ISO_8859_1));
                }
            }
        }
        return text.toString();
    }

    private static ByteBuf row(@Nullable String... columns) {
        ByteBuf row = Unpooled.buffer().writeShort(columns.length);
        for (String column : columns) {
            if (column == null) {
                row.writeInt(-1);
            } else {
                row.writeInt(column.length()).writeBytes(column.getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        return row;
    }

    @Test
    void isPreparedOnceOnEachConnection() {
        assertEquals("CPB{\"app.a\"}ES", written(new SessionProbe(List.of("app.a"), false)));
        assertFalse(outstanding.isEmpty());
        assertEquals("B{}ES", written(new SessionProbe(List.of(), false)));
        assertEquals("CPB{}ES", written(new SessionProbe(List.of(), true)));
        assertEquals("B{}ES", written(new SessionProbe(List.of(), true)));
        assertEquals("CPBECPBES", written(SessionProbe.ofCatalog()));
        assertEquals("BEBES", written(SessionProbe.ofCatalog()));
        assertEquals(4, known.size());
    }

    @Test
    void namesAreElementsOfAnArrayWhateverTheyAre() {
        List<String> names = List.of("a,b", "it's", "a\"b\\c", "{null}", "caf\u00e9");
        assertEquals(
                "CPB{\"a,b\",\"it's\",\"a\\\"b\\\\c\",\"{null}\",\"caf\u00e9\"}ES",
                written(new SessionProbe(names, false)));
    }

    @Test
    void rowsTellWhatTheSessionHolds() {
        SessionProbe probe = new SessionProbe(List.of("app.a", "app.none"), false);
        assertEquals(0, probe.held());
        probe.row(row("l", "", null));
        assertEquals(SessionProbe.ADVISORY_LOCKS, probe.held());
        probe.row(row("t", "", null));
        probe.row(row("c", "cursor", null));
        probe.row(row("p", "caf\u00e9", "prepare \"caf\u00e9\" as select 1"));
        probe.row(row("p", "unnamed", null));
        probe.row(row("n", "news", null));
        probe.row(row("s", "app.a", ""));
        probe.row(row("s", "app.none", null));
        assertEquals(
                SessionProbe.ADVISORY_LOCKS | SessionProbe.TEMPORARY_OBJECTS | SessionProbe.HELD_CURSORS, probe.held());
        assertEquals(
                List.of(
                        new SessionProbe.Prepared("caf\u00e9", "prepare \"caf\u00e9\" as select 1"),
                        new SessionProbe.Prepared("unnamed", "")),
                probe.prepared());
        assertEquals(Set.of("news"), probe.channels());
        Map<String, @Nullable String> settings = probe.settings();
        assertEquals("", settings.get("app.a"));
        assertTrue(settings.containsKey("app.none"));
        assertNull(settings.get("app.none"));
        assertFalse(probe.isSweep());
        assertFalse(probe.foundHidden());
    }

    @Test
    void theCatalogTellsOfHiddenEffectsAndNames() {
        SessionProbe probe = SessionProbe.ofCatalog();
        assertTrue(probe.isOfCatalog());
        probe.row(row("h", "", null));
        probe.row(row("k", "keeping", null));
        probe.row(row("s", "app.by_trigger", null));
        assertTrue(probe.foundHidden());
        probe.row(row("d", "defining", null));
        probe.row(row("f", "settled", null));
        assertEquals(
                new DatabaseFunctions(Set.of("keeping"), Set.of("defining"), Set.of("settled")), probe.functions());
        assertEquals(Set.of("app.by_trigger"), probe.settings().keySet());
    }

    @Test
    void failuresAreKept() {
        SessionProbe probe = new SessionProbe(List.of(), true);
        assertNull(probe.failure());
        probe.failed("42501");
        assertEquals("42501", probe.failure());
    }

    @Test
    void otherRowsAreViolations() {
        for (ByteBuf row : Arrays.asList(
                Unpooled.buffer(),
                row("s", "app.a"),
                row("s", "app.a", "1", "2"),
                row(null, "app.a", "1"),
                row("s", null, "1"),
                Unpooled.buffer().writeShort(3).writeInt(5).writeByte('s'),
                Unpooled.buffer().writeShort(3).writeShort(0))) {
            SessionProbe probe = new SessionProbe(List.of(), false);
            assertThrows(ProtocolViolation.class, () -> probe.row(row), row::toString);
        }
    }
}

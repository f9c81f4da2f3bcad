package dev.carpool.params;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ParameterSyncTest {
    private static final ParameterValues EMPTY = ParameterValues.empty();

    @Test
    void setsAndResetsInOneSelect() {
        ParameterValues applied =
                EMPTY.with("work_mem", "1MB").with("timezone", "UTC").with("a.b", "x");
        ParameterValues wanted = EMPTY.with("timezone", "PST").with("a.b", "x").with("search_path", "a, \"b c\"");
        assertEquals(
                "SELECT pg_catalog.set_config('TimeZone','PST',false),"
                        + "pg_catalog.set_config('search_path','a, \"b c\"',false),"
                        + "pg_catalog.set_config('work_mem',NULL,false)",
                sql(applied, wanted));
    }

    @Test
    void writesNothingForNothing() {
        ByteBuf out = Unpooled.buffer();
        assertFalse(ParameterSync.write(out, EMPTY, EMPTY, "UTF8"));
        assertEquals(0, out.writerIndex());
    }

    @Test
    void quotesEverything() {
        assertEquals("SELECT pg_catalog.set_config('a','it''s',false)", sql(EMPTY, EMPTY.with("a", "it's")));
        assertEquals("SELECT pg_catalog.set_config('a',E'\\\\''',false)", sql(EMPTY, EMPTY.with("a", "\\'")));
        assertEquals("SELECT pg_catalog.set_config('a','',false)", sql(EMPTY, EMPTY.with("a", "")));
        assertEquals(
                "SELECT pg_catalog.set_config('a',"
                        + "pg_catalog.convert_from(pg_catalog.decode('27e4','hex'),'LATIN9'),false)",
                sql(EMPTY, EMPTY.with("a", "'\u00e4")));
    }

    @Test
    void bytesAreReadInTheEncodingThatIsWantedToo() {
        assertEquals(
                "SELECT pg_catalog.set_config('a',"
                        + "pg_catalog.convert_from(pg_catalog.decode('e9','hex'),'LATIN1'),false),"
                        + "pg_catalog.set_config('client_encoding','LATIN1',false)",
                sql(EMPTY, EMPTY.with("a", "\u00e9").with("client_encoding", "LATIN1")));
    }

    @Test
    void changesWhoTheSessionIsAroundEverythingElse() {
        ParameterValues alice = EMPTY.with("role", "alice").with("work_mem", "1MB");
        ParameterValues bob =
                EMPTY.with("role", "bob").with("session_authorization", "root").with("zzz.x", "1");
        assertEquals(
                "SELECT pg_catalog.set_config('role',NULL,false),"
                        + "pg_catalog.set_config('work_mem',NULL,false),"
                        + "pg_catalog.set_config('zzz.x','1',false),"
                        + "pg_catalog.set_config('session_authorization','root',false),"
                        + "pg_catalog.set_config('role','bob',false)",
                sql(alice, bob));
        assertEquals(
                "SELECT pg_catalog.set_config('role',NULL,false),"
                        + "pg_catalog.set_config('session_authorization',NULL,false),"
                        + "pg_catalog.set_config('role','bob',false)",
                sql(bob, bob.without("session_authorization")),
                "the role is lost with the session authorization and set again");
        assertEquals("SELECT pg_catalog.set_config('zzz.x',NULL,false)", sql(bob, bob.without("zzz.x")));
    }

    private static String sql(ParameterValues applied, ParameterValues wanted) {
        ByteBuf out = Unpooled.buffer().writeByte('x');
        assertTrue(ParameterSync.write(out, applied, wanted, "LATIN9"));
        assertEquals('Q', out.getByte(1));
        assertEquals(out.writerIndex() - 2, out.getInt(2));
        assertEquals(0, out.getByte(out.writerIndex() - 1));
        return out.toString(6, out.writerIndex() - 7, StandardCharsets.UTF_8);
    }
}

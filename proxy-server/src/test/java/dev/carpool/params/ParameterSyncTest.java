package dev.carpool.params;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
    void shortTimeoutsOfTheLastSessionDoNotHold() {
        ParameterValues wanted = EMPTY.with("a.b", "x");
        for (String value : List.of("1", "999ms", "0.5s", "1 us", "'odd'", ".")) {
            assertEquals(
                    "SET LOCAL statement_timeout TO 0;SELECT pg_catalog.set_config('a.b','x',false)",
                    sql(EMPTY.with("statement_timeout", value), wanted.with("statement_timeout", value)),
                    value);
        }
        for (String value : List.of("0", "1000", "1s", "5min", "1h", "1d", "0.5 min")) {
            assertEquals(
                    "SELECT pg_catalog.set_config('a.b','x',false)",
                    sql(EMPTY.with("statement_timeout", value), wanted.with("statement_timeout", value)),
                    value);
        }
        assertEquals(
                "SET LOCAL transaction_timeout TO 0;SELECT pg_catalog.set_config('a.b','x',false),"
                        + "pg_catalog.set_config('transaction_timeout',NULL,false)",
                sql(EMPTY.with("transaction_timeout", "5ms"), wanted));
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
        assertEquals(
                "SELECT CASE WHEN pg_catalog.current_setting('zzz.x',true) IS NOT NULL THEN pg_catalog.set_config('zzz.x',NULL,false) END",
                sql(bob, bob.without("zzz.x")));
    }

    @Test
    void whatHasFailedIsDoneOneByOneAndBackFirst() {
        ParameterValues applied = EMPTY.with("a", "1").with("b", "1").with("c", "1");
        ParameterValues wanted = EMPTY.with("a", "2").with("b", "1").with("d.e", "1");
        List<String> steps = new ArrayList<>();
        ParameterSync.steps(applied, wanted, (name, value) -> steps.add(name + "=" + value));
        assertEquals(List.of("a=null", "c=null", "a=2", "d.e=1"), steps);
        ByteBuf out = Unpooled.buffer();
        ParameterSync.writeStep(out, EMPTY, "a", "2", "UTF8");
        assertEquals(out.writerIndex() - 1, out.getInt(1));
        assertEquals(
                "SELECT pg_catalog.set_config('a','2',false)\0",
                out.toString(5, out.writerIndex() - 5, StandardCharsets.US_ASCII));
    }

    @Test
    void whoTheSessionIsComesBackAroundTheSteps() {
        ParameterValues applied = EMPTY.with("role", "alice").with("a", "1");
        ParameterValues wanted = EMPTY.with("role", "bob").with("b", "1");
        List<String> steps = new ArrayList<>();
        ParameterSync.steps(applied, wanted, (name, value) -> steps.add(name + "=" + value));
        assertEquals(List.of("role=null", "a=null", "b=1", "role=bob"), steps);
    }

    @Test
    void whatIsGoneIsSetAgain() {
        ByteBuf out = Unpooled.buffer();
        ParameterSync.writeIfGone(out, EMPTY.with("a", "1").with("b.c", "it's"), "UTF8");
        assertEquals(out.writerIndex() - 1, out.getInt(1));
        assertEquals(
                "SELECT pg_catalog.set_config(s.n::pg_catalog.text,s.v::pg_catalog.text,false)"
                        + " FROM (VALUES ('a','1',false),('b.c','it''s',true)) s(n,v,c) WHERE CASE WHEN s.c"
                        + " THEN pg_catalog.current_setting(s.n,true) OPERATOR(pg_catalog.=) ''::pg_catalog.text"
                        + " ELSE s.n::pg_catalog.text OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT g.name"
                        + " FROM pg_catalog.pg_show_all_settings() g"
                        + " WHERE g.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text)) END\0",
                out.toString(5, out.writerIndex() - 5, StandardCharsets.US_ASCII));
    }

    @Test
    void untilTheEndOfTheTransaction() {
        ByteBuf out = Unpooled.buffer();
        ParameterSync.writeLocal(out, EMPTY.with("a", "1"), EMPTY.with("b", "2"), "UTF8");
        assertEquals(out.writerIndex() - 1, out.getInt(1));
        assertEquals(
                "SELECT pg_catalog.set_config('a',NULL,true),pg_catalog.set_config('b','2',true)\0",
                out.toString(5, out.writerIndex() - 5, StandardCharsets.US_ASCII));
    }

    @Test
    void onlyWhatMayHaveBecomeWrongMayBeRefused() {
        ParameterValues custom = EMPTY.with("a.b", "1");
        assertFalse(
                ParameterSync.mayBeRefused(EMPTY, EMPTY.with("work_mem", "1MB").with("role", "x"), Set.of()));
        assertTrue(ParameterSync.mayBeRefused(EMPTY, custom, Set.of("a.c")));
        assertFalse(ParameterSync.mayBeRefused(EMPTY, custom, Set.of("a.b")));
        assertFalse(ParameterSync.mayBeRefused(custom, EMPTY, Set.of()), "going back is always accepted");
        assertTrue(ParameterSync.mayBeRefused(EMPTY, EMPTY.with("default_tablespace", "fast"), Set.of()));
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

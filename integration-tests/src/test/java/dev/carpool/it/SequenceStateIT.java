package dev.carpool.it;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** currval and lastval tell a session what it has done itself while its server connection changes. */
class SequenceStateIT extends TwoClients {
    private String table;

    @BeforeEach
    void start() throws Exception {
        login(ProxyUnderTest.inTurn(3));
        table = PostgresUnderTest.newName("numbered");
        a.query("create table " + table + " (id serial, t text unique)");
    }

    private String currval() {
        return "select currval('" + table + "_id_seq')";
    }

    private String insert() {
        return "insert into " + table + " default values";
    }

    /** On several server connections. */
    private void assertUndefined(ScriptedClient client, String sql) throws Exception {
        for (int i = 0; i < 4; i++) {
            String replies = client.query(sql);
            assertTrue(replies.contains("55000"), replies);
        }
    }

    @Test
    void aReadFindsWhatWasDoneBefore() throws Exception {
        a.query(insert());
        b.query("select 1");
        assertEquals("1", a.value(currval()));
        for (int i = 2; i < 10; i += 2) {
            a.query(insert());
            b.query(insert());
            b.query("select 1");
            assertEquals(String.valueOf(i), a.value(currval()), "round " + i);
            assertEquals(String.valueOf(i), a.value("select lastval()"));
        }
    }

    @Test
    void whatOthersHaveDoneIsNotThere() throws Exception {
        for (int i = 0; i < 4; i++) {
            a.query(insert());
        }
        assertUndefined(b, "select lastval()");
        assertUndefined(b, currval());
        for (int i = 0; i < 4; i++) {
            a.query(insert());
            String replies = b.exchange(Wire.extended("select lastval()"));
            assertTrue(replies.contains("55000"), replies);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "insert into % default values",
                "with i as (insert into % default values returning id) select * from i",
                "select nextval('%_id_seq')",
                "do $$ begin insert into % default values; end $$",
                "begin; insert into % default values; rollback",
                "insert into % default values; select 1/0",
                "select setval('%_id_seq', 5)",
            })
    void whateverAdvances(String sql) throws Exception {
        a.query(sql.replace("%", table));
        b.query("select 1");
        String expected = sql.contains("setval") ? "5" : "1";
        assertEquals(expected, a.value(currval()));
        b.query(insert());
        b.query(insert());
        b.query(insert());
        assertEquals(expected, a.value(currval()));
    }

    @Test
    void aFailedInsertCounts() throws Exception {
        a.query("insert into " + table + " (t) values ('x')");
        a.query("insert into " + table + " (t) values ('x')");
        b.query("select 1");
        assertEquals("2", a.value(currval()));
    }

    @Test
    void discardForgets() throws Exception {
        for (String discard : new String[] {"discard sequences", "discard all"}) {
            a.query(insert());
            a.value(currval());
            a.query(insert());
            b.query(insert());
            a.query(discard);
            assertUndefined(a, currval());
            b.query(insert());
            b.query(insert());
            assertUndefined(a, "select lastval()");
        }
    }

    @Test
    void defaultsThatReadFindWhatWasDoneBefore() throws Exception {
        String reading = PostgresUnderTest.newName("reading");
        a.query("create sequence " + reading + "_s");
        a.query("create table " + reading + " (x int default nextval('" + reading + "_s'), y int default currval('"
                + reading + "_s'))");
        for (int i = 1; i < 5; i++) {
            a.query("insert into " + reading + " default values");
            b.query(insert());
            assertEquals(String.valueOf(i), a.value("insert into " + reading + " (x) values (0) returning y"));
        }
    }

    @Test
    void inATransactionNothingIsAsked() throws Exception {
        for (int i = 1; i < 5; i++) {
            a.query("begin");
            a.query(insert());
            assertEquals(String.valueOf(i), a.value(currval()));
            a.query("commit");
        }
        assertUndefined(b, currval());
    }
}

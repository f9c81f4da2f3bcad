package dev.carpool.it;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class QueryProtocolIT {
    private ProxyUnderTest proxy;
    private ScriptedClient client;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("default_pool_size=1");
        client = proxy.login();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        proxy.close();
    }

    @Test
    void answersSimpleQueries() throws Exception {
        assertEquals("T D:1,a C:SELECT_1 Z:I", client.query("select 1, 'a'"));
        assertEquals("T D:1 C:SELECT_1 T D:2 D:3 C:SELECT_2 Z:I", client.query("select 1; values (2), (3)"));
        assertEquals("I Z:I", client.query(""));
        assertEquals("I Z:I", client.query("-- nothing"));
    }

    @Test
    void reportsErrorsAndGoesOn() throws Exception {
        assertEquals("E:42601 Z:I", client.query("selec 1"));
        assertEquals("T D:1 C:SELECT_1 E:22012 Z:I", client.query("select 1; select 1/0; select 2"));
        assertEquals("C:BEGIN Z:T", client.query("begin"));
        assertEquals("E:42P01 Z:E", client.query("select * from no_such_table"));
        assertEquals("E:25P02 Z:E", client.query("select 1"));
        assertEquals("C:ROLLBACK Z:I", client.query("commit"));
        assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
    }

    @Test
    void answersExtendedQueries() throws Exception {
        assertEquals(
                "1 2 T D:3 C:SELECT_1 Z:I",
                client.exchange(
                        Wire.parse("", "select $1::int + 1"),
                        Wire.bind("", "", "2"),
                        Wire.describe('P', ""),
                        Wire.execute("", 0),
                        Wire.sync()));
        assertEquals(
                "1 t T Z:I", client.exchange(Wire.parse("", "select $1::int"), Wire.describe('S', ""), Wire.sync()));
        assertEquals("Z:I", client.exchange(Wire.sync()));
        assertEquals(
                "1 2 n C:CREATE_TABLE Z:I",
                client.exchange(
                        Wire.parse("", "create temp table q (i int)"),
                        Wire.bind("", ""),
                        Wire.describe('P', ""),
                        Wire.execute("", 0),
                        Wire.sync()));
        assertEquals(
                "1 2 I Z:I", client.exchange(Wire.parse("", ""), Wire.bind("", ""), Wire.execute("", 0), Wire.sync()));
    }

    @Test
    void skipsToSyncAfterAnError() throws Exception {
        assertEquals(
                "1 2 E:22012 Z:I",
                client.exchange(
                        Wire.parse("", "select 1 / i from generate_series(0, $1::int) i"),
                        Wire.bind("", "", "0"),
                        Wire.execute("", 0),
                        Wire.parse("s1", "select 1"),
                        Wire.describe('S', "s1"),
                        Wire.close('S', "s1"),
                        Wire.bind("", "s1"),
                        Wire.execute("", 0),
                        Wire.sync()));
        assertEquals("E:26000 Z:I", client.exchange(Wire.bind("", "s1"), Wire.execute("", 0), Wire.sync()));
        assertEquals("1 Z:I", client.exchange(Wire.parse("s1", "select 1"), Wire.sync()));
    }

    @Test
    void ignoresQueriesWhileSkippingAsPostgresDoes() throws Exception {
        client.send(
                Wire.parse("", "selec"),
                Wire.query("select 'a simple query inside the skipped part'"),
                Wire.sync(),
                Wire.query("select 2"));
        assertEquals("E:42601 Z:I", client.replies());
        assertEquals("T D:2 C:SELECT_1 Z:I", client.replies());
    }

    @Test
    void keepsManyBatchesInFlight() throws Exception {
        int batches = 500;
        for (int i = 0; i < batches; i++) {
            client.send(
                    Wire.parse("", "select " + i + ", $1"),
                    Wire.bind("", "", "p" + i),
                    Wire.execute("", 0),
                    Wire.sync());
        }
        for (int i = 0; i < batches; i++) {
            assertEquals("1 2 D:" + i + ",p" + i + " C:SELECT_1 Z:I", client.replies());
        }
    }

    @Test
    void keepsManySimpleQueriesInFlight() throws Exception {
        for (int i = 0; i < 500; i++) {
            client.send(Wire.query(i % 10 == 3 ? "select 1/0" : "select " + i));
        }
        for (int i = 0; i < 500; i++) {
            assertEquals(i % 10 == 3 ? "E:22012 Z:I" : "T D:" + i + " C:SELECT_1 Z:I", client.replies());
        }
    }

    @Test
    void answersFlushWithoutSync() throws Exception {
        client.send(Wire.parse("f", "select $1::text"), Wire.describe('S', "f"), Wire.flush());
        assertEquals("1 t T", ScriptedClient.summary(List.of(client.next(), client.next(), client.next())));
        client.send(Wire.bind("", "f", "x"), Wire.execute("", 0), Wire.flush());
        assertEquals("2 D:x C:SELECT_1", ScriptedClient.summary(List.of(client.next(), client.next(), client.next())));
        assertEquals("Z:I", client.exchange(Wire.sync()));
    }

    @Test
    void suspendsPortals() throws Exception {
        client.send(
                Wire.query("begin"),
                Wire.parse("", "select * from generate_series(1, 5)"),
                Wire.bind("p", ""),
                Wire.execute("p", 2),
                Wire.sync());
        assertEquals("C:BEGIN Z:T", client.replies());
        assertEquals("1 2 D:1 D:2 s Z:T", client.replies());
        assertEquals("D:3 D:4 s Z:T", client.exchange(Wire.execute("p", 2), Wire.sync()));
        assertEquals("D:5 C:SELECT_1 Z:T", client.exchange(Wire.execute("p", 2), Wire.sync()));
        assertEquals("3 Z:T", client.exchange(Wire.close('P', "p"), Wire.sync()));
        assertEquals("E:34000 Z:E", client.exchange(Wire.execute("p", 2), Wire.sync()));
        assertEquals("C:ROLLBACK Z:I", client.query("rollback"));
    }

    @Test
    void suspendsPortalsInsideOneBatch() throws Exception {
        assertEquals(
                "1 2 D:1 s D:2 s D:3 C:SELECT_1 Z:I",
                client.exchange(
                        Wire.parse("", "select * from generate_series(1, 3)"),
                        Wire.bind("", ""),
                        Wire.execute("", 1),
                        Wire.execute("", 1),
                        Wire.execute("", 0),
                        Wire.sync()));
    }

    @Test
    void passesNoticesAndParameterStatusOn() throws Exception {
        assertEquals("N:hello C:DO Z:I", client.query("do $$ begin raise notice 'hello'; end $$"));
        assertEquals("C:SET S:TimeZone=Asia/Tokyo Z:I", client.query("set timezone to 'Asia/Tokyo'"));
        assertEquals("C:BEGIN Z:T", client.query("begin"));
        assertEquals("C:SET S:application_name=inside Z:T", client.query("set application_name to inside"));
        assertEquals("C:ROLLBACK S:application_name= Z:I", client.query("rollback"));
    }

    @Test
    void callsFunctions() throws Exception {
        // int4abs has object id 1251, since ever
        client.send(Wire.functionCall(1251, Wire.int4(-42)));
        List<Reply> replies = client.untilReady();
        assertEquals("V Z:I", ScriptedClient.summary(replies));
        var result = replies.get(0).buffer();
        assertEquals(4, result.getInt());
        assertEquals(42, result.getInt());
        assertEquals("E:42883 Z:I", client.exchange(Wire.functionCall(999_999)));
        assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
    }

    @Test
    void mixesSimpleAndExtendedInOneTransaction() throws Exception {
        client.send(
                Wire.query("begin"),
                Wire.parse("", "select txid_current()"),
                Wire.bind("", ""),
                Wire.execute("", 0),
                Wire.sync(),
                Wire.query("select txid_current()"),
                Wire.query("commit"));
        assertEquals("C:BEGIN Z:T", client.replies());
        String first = client.replies().replaceAll(".*D:(\\d+).*", "$1");
        assertEquals("T D:" + first + " C:SELECT_1 Z:T", client.replies());
        assertEquals("C:COMMIT Z:I", client.replies());
    }

    @Test
    void sendsLargeStatementsAndRows() throws Exception {
        String text = "x".repeat(3_000_000);
        assertEquals(text, client.value("select '" + text + "'"));
        String reply = client.exchange(
                Wire.parse("", "select length('" + text + "') + length($1)"),
                Wire.bind("", "", text),
                Wire.execute("", 0),
                Wire.sync());
        assertEquals("1 2 D:6000000 C:SELECT_1 Z:I", reply);
        assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
    }

    @Test
    void closesOnMessagesThatDoNotExist() throws Exception {
        client.send(Wire.message('!', new byte[3]));
        assertEquals("08P01", client.expectFatal().field('C'));
        try (ScriptedClient next = proxy.login()) {
            assertEquals("T D:1 C:SELECT_1 Z:I", next.query("select 1"));
        }
    }

    @Test
    void anOpenTransactionKeepsItsServerConnection() throws Exception {
        client.close();
        try (ProxyUnderTest two = ProxyUnderTest.start("default_pool_size=2");
                ScriptedClient a = two.login();
                ScriptedClient b = two.login()) {
            a.query("begin");
            int mine = a.backend();
            for (int i = 0; i < 20; i++) {
                assertNotEquals(mine, b.backend());
                assertEquals(mine, a.backend());
            }
            assertTrue(a.query("commit").endsWith("Z:I"));
        }
    }
}

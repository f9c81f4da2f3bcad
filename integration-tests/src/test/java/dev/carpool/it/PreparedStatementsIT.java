package dev.carpool.it;

import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postgresql.PGStatement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Prepared statements of the protocol, in transaction mode. */
class PreparedStatementsIT {
    @Test
    void sameNameMeansToEachClientItsOwnText() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            assertEquals("1 Z:I", a.exchange(Wire.parse("s", "select 'a', $1"), Wire.sync()));
            assertEquals("1 Z:I", b.exchange(Wire.parse("s", "select 'b', $1::int + 1"), Wire.sync()));
            for (int i = 0; i < 3; i++) {
                assertEquals("2 D:a," + i + " C:SELECT_1 Z:I", a.exchange(Wire.run("s", "" + i)));
                assertEquals("2 D:b," + (i + 1) + " C:SELECT_1 Z:I", b.exchange(Wire.run("s", "" + i)));
            }
        }
    }

    @Test
    void followTheirClientToOtherServerConnections() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=2");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.exchange(Wire.parse("s", "select inet_client_port(), $1"), Wire.sync());
            int before = a.backend();
            b.query("begin");
            if (b.backend() != before) {
                b.query("rollback");
                a.query("begin");
                b.query("begin");
                a.query("rollback");
            }
            // Whichever connection b holds, a has the other one.
            int held = b.backend();
            String reply = a.exchange(Wire.run("s", "x"));
            assertTrue(reply.matches("2 D:\\d+,x C:SELECT_1 Z:I"), reply);
            assertTrue(!reply.contains("D:" + held + ","), reply);
            b.query("rollback");
        }
    }

    @Test
    void describesWhatAnotherServerConnectionWasGiven() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=2", "server_round_robin=true");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.exchange(Wire.parse("s", "select $1::int, $2::text"), Wire.sync());
            b.query("begin");
            for (int i = 0; i < 4; i++) {
                assertEquals("t T Z:I", a.exchange(Wire.describe('S', "s"), Wire.sync()));
                b.query(i % 2 == 0 ? "rollback" : "begin");
            }
        }
    }

    @Test
    void unnamedStatementBelongsToItsClient() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login();
                ScriptedClient c = proxy.login()) {
            assertEquals("1 Z:I", a.exchange(Wire.parse("", "select 'a', $1"), Wire.sync()));
            assertEquals("1 Z:I", b.exchange(Wire.parse("", "select 'b', $1"), Wire.sync()));
            assertEquals("2 D:a,1 C:SELECT_1 Z:I", a.exchange(Wire.run("", "1")));
            assertEquals("2 D:b,2 C:SELECT_1 Z:I", b.exchange(Wire.run("", "2")));
            assertEquals("E:26000 Z:I", c.exchange(Wire.run("", "3")));
            assertEquals("t T Z:I", a.exchange(Wire.describe('S', ""), Wire.sync()));
            assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
            assertEquals("E:26000 Z:I", a.exchange(Wire.run("", "4")), "a simple query ends the unnamed statement");
            assertEquals("2 D:b,5 C:SELECT_1 Z:I", b.exchange(Wire.run("", "5")));
        }
    }

    @Test
    void portalsEndWithTheirTransaction() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.exchange(Wire.parse("s", "select 'a'"), Wire.bind("p", "s"), Wire.sync());
            assertEquals("E:34000 Z:I", b.exchange(Wire.execute("p", 0), Wire.sync()));
            assertEquals("E:34000 Z:I", a.exchange(Wire.execute("p", 0), Wire.sync()));
        }
    }

    @Test
    void refusesANameThatIsTaken() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login()) {
            a.exchange(Wire.parse("s", "select 1"), Wire.sync());
            a.send(Wire.parse("s", "select 2"), Wire.run("s"));
            List<Reply> replies = a.untilReady();
            assertEquals("E:42P05 Z:I", ScriptedClient.summary(replies));
            assertEquals(
                    "prepared statement \"s\" already exists", replies.get(0).field('M'));
            assertEquals("2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
            a.query("begin");
            assertEquals("E:42P05 Z:E", a.exchange(Wire.parse("s", "select 2"), Wire.sync()));
            assertEquals("E:25P02 Z:E", a.query("select 1"));
            assertEquals("C:ROLLBACK Z:I", a.query("rollback"));
        }
    }

    @Test
    void refusesUnknownNames() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.exchange(Wire.parse("s", "select 1"), Wire.sync());
            assertEquals("E:26000 Z:I", b.exchange(Wire.run("s")));
            assertEquals("E:26000 Z:I", b.exchange(Wire.describe('S', "s"), Wire.sync()));
            assertEquals("3 Z:I", b.exchange(Wire.close('S', "s"), Wire.sync()));
            assertEquals("2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
        }
    }

    @Test
    void closeForgetsTheNameForThisClientOnly() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.exchange(Wire.parse("s", "select 1"), Wire.sync());
            b.exchange(Wire.parse("s", "select 1"), Wire.sync());
            assertEquals("3 Z:I", a.exchange(Wire.close('S', "s"), Wire.sync()));
            assertEquals("E:26000 Z:I", a.exchange(Wire.run("s")));
            assertEquals("2 D:1 C:SELECT_1 Z:I", b.exchange(Wire.run("s")));
            assertEquals("1 2 D:2 C:SELECT_1 Z:I", a.exchange(Wire.parse("s", "select 2"), Wire.run("s")));
            assertEquals(
                    "3 1 2 D:3 C:SELECT_1 Z:I",
                    a.exchange(Wire.close('S', "s"), Wire.parse("s", "select 3"), Wire.run("s")));
        }
    }

    @Test
    void deallocateAllForgetsThem() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.exchange(Wire.parse("s", "select 1"), Wire.sync());
            b.exchange(Wire.parse("s", "select 2"), Wire.sync());
            assertEquals("C:DEALLOCATE_ALL Z:I", a.query("deallocate all"));
            assertEquals("E:26000 Z:I", a.exchange(Wire.run("s")));
            assertEquals("2 D:2 C:SELECT_1 Z:I", b.exchange(Wire.run("s")));
            assertEquals("1 2 D:3 C:SELECT_1 Z:I", a.exchange(Wire.parse("s", "select 3"), Wire.run("s")));
            assertEquals("C:DISCARD_ALL Z:I", a.query("discard all"));
            assertEquals("1 2 D:4 C:SELECT_1 Z:I", a.exchange(Wire.parse("s", "select 4"), Wire.run("s")));
            assertEquals("2 D:2 C:SELECT_1 Z:I", b.exchange(Wire.run("s")));
        }
    }

    @Test
    void evictsWhatWasUsedLeastRecently() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "max_prepared_statements=2");
                ScriptedClient a = proxy.login()) {
            // The system's own view would show what the client has.
            String view = PostgresUnderTest.newName("held");
            a.query("create view " + view + " as select count(*) from pg_prepared_statements where name like 'cp%'");
            for (int i = 0; i < 10; i++) {
                assertEquals("1 Z:I", a.exchange(Wire.parse("s" + i, "select " + i + " + $1::int"), Wire.sync()));
            }
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 10; i++) {
                    assertEquals("2 D:" + (i + round) + " C:SELECT_1 Z:I", a.exchange(Wire.run("s" + i, "" + round)));
                }
            }
            int held = Integer.parseInt(a.value("table " + view));
            assertTrue(held > 0 && held <= 2, () -> held + " statements on the server connection");
        }
    }

    @Test
    void moreThanFitWorkInOneTransactionAndOneBatch() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "max_prepared_statements=2");
                ScriptedClient a = proxy.login()) {
            List<byte[]> batch = new ArrayList<>();
            StringBuilder expected = new StringBuilder();
            for (int i = 0; i < 10; i++) {
                batch.add(Wire.parse("s" + i, "select " + i));
                expected.append("1 ");
            }
            for (int i = 9; i >= 0; i--) {
                batch.add(Wire.bind("", "s" + i));
                batch.add(Wire.execute("", 0));
                expected.append("2 D:").append(i).append(" C:SELECT_1 ");
            }
            batch.add(Wire.sync());
            assertEquals(expected + "Z:I", a.exchange(batch.toArray(byte[][]::new)));
            assertEquals("C:BEGIN Z:T", a.query("begin"));
            for (int i = 0; i < 10; i++) {
                assertEquals("2 D:" + i + " C:SELECT_1 Z:T", a.exchange(Wire.run("s" + i)));
            }
            assertEquals("C:COMMIT Z:I", a.query("commit"));
        }
    }

    @Test
    void survivesRollbackOfTheTransactionThatParsed() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login()) {
            a.query("begin");
            assertEquals("1 2 D:1 C:SELECT_1 Z:T", a.exchange(Wire.parse("s", "select 1"), Wire.run("s")));
            assertEquals("E:42601 Z:E", a.query("selec"));
            a.query("rollback");
            assertEquals("2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
        }
    }

    @Test
    void aParseThatFailsLeavesNoName() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            assertEquals("E:42P01 Z:I", a.exchange(Wire.parse("s", "select * from not_yet"), Wire.sync()));
            assertEquals("E:26000 Z:I", a.exchange(Wire.run("s")));
            assertEquals("E:42P01 Z:I", b.exchange(Wire.parse("s", "select * from not_yet"), Wire.sync()));
            assertEquals("1 2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.parse("s", "select 1"), Wire.run("s")));
        }
    }

    /** What comes back up to the last of so many ReadyForQuery, with the texts of errors. */
    private static String answers(ScriptedClient client, byte[]... messages) throws Exception {
        client.send(messages);
        StringBuilder text = new StringBuilder();
        for (int owed = Wire.owedReady(messages); owed > 0; owed--) {
            client.untilReady().forEach(reply -> text.append(reply).append("; "));
        }
        return text.toString();
    }

    /** Conversations, each of several writes. */
    private static List<byte[][][]> conversations() {
        byte[] sync = Wire.sync();
        byte[] bad = Wire.bind("", "none");
        return List.of(
                new byte[][][] {{Wire.parse("s", "selec"), sync, Wire.parse("s", "select 1"), sync, Wire.run("s")}},
                new byte[][][] {{Wire.parse("s", "select 1"), sync, Wire.parse("s", "select 2"), sync, Wire.run("s")}},
                new byte[][][] {{Wire.parse("s", "selec"), sync, Wire.parse("t", "selec"), sync, Wire.run("t")}},
                new byte[][][] {
                    {Wire.parse("s", "select 1"), sync},
                    {bad, Wire.close('S', "s"), sync, Wire.parse("s", "select 2"), sync, Wire.run("s")},
                    {Wire.close('S', "s"), sync, Wire.parse("s", "select 3"), sync, Wire.run("s")}
                },
                new byte[][][] {
                    {Wire.parse("s", "select 1"), sync},
                    {Wire.query("deallocate all"), Wire.parse("s", "select 2"), Wire.run("s")},
                    {Wire.query("discard all"), Wire.parse("s", "select 3"), sync, Wire.run("s")},
                    {Wire.parse("", "deallocate all"), Wire.bind("", ""), Wire.execute("", 0), Wire.run("s")},
                    {Wire.parse("s", "select 4"), Wire.run("s")}
                },
                new byte[][][] {
                    {
                        Wire.parse("s", "select 1"),
                        sync,
                        Wire.parse("s", "selec"),
                        sync,
                        Wire.parse("s", "select 1; select 2"),
                        sync
                    },
                    {Wire.query("begin"), Wire.parse("s", "select x"), sync, Wire.parse("s", "select 1"), sync},
                    {Wire.parse("t", "select 1"), sync, Wire.describe('S', "s"), sync, Wire.bind("", "s"), sync},
                    {Wire.close('S', "u"), sync, Wire.query("rollback"), Wire.describe('S', "t"), sync},
                    {Wire.query("begin"), Wire.parse("s", "select 1"), sync, Wire.query("commit"), Wire.run("s")}
                },
                new byte[][][] {
                    {Wire.parse("an/odd üname", "select $1::int, $2::int"), sync},
                    {Wire.run("an/odd üname", "1")},
                    {Wire.run("an/odd üname", "1", "two")},
                    {Wire.parse("an/odd üname", "select 1"), sync},
                    {Wire.close('S', "an/odd üname"), Wire.describe('S', "an/odd üname"), sync},
                    {Wire.run("an/odd üname"), Wire.close('S', "never"), sync}
                },
                new byte[][][] {
                    {
                        Wire.query("set timezone to 'Asia/Tokyo'"),
                        Wire.parse("s", "select '2024-01-01 00:00'::timestamptz"),
                        sync
                    },
                    {Wire.run("s"), Wire.query("set timezone to 'UTC'")},
                    {Wire.parse("t", "select '2024-01-01 00:00'::timestamptz"), Wire.run("t")}
                });
    }

    @Test
    void areAnsweredAsByPostgresItselfHoweverTheyArePipelined() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("plain");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1")) {
            for (int round = 0; round < 2; round++) {
                for (byte[][][] conversation : conversations()) {
                    InetSocketAddress server = new InetSocketAddress(postgres.host(), postgres.port());
                    try (ScriptedClient direct =
                                    ScriptedClient.connect(server).login(role, role, PostgresUnderTest.APP);
                            ScriptedClient client = proxy.loginAs(role, role, PostgresUnderTest.APP)) {
                        for (byte[][] messages : conversation) {
                            assertEquals(answers(direct, messages), answers(client, messages));
                        }
                    }
                }
            }
        }
    }

    @Test
    void aTextReadWithOtherSettingsIsNotShared() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login("TimeZone", "UTC");
                ScriptedClient b = proxy.login("TimeZone", "Asia/Tokyo")) {
            byte[] parse = Wire.parse("s", "select extract(epoch from '1970-01-02'::timestamptz)::int");
            a.exchange(parse, Wire.sync());
            b.exchange(parse, Wire.sync());
            for (int i = 0; i < 2; i++) {
                assertEquals("2 D:86400 C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
                assertEquals("2 D:54000 C:SELECT_1 Z:I", b.exchange(Wire.run("s")));
            }
        }
    }

    /** Drivers know the error by its SQLSTATE and routine, and prepare anew. */
    @Test
    void formatsForTheColumnsOfBeforeGetPostgresErrorOnAnyServerConnection() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=2", "server_round_robin=true");
                ScriptedClient client = proxy.login();
                ScriptedClient other = proxy.login()) {
            String table = PostgresUnderTest.newName("wider");
            client.query("create table " + table + " (i int, t text); insert into " + table + " values (1, 'a')");
            byte[] parse = Wire.parse("s", "select * from " + table);
            byte[] run = Wire.all(Wire.bindFormats("", "s", 0, 0), Wire.execute("", 0), Wire.sync());
            other.query("begin");
            client.query("select 1"); // the connection that is there after the commit is the other one
            assertEquals("1 2 D:1,a C:SELECT_1 Z:I", client.exchange(parse, run));
            other.query("alter table " + table + " add column more int");
            other.query("commit");
            for (int i = 0; i < 4; i++) {
                client.send(run);
                List<Reply> replies = client.untilReady();
                assertEquals(
                        "cached plan must not change result type",
                        replies.get(0).field('M'));
                assertEquals("0A000", replies.get(0).field('C'));
                assertEquals("RevalidateCachedQuery", replies.get(0).field('R'));
                assertEquals("Z:I", replies.get(1).summary());
            }
            byte[] own = Wire.all(Wire.parse("", "select 1"), Wire.bindFormats("", "", 0, 0), Wire.sync());
            assertEquals("1 E:08P01 Z:I", client.exchange(own));
            assertEquals(
                    "3 1 2 D:1,a,null C:SELECT_1 Z:I",
                    client.exchange(
                            Wire.close('S', "s"),
                            parse,
                            Wire.bindFormats("", "s", 0, 0, 0),
                            Wire.execute("", 0),
                            Wire.sync()));
        }
    }

    /** Drivers read rows by what they were told of a statement when they prepared it. */
    @Test
    void aResultThatIsNotWhatTheClientWasToldGetsPostgresErrorOnAnyServerConnection() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=3", "server_round_robin=true");
                ScriptedClient statement = proxy.login();
                ScriptedClient portal = proxy.login();
                ScriptedClient untold = proxy.login();
                ScriptedClient other = proxy.login()) {
            String table = PostgresUnderTest.newName("retyped");
            other.query("create table " + table + " (i int, j int); insert into " + table + " values (1, 2)");
            byte[] parse = Wire.parse("s", "select * from " + table);
            byte[] runTold = Wire.all(Wire.bind("", "s"), Wire.describe('P', ""), Wire.execute("", 0), Wire.sync());
            assertEquals("1 t T Z:I", statement.exchange(parse, Wire.describe('S', "s"), Wire.sync()));
            assertEquals("1 2 T D:1,2 C:SELECT_1 Z:I", portal.exchange(parse, runTold));
            assertEquals("1 Z:I", untold.exchange(parse, Wire.sync()));
            for (int i = 0; i < 4; i++) {
                assertEquals("2 D:1,2 C:SELECT_1 Z:I", statement.exchange(Wire.run("s")));
            }
            for (String type : List.of("text", "bigint", "numeric(9,2)")) {
                other.query("alter table " + table + " alter column j set data type " + type + " using 2");
                for (int i = 0; i < 4; i++) {
                    for (ScriptedClient told : List.of(statement, portal)) {
                        told.send(Wire.run("s"));
                        List<Reply> replies = told.untilReady();
                        assertEquals("E:0A000 Z:I", ScriptedClient.summary(replies), type);
                        assertEquals("RevalidateCachedQuery", replies.get(0).field('R'));
                    }
                    statement.query("begin");
                    assertEquals("E:0A000 Z:E", statement.exchange(Wire.run("s")));
                    assertEquals("E:25P02 Z:E", statement.exchange(Wire.run("s")));
                    statement.query("rollback");
                }
            }
            String now = "2 D:1,2.00 C:SELECT_1 Z:I";
            assertEquals("3 1 2 T D:1,2.00 C:SELECT_1 Z:I", statement.exchange(Wire.close('S', "s"), parse, runTold));
            assertEquals("3 1 2 T D:1,2.00 C:SELECT_1 Z:I", portal.exchange(Wire.close('S', "s"), parse, runTold));
            for (int i = 0; i < 3; i++) {
                untold.exchange(Wire.run("s")); // what a connection has from before is an error once
            }
            for (int i = 0; i < 4; i++) {
                assertEquals(now, statement.exchange(Wire.run("s")), "prepared anew");
                assertEquals(now, portal.exchange(Wire.run("s")), "prepared anew");
                assertEquals(now, untold.exchange(Wire.run("s")), "never told");
            }
        }
    }

    @Test
    void aResultThatIsWhatTheClientWasToldIsLookedAtWithinABatchAsWell() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=3", "server_round_robin=true");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            byte[] one = Wire.parse("one", "select 1, $1::int");
            byte[] two = Wire.parse("two", "select 'two'");
            byte[] both =
                    Wire.all(Wire.bind("", "one", "7"), Wire.execute("", 0), Wire.bind("", "two"), Wire.execute("", 0));
            a.exchange(one, Wire.describe('S', "one"), two, Wire.describe('S', "two"), Wire.sync());
            b.query("begin");
            for (int i = 0; i < 6; i++) {
                assertEquals(
                        "2 D:1,7 C:SELECT_1 2 D:two C:SELECT_1 2 D:1,7 C:SELECT_1 2 D:two C:SELECT_1 Z:I",
                        a.exchange(both, both, Wire.sync()));
                assertEquals("E:22P02 Z:I", a.exchange(Wire.run("one", "x")));
                b.query(i % 2 == 0 ? "rollback" : "begin");
            }
        }
    }

    @Test
    void preparedAfterAChangeNeverMeetsAnOlderPlan() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=3", "server_round_robin=true");
                ScriptedClient early = proxy.login();
                ScriptedClient late = proxy.login()) {
            String table = PostgresUnderTest.newName("changing");
            early.query("create table " + table + " (i int); insert into " + table + " values (1)");
            byte[] parse = Wire.parse("s", "select * from " + table);
            List<ScriptedClient> holders = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                ScriptedClient holder = proxy.login();
                holders.add(holder);
                holder.query("begin");
                assertEquals("1 2 D:1 C:SELECT_1 Z:T", holder.exchange(parse, Wire.run("s")));
            }
            for (ScriptedClient holder : holders) {
                holder.query("commit");
                holder.close();
            }
            early.exchange(parse, Wire.sync());
            late.query("alter table " + table + " add column t text default 'new'");
            assertEquals("1 Z:I", late.exchange(parse, Wire.sync()));
            for (int i = 0; i < 6; i++) {
                assertEquals("2 D:1,new C:SELECT_1 Z:I", late.exchange(Wire.run("s")));
                late.query("begin");
                assertEquals("t T Z:T", late.exchange(Wire.describe('S', "s"), Wire.sync()));
                assertEquals("2 D:1,new C:SELECT_1 Z:T", late.exchange(Wire.run("s")));
                late.query("commit");
            }
        }
    }

    @Test
    void goesOnAfterTheResultTypeHasChanged() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(ProxyUnderTest.sharing("default_pool_size=1"));
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            String table = PostgresUnderTest.newName("changing");
            a.query("create table " + table + " (i int); insert into " + table + " values (1)");
            a.exchange(Wire.parse("s", "select * from " + table), Wire.sync());
            assertEquals("2 D:1 C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
            b.query("alter table " + table + " add column t text default 'new'");
            assertEquals("E:0A000 Z:I", a.exchange(Wire.run("s")), "as in PostgreSQL");
            assertEquals("2 D:1,new C:SELECT_1 Z:I", a.exchange(Wire.run("s")), "but only once");
            assertEquals(
                    "3 1 2 D:1,new C:SELECT_1 Z:I",
                    a.exchange(Wire.close('S', "s"), Wire.parse("s", "select * from " + table), Wire.run("s")));
            assertEquals("T D:1 C:SELECT_1 Z:I", a.query("select 1"));
        }
    }

    @Test
    void typesOfParametersAreTold() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            assertEquals("1 Z:I", a.exchange(Wire.parse("s", "select pg_typeof($1)", 23), Wire.sync()));
            assertEquals("1 Z:I", b.exchange(Wire.parse("s", "select pg_typeof($1)", 25), Wire.sync()));
            assertEquals("2 D:integer C:SELECT_1 Z:I", a.exchange(Wire.run("s", "1")));
            assertEquals("2 D:text C:SELECT_1 Z:I", b.exchange(Wire.run("s", "1")));
        }
    }

    @Test
    void memoryPerClientIsBounded() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1", "max_client_prepared_bytes=100kB");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            String longText = "select '" + "x".repeat(30_000) + "'";
            String replies = "";
            int kept = 0;
            while (!replies.contains("E:") && kept < 20) {
                replies = a.exchange(Wire.parse("s" + kept, longText + " as c" + kept), Wire.sync());
                kept++;
            }
            assertEquals("E:54000 Z:I", replies);
            assertTrue(kept >= 3 && kept <= 5, "refused at number " + kept);
            assertEquals("3 Z:I", a.exchange(Wire.close('S', "s0"), Wire.sync()));
            assertEquals("1 Z:I", a.exchange(Wire.parse("again", longText + " as again"), Wire.sync()));
            assertEquals("1 Z:I", b.exchange(Wire.parse("s0", longText), Wire.sync()));
        }
    }

    @Test
    void driversPrepareOnTheServer() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=2")) {
            List<Connection> clients = new ArrayList<>();
            List<PreparedStatement> statements = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Connection connection = proxy.connect("prepareThreshold", "1");
                clients.add(connection);
                statements.add(connection.prepareStatement("select " + i % 3 + " * 100 + ?::int"));
            }
            for (int round = 0; round < 30; round++) {
                for (int i = 0; i < clients.size(); i++) {
                    PreparedStatement statement = statements.get(i);
                    statement.setInt(1, round);
                    try (ResultSet row = statement.executeQuery()) {
                        assertTrue(row.next());
                        assertEquals(i % 3 * 100 + round, row.getInt(1));
                    }
                    assertTrue(statement.unwrap(PGStatement.class).isUseServerPrepare());
                }
            }
            for (Connection client : clients) {
                client.close();
            }
        }
    }

    @Test
    void fetchesInPortionsWithACursorOfTheProtocol() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                Connection connection = proxy.connect()) {
            connection.setAutoCommit(false);
            try (PreparedStatement statement = connection.prepareStatement("select * from generate_series(1, ?)")) {
                statement.setFetchSize(100);
                statement.setInt(1, 1050);
                int rows = 0;
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        assertEquals(++rows, row.getInt(1));
                    }
                }
                assertEquals(1050, rows);
            }
            connection.commit();
        }
    }

    @Test
    void withoutRewritingTheyWorkInSessionMode() throws Exception {
        try (ProxyUnderTest proxy =
                        ProxyUnderTest.start("pool_mode=session", "default_pool_size=2", "max_prepared_statements=0");
                ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            assertEquals("1 Z:I", a.exchange(Wire.parse("s", "select 'a'"), Wire.sync()));
            assertEquals("1 Z:I", b.exchange(Wire.parse("s", "select 'b'"), Wire.sync()));
            assertEquals("2 D:a C:SELECT_1 Z:I", a.exchange(Wire.run("s")));
            assertEquals("2 D:b C:SELECT_1 Z:I", b.exchange(Wire.run("s")));
        }
    }
}

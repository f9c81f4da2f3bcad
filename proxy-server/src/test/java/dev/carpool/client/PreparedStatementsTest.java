package dev.carpool.client;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Prepared statements are answered as a private PostgreSQL would answer, however requests are pipelined. */
final class PreparedStatementsTest {
    private ProxyOnOneLoop proxy = ProxyOnOneLoop.with();

    @AfterEach
    void stop() {
        proxy.close();
    }

    private void restart(String... settings) {
        proxy.close();
        proxy = ProxyOnOneLoop.with(settings);
    }

    /** The replies to requests that are all sent in one write. */
    private static String ask(TestClient client, Wire... requests) {
        Wire all = Wire.empty();
        for (Wire one : requests) {
            all.raw(one.bytes());
        }
        client.send(all);
        return client.transcript();
    }

    private static Wire parse(String name, String sql) {
        return Wire.empty().parse(name, sql).sync();
    }

    private static Wire run(String name) {
        return Wire.empty().run(name).sync();
    }

    private static Wire describe(String name) {
        return Wire.empty().describe('S', name).sync();
    }

    private static Wire close(String name) {
        return Wire.empty().close('S', name).sync();
    }

    @Test
    void aNameWhoseParseFailsInFlightIsFree() {
        TestClient client = proxy.login();
        assertEquals(
                "E(42601)Z(I)1Z(I)2D(a)C(SELECT 1)Z(I)",
                ask(client, parse("s", "syntax"), parse("s", "select a"), run("s")));
    }

    @Test
    void aNameWhoseParseIsInFlightIsTakenIfThatSucceeds() {
        TestClient client = proxy.login();
        assertEquals(
                "1Z(I)E(42P05)Z(I)2D(a)C(SELECT 1)Z(I)",
                ask(client, parse("s", "select a"), parse("s", "select b"), run("s")));
        assertEquals("ERROR 42P05 prepared statement \"s\" already exists", client.lastError());
    }

    @Test
    void aNameClosedInFlightIsFreeIfTheCloseIsReached() {
        TestClient client = proxy.login();
        ask(client, parse("s", "select a"));
        assertEquals("3Z(I)1Z(I)2D(b)C(SELECT 1)Z(I)", ask(client, close("s"), parse("s", "select b"), run("s")));
        assertEquals(
                "E(26000)Z(I)E(42P05)Z(I)2D(b)C(SELECT 1)Z(I)",
                ask(client, Wire.empty().bind("", "none").close('S', "s").sync(), parse("s", "select c"), run("s")));
    }

    @Test
    void aTextThatFailsInFlightFailsAgain() {
        TestClient client = proxy.login();
        assertEquals(
                "E(42601)Z(I)E(42601)Z(I)E(26000)Z(I)",
                ask(client, parse("s", "syntax"), parse("t", "syntax"), run("t")));
    }

    @Test
    void aStatementWhoseParseWasSkippedIsParsedForTheNextBatch() {
        TestClient client = proxy.login();
        assertEquals(
                "E(26000)Z(I)1Z(I)2D(a)C(SELECT 1)Z(I)E(26000)Z(I)",
                ask(
                        client,
                        Wire.empty().bind("", "none").parse("s", "select a").sync(),
                        parse("t", "select a"),
                        run("t"),
                        run("s")));
        assertEquals("ERROR 26000 prepared statement \"s\" does not exist", client.lastError());
    }

    @Test
    void aStatementSkippedOnItsWayToTheServerComesWithTheNextBatch() {
        TestClient client = proxy.login();
        ask(client, parse("s", "select a"));
        proxy.login().query("discard all");
        assertEquals(
                "E(26000)Z(I)2D(a)C(SELECT 1)Z(I)",
                ask(client, Wire.empty().bind("", "none").run("s").sync(), run("s")));
    }

    @Test
    void roomMadeInVainIsKnownToTheNextBatch() {
        restart("max_prepared_statements=1");
        TestClient client = proxy.login();
        ask(client, parse("s", "select a"));
        assertEquals(
                "E(26000)Z(I)1Z(I)2D(a)C(SELECT 1)Z(I)",
                ask(
                        client,
                        Wire.empty().bind("", "none").parse("t", "select b").sync(),
                        parse("u", "select a"),
                        run("s")));
    }

    @Test
    void whatComesBehindDeallocateAllIsKept() {
        for (String sql : new String[] {"deallocate all", "discard all"}) {
            TestClient client = proxy.login();
            ask(client, parse("s", "select a"));
            String tag = sql.startsWith("de") ? "DEALLOCATE ALL" : "DISCARD ALL";
            assertEquals(
                    "C(" + tag + ")Z(I)12D(b)C(SELECT 1)Z(I)2D(b)C(SELECT 1)Z(I)",
                    ask(
                            client,
                            Wire.empty().query(sql),
                            Wire.empty().parse("s", "select b").run("s").sync(),
                            run("s")));
            assertEquals("2D(b)C(SELECT 1)Z(I)", ask(client, run("s")));
            client.close();
        }
    }

    @Test
    void deallocateAllInABatchIsWaitedFor() {
        TestClient client = proxy.login();
        ask(client, parse("s", "select a"));
        assertEquals(
                "12C(DEALLOCATE ALL)12D(b)C(SELECT 1)Z(I)",
                ask(
                        client,
                        Wire.empty()
                                .parse("", "deallocate all")
                                .run("")
                                .parse("s", "select b")
                                .run("s")
                                .sync()));
        assertEquals(
                "C(DEALLOCATE ALL)Z(I)E(26000)Z(I)", ask(client, Wire.empty().query("deallocate all"), run("s")));
    }

    @Test
    void anotherClientsUnnamedStatementIsNeverRun() {
        TestClient other = proxy.login();
        TestClient client = proxy.login();
        ask(other, parse("", "select others"));
        assertEquals(
                "E(26000)Z(I)E(26000)Z(I)",
                ask(
                        client,
                        Wire.empty().bind("", "none").parse("", "select mine").sync(),
                        run("")));
        ask(client, parse("", "select mine"));
        ask(other, run(""));
        assertEquals(
                "E(26000)Z(I)2D(mine)C(SELECT 1)Z(I)",
                ask(client, Wire.empty().bind("", "none").run("").sync(), run("")));
    }

    @Test
    void anUnnamedStatementSkippedOnItsWayToTheServerComesWithTheNextBatch() {
        TestClient client = proxy.login();
        ask(client, parse("", "select mine"));
        ask(proxy.login(), parse("", "select foreign"));
        assertEquals("E(26000)", ask(client, Wire.empty().bind("", "none").flush()));
        assertEquals("Z(I)", ask(client, run("")));
        assertEquals("2D(mine)C(SELECT 1)Z(I)", ask(client, run("")));
    }

    /** A batch that fails in front of these requests. */
    private static Wire failing() {
        return Wire.empty().bind("", "none");
    }

    /** The unnamed statement is answered with these replies when the requests have come behind its Parse. */
    private void assertUnnamed(String answer, Wire... requests) {
        TestClient client = proxy.login();
        assertEquals("1Z(I)", ask(client, parse("", "select a")));
        ask(client, requests);
        assertEquals(answer, ask(client, run("")));
    }

    @Test
    void theUnnamedStatementOutlivesWhatIsSkipped() {
        String there = "2D(a)C(SELECT 1)Z(I)";
        assertUnnamed(there, failing().parse("", "select b").run("").sync());
        assertUnnamed(
                there, failing().parse("", "select b").parse("", "select c").sync());
        assertUnnamed(
                there,
                failing().parse("", "select b").sync(),
                failing().parse("", "select c").sync());
        assertUnnamed(there, failing().close('S', "").sync());
        assertUnnamed(there, failing().parse("", "x".repeat(2 << 20)).sync());
    }

    @Test
    void theUnnamedStatementOutlivesASimpleQueryThatIsSkipped() {
        String there = "2D(a)C(SELECT 1)Z(I)";
        assertUnnamed(there, failing().query("select b").sync());
        assertUnnamed(there, failing().query("select b").query("select c").sync());
        assertUnnamed("E(26000)Z(I)", failing().sync().query("select b"));
        assertUnnamed(
                "E(26000)Z(I)",
                Wire.empty().parse("s", "select b").query("select c").sync());
    }

    @Test
    void theUnnamedStatementOutlivesASimpleQueryBehindAnError() {
        TestClient client = proxy.login();
        assertEquals("1Z(I)", ask(client, parse("", "select a")));
        assertEquals("E(26000)", ask(client, failing()));
        assertEquals("Z(I)", ask(client, Wire.empty().query("select b").sync()));
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(client, run("")));
    }

    @Test
    void theUnnamedStatementOutlivesAQueryThatEndsACopy() {
        TestClient client = proxy.login();
        assertEquals("1Z(I)", ask(client, parse("", "copyin")));
        assertEquals("2G", ask(client, Wire.empty().run("")));
        assertEquals("E(57014)Z(I)", ask(client, Wire.empty().query("eaten").sync()));
        assertEquals(
                "2GE(57014)Z(I)",
                ask(client, Wire.empty().run("").query("eaten").sync()));
        assertEquals("2G", ask(client, Wire.empty().run("")));
    }

    @Test
    void aResetThatIsSkippedHoldsNothingUp() {
        TestClient client = proxy.login("application_name", "mine");
        assertEquals("E(26000)Z(I)", ask(client, failing().query("reset all").sync()));
        assertEquals("E(26000)", ask(client, failing()));
        assertEquals("Z(I)", ask(client, Wire.empty().query("reset all").sync()));
        assertEquals("TD(mine)C(SELECT 1)Z(I)", client.query("show application_name"));
    }

    @Test
    void theUnnamedStatementDoesNotOutliveWhatIsNotSkipped() {
        String gone = "E(26000)Z(I)";
        assertUnnamed(
                gone, Wire.empty().parse("", "syntax").parse("", "select b").sync());
        assertUnnamed(
                gone,
                Wire.empty().parse("", "syntax").sync(),
                failing().parse("", "select b").sync());
        assertUnnamed(gone, failing().parse("", "select b").sync().query("select c"));
    }

    @Test
    void aLargeUnnamedStatementOutlivesAParseThatIsSkipped() {
        TestClient client = proxy.login();
        assertEquals("1Z(I)", ask(client, parse("", "select " + "y".repeat(2 << 20))));
        assertEquals("E(26000)Z(I)", ask(client, failing().parse("", "select b").sync()));
        assertEquals("2D(2097152)C(SELECT 1)Z(I)", ask(client, run("")));
    }

    @Test
    void aListeningClientWaitsLikeOthers() {
        TestClient client = proxy.login();
        assertEquals("C(LISTEN)Z(I)", client.query("listen c"));
        assertEquals(
                "E(42601)Z(I)1Z(I)2D(a)C(SELECT 1)Z(I)",
                ask(client, parse("s", "syntax"), parse("s", "select a"), run("s")));
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(client, run("s")));
    }

    @Test
    void requestsThatWaitKeepTheirOrderInAnyPieces() {
        byte[] requests = Wire.empty()
                .parse("s", "syntax")
                .sync()
                .parse("s", "select a")
                .sync()
                .run("s")
                .sync()
                .close('S', "s")
                .sync()
                .parse("s", "select b")
                .run("s")
                .sync()
                .query("select c")
                .bytes();
        String replies = "E(42601)Z(I)1Z(I)2D(a)C(SELECT 1)Z(I)3Z(I)12D(b)C(SELECT 1)Z(I)TD(c)C(SELECT 1)Z(I)";
        int[] everywhere = IntStream.range(1, requests.length).toArray();
        TestClient slow = proxy.login();
        slow.sendInPieces(requests, everywhere);
        assertEquals(replies, slow.transcript());
        for (int cut : everywhere) {
            TestClient client = proxy.login();
            client.sendInPieces(requests, cut);
            assertEquals(replies, client.transcript());
            client.close();
        }
    }

    @Test
    void theServerJudgesEveryParse() {
        TestClient client = proxy.login();
        ask(client, parse("s", "select a"));
        assertEquals("E(42601)Z(I)", ask(client, parse("s", "syntax")));
        assertEquals("C(BEGIN)Z(T)", client.query("begin"));
        assertEquals("E(42P05)Z(E)", ask(client, parse("s", "select b")));
        assertEquals("E(25P02)Z(E)", ask(client, parse("s", "select b")));
        assertEquals("E(25P02)Z(E)", ask(client, parse("t", "select a")));
        assertEquals("3Z(E)", ask(client, close("t")));
        assertEquals("C(ROLLBACK)Z(I)", client.query("rollback"));
        assertEquals("E(26000)Z(I)", ask(client, run("t")));
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(client, run("s")));
    }

    @Test
    void errorsSpeakOfTheClientsNames() {
        TestClient client = proxy.login();
        ask(client, parse("mine", "select a"));
        client.query("begin");
        proxy.postgres.last().prepared.clear();
        assertEquals("E(26000)Z(E)", ask(client, run("mine")));
        assertEquals("ERROR 26000 prepared statement \"mine\" does not exist", client.lastError());
        client.query("rollback");
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(client, run("mine")), "healed");
        proxy.postgres.last().prepared.clear();
        assertEquals("E(26000)Z(I)", ask(client, describe("mine")));
        assertEquals("ERROR 26000 \"mine\" does not exist", client.lastError());
    }

    @Test
    void namesOfTheProxyAreNobodys() {
        TestClient client = proxy.login();
        ask(client, parse("s", "select a"));
        String ours = proxy.postgres.last().prepared.keySet().iterator().next();
        TestClient other = proxy.login();
        assertEquals("E(26000)Z(I)", ask(other, run(ours)));
        assertEquals("ERROR 26000 prepared statement \"" + ours + "\" does not exist", other.lastError());
        assertEquals("E(26000)Z(I)", ask(other, describe(ours)));
        assertEquals("3Z(I)", ask(other, close(ours)));
        assertEquals("1Z(I)", ask(other, parse(ours, "select b")));
        assertEquals("2D(b)C(SELECT 1)Z(I)", ask(other, run(ours)));
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(client, run("s")));
    }

    @Test
    void aPlanOlderThanTheClientsParseIsNeverUsed() {
        restart("default_pool_size=2", "server_round_robin=1");
        TestClient early = proxy.login();
        TestClient late = proxy.login();
        TestClient holder = proxy.login();
        // Both server connections have the statement.
        assertEquals("1Z(I)", ask(early, parse("s", "columns")));
        holder.query("begin");
        assertEquals("2D(one)C(COLUMNS)Z(I)".replace("COLUMNS", "SELECT 1"), ask(early, run("s")));
        holder.query("rollback");
        ask(early, run("s"));
        ask(early, run("s"));
        assertEquals(2, proxy.postgres.open);
        proxy.postgres.columns = "two";
        assertEquals("1Z(I)", ask(late, parse("s", "columns")));
        for (int i = 0; i < 4; i++) {
            assertEquals("2D(two)C(SELECT 1)Z(I)", ask(late, run("s")));
            assertEquals("tTZ(I)", ask(late, describe("s")));
        }
    }

    @Test
    void aStalePlanIsTheErrorOfOneRequest() {
        TestClient client = proxy.login();
        ask(client, parse("s", "columns"));
        proxy.postgres.columns = "two";
        assertEquals("E(0A000)Z(I)", ask(client, run("s")));
        assertEquals("2D(two)C(SELECT 1)Z(I)", ask(client, run("s")));
        proxy.postgres.columns = "three";
        assertEquals("E(0A000)Z(I)", ask(client, describe("s")));
        assertEquals("tTZ(I)", ask(client, describe("s")));
    }

    @Test
    void sessionsWithOtherSettingsShareNoStatement() {
        TestClient one = proxy.login();
        TestClient two = proxy.login("TimeZone", "Asia/Tokyo");
        TestClient three = proxy.login("application_name", "three");
        ask(one, parse("s", "select a"));
        ask(three, parse("s", "select a"));
        assertEquals(1, proxy.postgres.last().prepared.size());
        ask(two, parse("s", "select a"));
        assertEquals(2, proxy.postgres.last().prepared.size());
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(one, run("s")));
        assertEquals("2D(a)C(SELECT 1)Z(I)", ask(two, run("s")));
        assertEquals(2, proxy.postgres.last().prepared.size());
    }

    @Test
    void aLargeStatementKeepsItsConnectionUntilItIsClosed() {
        TestClient client = proxy.login();
        String large = "select " + "y".repeat(2 << 20);
        assertEquals("1Z(I)", ask(client, parse("large", large)));
        assertEquals("E(42P05)Z(I)", ask(client, parse("large", large)));
        assertEquals("ERROR 42P05 prepared statement \"large\" already exists", client.lastError());
        assertEquals("E(42P05)Z(I)", ask(client, parse("large", "select small")));
        assertEquals("2D(2097152)C(SELECT 1)Z(I)", ask(client, run("large")));
        TestClient other = proxy.login();
        other.send(Wire.empty().query("select waits"));
        assertEquals("", other.transcript());
        assertEquals("3Z(I)", ask(client, close("large")));
        assertEquals("TD(waits)C(SELECT 1)Z(I)", other.transcript());
        assertEquals("E(26000)Z(I)", ask(client, run("large")));
        assertEquals("1Z(I)", ask(client, parse("large", "select small")));
        assertTrue(ask(client, parse("large", large)).startsWith("E(42P05)"));
    }

    @Test
    void aLargeUnnamedStatementKeepsItsConnectionUntilItIsClosed() {
        TestClient client = proxy.login();
        assertEquals("1Z(I)", ask(client, parse("", "select " + "y".repeat(2 << 20))));
        TestClient other = proxy.login();
        other.send(Wire.empty().query("select waits"));
        assertEquals("", other.transcript());
        assertEquals("2D(2097152)C(SELECT 1)Z(I)", ask(client, run("")));
        assertEquals("3Z(I)", ask(client, Wire.empty().close('S', "").sync()));
        assertEquals("TD(waits)C(SELECT 1)Z(I)", other.transcript());
        assertEquals("E(26000)Z(I)", ask(client, run("")));
    }

    @Test
    void aLargeStatementThatFailsKeepsNothing() {
        TestClient client = proxy.login();
        assertEquals("E(42601)Z(I)", ask(client, parse("large", "syntax" + "y".repeat(2 << 20))));
        TestClient other = proxy.login();
        assertEquals("TD(free)C(SELECT 1)Z(I)", other.query("select free"));
        assertEquals("E(26000)Z(I)", ask(client, run("large")));
    }

    @Test
    void aSettingGoesWithItsBatchWhenWhatTheProxyParsesInItFails() {
        TestClient client = proxy.login();
        TestClient next = proxy.login();
        ask(client, parse("", "select a"));
        next.query("select b");
        proxy.postgres.dropped = "select a";
        assertEquals(
                "12C(SET)E(42P01)Z(I)",
                ask(
                        client,
                        Wire.empty()
                                .parse("s", "set work_mem = '1MB'")
                                .run("s")
                                .bind("", "")
                                .sync()));
        List<String> queries = proxy.postgres.last().queries;
        queries.clear();
        next.query("select b");
        client.query("select c");
        assertEquals(List.of("select b", "select c"), queries);
    }

    /** How many statements of this text the server has. */
    private long prepared(String sql) {
        return proxy.postgres.last().prepared.values().stream()
                .filter(sql::equals)
                .count();
    }

    @Test
    void aStatementIsNobodyElsesThatIsParsedWhileTheServerIsAskedForSettings() {
        TestClient client = proxy.login();
        ask(proxy.login(), parse("own", "select a"));
        client.query("begin");
        client.query("select pg_catalog.set_config('lc_monetary','C',false)");
        client.query("select b");
        ModelPostgres.Backend server = proxy.postgres.last();
        proxy.postgres.mutation = replies -> {
            server.deaf = true;
            return replies;
        };
        assertEquals("C(COMMIT)Z(I)", client.query("commit"));
        proxy.postgres.mutation = null;
        client.send(parse("kept", "select a"));
        server.hear();
        proxy.run();
        assertEquals("1Z(I)", client.transcript());
        assertEquals(2, prepared("select a"));
    }

    @Test
    void aStatementIsNobodyElsesThatIsParsedBehindALongTextThatSetsSomething() {
        TestClient client = proxy.login();
        ask(proxy.login(), parse("own", "select a"));
        client.query("begin");
        client.query("select pg_catalog.set_config('lc_monetary','C',true)" + " ".repeat(20_000));
        ask(client, parse("kept", "select a"));
        assertEquals(2, prepared("select a"));
    }
}

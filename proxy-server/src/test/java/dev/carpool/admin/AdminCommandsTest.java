package dev.carpool.admin;

import dev.carpool.client.LocalDatabase.Proof;
import dev.carpool.config.AdminConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

class AdminCommandsTest {
    private static final String DENIED = "E 42501 admin access needed";

    private final TestProxy proxy = new TestProxy();

    @Test
    void viewersMayLookAtEverythingAndChangeNothing() {
        ConsoleFixture viewer = ConsoleFixture.viewer(proxy);
        for (AdminCommands.Row row : AdminCommands.listed()) {
            List<String> answer = viewer.query(row.name());
            boolean denied = answer.get(0).equals(DENIED);
            assertEquals(row.role() == AdminRole.OPERATOR, denied, row.name());
            assertEquals("Z I", answer.get(answer.size() - 1));
        }
        assertEquals(List.of(), proxy.asked);
        assertFalse(proxy.pools().isAnyPaused());
        viewer.close();
    }

    @Test
    void everyShowHasRowsThatFitItsColumns() {
        proxy.pool("shop", "app");
        ConsoleFixture operator = ConsoleFixture.operator(proxy);
        for (AdminCommands.Row row : AdminCommands.listed()) {
            if (row.name().startsWith("SHOW") && !row.name().equals("SHOW HELP")) {
                List<String> answer = operator.query(row.name());
                assertTrue(answer.get(0).startsWith("T"), row.name());
                assertEquals("C SHOW", answer.get(answer.size() - 2), row.name());
            }
        }
        operator.close();
    }

    @Test
    void rolesComeFromTheListsElseFromPostgres() {
        AdminConfig none = new AdminConfig(null, null, Set.of(), Set.of());
        assertEquals(AdminRole.OPERATOR, AdminRole.of(none, "postgres", Proof.SUPERUSER));
        assertEquals(AdminRole.VIEWER, AdminRole.of(none, "app", Proof.USER));
        assertEquals(AdminRole.OPERATOR, AdminRole.of(none, "app", Proof.TOKEN));
        AdminConfig lists = new AdminConfig(null, null, Set.of("boss"), Set.of("watcher"));
        assertEquals(AdminRole.OPERATOR, AdminRole.of(lists, "boss", Proof.USER));
        assertEquals(AdminRole.VIEWER, AdminRole.of(lists, "watcher", Proof.SUPERUSER));
        assertNull(AdminRole.of(lists, "postgres", Proof.SUPERUSER));
        assertEquals(AdminRole.OPERATOR, AdminRole.of(lists, "postgres", Proof.TOKEN));
    }

    @Test
    void servesItsTwoNamesOnly() {
        AdminConsole console = new AdminConsole(proxy);
        assertTrue(console.serves("carpool"));
        assertTrue(console.serves("pgbouncer"));
        assertFalse(console.serves("postgres"));
    }

    @Test
    void pausesAndResumes() {
        ConsoleFixture console = ConsoleFixture.operator(proxy);
        assertEquals("C PAUSE", console.query("PAUSE shop").get(0));
        assertTrue(proxy.pools().isPaused("shop"));
        assertEquals(
                "E 55000 already suspended/paused",
                console.query("PAUSE \"shop\"").get(0));
        assertEquals(
                "E 55000 database other is not paused",
                console.query("RESUME other").get(0));
        assertEquals("C RESUME", console.query("RESUME shop").get(0));
        assertEquals(
                "E 55000 pooler is not paused/suspended",
                console.query("RESUME").get(0));
        assertEquals(
                "E 55000 cannot pause admin db: pgbouncer",
                console.query("PAUSE pgbouncer").get(0));
        console.close();
    }

    @Test
    void pauseAnswersWhenTheLastServerConnectionIsGoneAndCancelEndsIt() {
        ConsoleFixture console = ConsoleFixture.operator(proxy);
        proxy.openForEver(proxy.pool("shop", "app"));
        assertEquals(List.of(), console.query("PAUSE"));
        assertEquals(List.of(), console.after(1000));
        assertTrue(proxy.pools().isAllPaused());
        console.conversation.cancelled();
        console.conversation.messagesRead();
        assertEquals(List.of("E 57014 canceling statement due to user request", "Z I"), console.answers());
        assertFalse(proxy.pools().isAllPaused());
        console.close();
    }

    @Test
    void refusesDatabasesThatDoNotExist() {
        TestProxy strict = new TestProxy();
        ConsoleFixture console = ConsoleFixture.operator(strict);
        assertEquals("E 55000 a database is required", console.query("DISABLE").get(0));
        assertEquals("C DISABLE", console.query("DISABLE shop").get(0));
        assertTrue(strict.pools().isDisabled("shop"));
        assertEquals("C ENABLE", console.query("ENABLE shop").get(0));
        assertFalse(strict.pools().isDisabled("shop"));
        console.close();
    }

    @Test
    void reloadTellsWhatIsWrong() {
        ConsoleFixture console = ConsoleFixture.operator(proxy);
        assertEquals("C RELOAD", console.query("RELOAD").get(0));
        proxy.problems = List.of("carpool.yaml:3: pool_mode: nonsense");
        assertEquals(
                "E 55000 RELOAD failed, see logs for additional details: carpool.yaml:3: pool_mode: nonsense",
                console.query("RELOAD").get(0));
        console.close();
    }

    @Test
    void setChangesASettingAndNeverEchoesASecret() {
        ConsoleFixture console = ConsoleFixture.operator(proxy);
        assertEquals(
                "C SET default_pool_size=20",
                console.query("SET default_pool_size = '5'").get(0));
        assertEquals(
                "C SET query_timeout=0",
                console.query("set query_timeout TO 5min").get(0));
        assertFalse(console.query("SET admin_token = geheim").toString().contains("geheim"));
        assertEquals(List.of("default_pool_size=5", "query_timeout=5min", "admin_token=geheim"), proxy.asked);
        assertEquals(
                "E 55000 SET failed: write SET key = value",
                console.query("SET nothing").get(0));
        console.close();
    }

    @Test
    void killClientWantsAnIdThatExists() {
        ConsoleFixture console = ConsoleFixture.operator(proxy);
        assertEquals(
                "E 55000 invalid client pointer supplied",
                console.query("KILL_CLIENT").get(0));
        assertEquals(
                "E 55000 invalid client pointer supplied",
                console.query("KILL_CLIENT x").get(0));
        assertEquals(
                "E 55000 client not found", console.query("KILL_CLIENT C-7").get(0));
        assertEquals(
                "E 55000 client not found",
                console.query("KILL_CLIENT ('7'::int8)").get(0));
        console.close();
    }

    @Test
    void shutsDownInThreeWays() {
        ConsoleFixture console = ConsoleFixture.operator(proxy);
        console.query("SHUTDOWN");
        console.query("shutdown wait_for_clients");
        console.query("SHUTDOWN WAIT_FOR_SERVERS");
        assertEquals(List.of("NOW", "WAIT_FOR_CLIENTS", "WAIT_FOR_SERVERS"), proxy.asked);
        console.close();
    }

    /** The commands of PgBouncer's manual, "Admin console". */
    @Test
    void everyCommandOfPgBouncerIsKnown() {
        for (String command : List.of(
                "SHOW STATS",
                "SHOW STATS_TOTALS",
                "SHOW STATS_AVERAGES",
                "SHOW TOTALS",
                "SHOW SERVERS",
                "SHOW CLIENTS",
                "SHOW POOLS",
                "SHOW PEER_POOLS",
                "SHOW LISTS",
                "SHOW USERS",
                "SHOW DATABASES",
                "SHOW PEERS",
                "SHOW FDS",
                "SHOW SOCKETS",
                "SHOW ACTIVE_SOCKETS",
                "SHOW CONFIG",
                "SHOW MEM",
                "SHOW DNS_HOSTS",
                "SHOW DNS_ZONES",
                "SHOW VERSION",
                "SHOW STATE",
                "SHOW HELP",
                "PAUSE",
                "PAUSE shop",
                "DISABLE shop",
                "ENABLE shop",
                "RECONNECT",
                "RECONNECT shop",
                "KILL shop",
                "KILL",
                "KILL_CLIENT 7",
                "SUSPEND",
                "RESUME",
                "RESUME shop",
                "SHUTDOWN",
                "SHUTDOWN WAIT_FOR_SERVERS",
                "SHUTDOWN WAIT_FOR_CLIENTS",
                "RELOAD",
                "WAIT_CLOSE",
                "WAIT_CLOSE shop",
                "SET verbose = 1")) {
            ConsoleFixture console = ConsoleFixture.operator(new TestProxy());
            assertFalse(console.query(command).toString().contains("invalid command"), command);
            console.close();
        }
    }

    @Test
    void whatThereIsNotIsRefusedWithWhatToUseInstead() {
        ConsoleFixture operator = ConsoleFixture.operator(proxy);
        assertEquals(
                "E 0A000 SUSPEND is not supported", operator.query("SUSPEND;").get(0));
        assertEquals(
                "E 0A000 SHOW POOLS has no extended form",
                operator.query("show pools extended").get(0));
        assertTrue(operator.query("SHOW CLIENTS EXTENDED").get(0).startsWith("T"));
        operator.close();
        ConsoleFixture viewer = ConsoleFixture.viewer(proxy);
        assertEquals(DENIED, viewer.query("SUSPEND").get(0));
        viewer.close();
    }

    @Test
    void greetsWithWhatToolsLookFor() {
        ConsoleFixture console = ConsoleFixture.viewer(proxy);
        ByteBuf out = Unpooled.buffer();
        console.conversation.greet(out);
        String greeting = out.toString(java.nio.charset.StandardCharsets.UTF_8);
        assertTrue(greeting.contains("server_version\0" + "1.25.2/bouncer\0"));
        assertTrue(greeting.contains("is_superuser\0off\0"));
        out.release();
        console.close();
    }

    @Test
    void poolsHavePgBouncersColumns() {
        AdminCommands.Match match =
                AdminCommands.find(ConsoleStatement.split("SHOW POOLS").get(0));
        assertNotNull(match);
        assertEquals(
                List.of(
                        "database",
                        "user",
                        "cl_active",
                        "cl_waiting",
                        "cl_active_cancel_req",
                        "cl_waiting_cancel_req",
                        "sv_active",
                        "sv_active_cancel",
                        "sv_being_canceled",
                        "sv_idle",
                        "sv_used",
                        "sv_tested",
                        "sv_login",
                        "maxwait",
                        "maxwait_us",
                        "pool_mode",
                        "load_balance_hosts"),
                match.row().command().columns().stream().map(Column::name).toList());
    }
}

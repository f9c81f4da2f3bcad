package dev.carpool.driver;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class LoginPlanTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private static LoginPlan plan(String rest, Properties given) throws SQLException {
        return LoginPlan.of(CarpoolUrl.parse(CarpoolUrl.PREFIX + rest), given, 0, 0);
    }

    private static LoginPlan plan(String rest, String... given) throws SQLException {
        Properties properties = new Properties();
        for (int i = 0; i < given.length; i += 2) {
            properties.setProperty(given[i], given[i + 1]);
        }
        return plan(rest, properties);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            //h1,h2:7000/db?user=u          | jdbc:postgresql://h1:6432,h2:7000/db
            //h/?user=u                     | jdbc:postgresql://h:6432/u
            //h/                            | jdbc:postgresql://h:6432/
            //?user=u                       | jdbc:postgresql://localhost:6432/u
            ///db                           | jdbc:postgresql://localhost:6432/db
            db                              | jdbc:postgresql://localhost:6432/db
            //[::1]/db                      | jdbc:postgresql://[::1]:6432/db
            //h/a%2Fb%20%C3%BC%3F           | jdbc:postgresql://h:6432/a%2Fb+%C3%BC%3F
            //?host=h&port=7000&dbname=d    | jdbc:postgresql://h:7000/d
            //?PGHOST=h1,h2&PGPORT=1,2&PGDBNAME=d | jdbc:postgresql://h1:1,h2:2/d
            """)
    void findsHostsPortsAndDatabase(String rest, String url) throws SQLException {
        assertEquals(url, plan(rest).url());
    }

    @Test
    void takesHostsFromProperties() throws SQLException {
        assertEquals(
                "jdbc:postgresql://h:6432/d",
                plan("//", "PGHOST", "h", "PGDBNAME", "d", "user", "u").url());
    }

    @Test
    void urlWinsOverPropertiesWinOverServiceWinOverDefaults(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(
                directory.resolve("services"),
                "[s]\nhost=sh\nport=7777\ndbname=sd\nuser=su\ntcpKeepAlive=false\nApplicationName=sa\n");
        System.setProperty("org.postgresql.pgservicefile", file.toString());
        try {
            LoginPlan plan = plan("//?service=s&options=url", "options", "given", "ApplicationName", "given");
            Properties properties = plan.properties(SECOND);
            assertEquals("jdbc:postgresql://sh:7777/sd", plan.url());
            assertEquals("url", properties.getProperty("options"));
            assertEquals("given", properties.getProperty("ApplicationName"));
            assertEquals("su", properties.getProperty("user"));
            assertEquals("false", properties.getProperty("tcpKeepAlive"));
            assertEquals("9.0", properties.getProperty("assumeMinServerVersion"));
        } finally {
            System.clearProperty("org.postgresql.pgservicefile");
        }
    }

    @Test
    void reportsHostsWithoutPortsAndUnknownServices() {
        assertEquals(
                "22023",
                assertThrows(SQLException.class, () -> plan("//?host=h1,h2")).getSQLState());
        assertEquals(
                "22023",
                assertThrows(SQLException.class, () -> plan("//?service=no")).getSQLState());
    }

    @Test
    void passesPgjdbcPropertiesOnAndKeepsOurs() throws SQLException {
        Properties properties = plan(
                        "//h/db?prepareThreshold=3&carpool.retryBackoff=70ms&futureProperty=x",
                        "password",
                        "p&=%",
                        "binaryTransfer",
                        "false",
                        "carpool.retryMaxBackoff",
                        "2s")
                .properties(Duration.ofMillis(2500));
        assertEquals("3", properties.getProperty("prepareThreshold"));
        assertEquals("x", properties.getProperty("futureProperty"));
        assertEquals("p&=%", properties.getProperty("password"));
        assertEquals("false", properties.getProperty("binaryTransfer"));
        assertEquals("2.500", properties.getProperty("loginTimeout"));
        assertNull(properties.getProperty("ApplicationName"));
        assertFalse(properties.stringPropertyNames().stream().anyMatch(CarpoolProperty::isOurs));
    }

    @Test
    void keepsCallersPropertiesAndTheirDefaults() throws SQLException {
        Properties defaults = new Properties();
        defaults.setProperty("user", "fromDefaults");
        defaults.setProperty("carpool.retryBackoff", "9ms");
        Properties given = new Properties(defaults);
        given.setProperty("ApplicationName", "app");
        given.put("carpool.connectRetry", false);
        Properties before = (Properties) given.clone();

        LoginPlan plan = plan("//h/db?user=fromUrl", given);
        plan.properties(SECOND).setProperty("x", "y");

        assertEquals(before, given);
        assertEquals(new RetryPolicy(false, Duration.ofMillis(9), SECOND), plan.retry());
        assertEquals("fromUrl", plan.properties(SECOND).getProperty("user"));
        assertEquals("fromDefaults", plan("//h/db", given).properties(SECOND).getProperty("user"));
        assertNotSame(plan.properties(SECOND), plan.properties(SECOND));
    }

    @Test
    void reportsOwnPropertiesFromBothPlaces() {
        SQLException wrong = assertThrows(
                SQLException.class,
                () -> plan(
                        "//h/db?carpool.a=1&password=geheim",
                        "carpool.b",
                        "1",
                        "Carpool.c",
                        "2",
                        "password",
                        "geheim"));
        for (String name : List.of("carpool.a", "carpool.b", "Carpool.c")) {
            assertTrue(wrong.getMessage().contains("unknown property " + name), wrong.getMessage());
        }
        assertFalse(wrong.getMessage().contains("geheim"));
    }

    @Test
    void urlWinsOverPropertiesForOursToo() throws SQLException {
        assertEquals(
                Duration.ofMillis(1),
                plan("//h/db?carpool.retryBackoff=1ms", "carpool.retryBackoff", "2ms")
                        .retry()
                        .backoff());
    }

    @Test
    void triesEachHostByItselfInRetries() throws SQLException {
        assertEquals(
                List.of("jdbc:postgresql://h1:6432/d", "jdbc:postgresql://[::1]:7/d", "jdbc:postgresql://h3:6432/d"),
                plan("//h1,[::1]:7,h3/d").urlsForRetry(0.99));
    }

    @Test
    void startsRetriesAtAnyHostWhenBalancingLoad() throws SQLException {
        LoginPlan plan = plan("//a,b/d?loadBalanceHosts=true");
        assertEquals("jdbc:postgresql://a:6432/d", plan.urlsForRetry(0.49).get(0));
        assertEquals("jdbc:postgresql://b:6432/d", plan.urlsForRetry(0.51).get(0));
    }

    @Test
    void leavesChoiceOfServerTypeToPgjdbc() throws SQLException {
        LoginPlan plan = plan("//a,b/d?targetServerType=preferSlave");
        assertEquals(List.of("jdbc:postgresql://a:6432,b:6432/d"), plan.urlsForRetry(0));
        assertTrue(plan.wantsCertainServer());
        assertFalse(plan.leavesTimeForRetry());
        assertThrows(SQLException.class, () -> plan("//a/d?targetServerType=best"));
    }
}

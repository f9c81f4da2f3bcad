package dev.carpool.driver;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGProperty;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class CarpoolDriverTest {
    private static final String URL = "jdbc:carpool:postgresql://h/db";

    private final FakeConnector connector = new FakeConnector(FakeConnector.connected());
    private final CarpoolDriver driver = new CarpoolDriver(new Login(connector, new FakePacer()));

    @Test
    void isInDriverManagerOnce() throws SQLException {
        assertInstanceOf(CarpoolDriver.class, DriverManager.getDriver(URL));
        assertEquals(
                1,
                DriverManager.drivers().filter(CarpoolDriver.class::isInstance).count());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdbc:postgresql://h/db", "jdbc:carpool:mysql://h/db", "jdbc:carpool:postgres://h/db", ""})
    void leavesOtherUrlsToOthers(String url) throws SQLException {
        assertNull(driver.connect(url, new Properties()));
        assertFalse(driver.acceptsURL(url));
    }

    @Test
    void acceptsItsPrefixAndReportsTheRest() throws SQLException {
        assertTrue(driver.acceptsURL("jdbc:carpool:postgresql:/wrong"));
        assertThrows(SQLException.class, () -> driver.connect("jdbc:carpool:postgresql:/wrong", null));
    }

    @Test
    void connectsWithAndWithoutProperties() throws SQLException {
        Properties given = new Properties();
        given.setProperty("user", "u");
        assertSame(FakeConnector.CONNECTION, driver.connect(URL, given));
        assertSame(FakeConnector.CONNECTION, driver.connect(URL, null));
        assertEquals(1, given.size());
        assertEquals("u", connector.infos.get(0).getProperty("user"));
    }

    @Test
    void tellsOursAndAllOfPgjdbcsProperties() throws SQLException {
        Properties given = new Properties();
        given.setProperty("prepareThreshold", "9");
        Map<String, DriverPropertyInfo> rows = Arrays.stream(
                        driver.getPropertyInfo(URL + "?carpool.retryBackoff=3ms", given))
                .collect(Collectors.toMap(row -> row.name, Function.identity()));
        assertEquals(CarpoolProperty.values().length + PGProperty.values().length, rows.size());
        for (CarpoolProperty property : CarpoolProperty.values()) {
            assertEquals(property.description(), rows.get(property.key()).description);
        }
        assertEquals("3ms", rows.get("carpool.retryBackoff").value);
        assertEquals("9", rows.get("prepareThreshold").value);
        assertEquals("6432", rows.get("PGPORT").value);
        assertEquals("h", rows.get("PGHOST").value);
        assertEquals("true", rows.get("tcpKeepAlive").value);
        assertEquals(2, rows.get("carpool.connectRetry").choices.length);
        assertNull(rows.get("carpool.retryBackoff").choices);
    }

    @Test
    void tellsPropertiesForAnyUrl() throws SQLException {
        assertTrue(driver.getPropertyInfo("jdbc:other:x", null).length > PGProperty.values().length);
    }

    @Test
    void versionFollowsThePom() throws Exception {
        String pom = Files.readString(Path.of("pom.xml"));
        String version = driver.getMajorVersion() + "." + driver.getMinorVersion() + ".";
        assertTrue(pom.contains("<version>" + version), version);
        assertFalse(driver.jdbcCompliant());
        assertEquals("dev.carpool.driver", driver.getParentLogger().getName());
    }
}

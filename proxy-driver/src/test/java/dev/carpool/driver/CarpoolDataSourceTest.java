package dev.carpool.driver;

import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.Properties;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class CarpoolDataSourceTest {
    private final FakeConnector connector = new FakeConnector(FakeConnector.connected());
    private final CarpoolDataSource source = new CarpoolDataSource(new Login(connector, new FakePacer()));

    private Properties used() {
        return connector.infos.get(connector.infos.size() - 1);
    }

    @Test
    void settersWinOverTheUrl() throws SQLException {
        source.setUrl("jdbc:carpool:postgresql://h/db?user=fromUrl&ApplicationName=a&carpool.retryBackoff=wrong");
        source.setUser("u");
        source.setPassword("p");
        source.setProperty("carpool.retryBackoff", "2ms");
        assertSame(FakeConnector.CONNECTION, source.getConnection());
        assertEquals("u", used().getProperty("user"));
        assertEquals("p", used().getProperty("password"));
        assertEquals("a", used().getProperty("ApplicationName"));
        assertEquals("jdbc:postgresql://h:6432/db", connector.urls.get(0));
    }

    @Test
    void connectsAsAnotherUserWithoutTheFirstOnesPassword() throws SQLException {
        source.setUrl("jdbc:carpool:postgresql://h/db?user=a&password=ofA");
        source.getConnection("b", null);
        assertEquals("b", used().getProperty("user"));
        assertNull(used().getProperty("password"));
        source.getConnection();
        assertEquals("a", used().getProperty("user"));
        assertEquals("ofA", used().getProperty("password"));
    }

    @Test
    void boundsTheLoginByItsTimeout() throws SQLException {
        source.setUrl("jdbc:carpool:postgresql://h/db?loginTimeout=9");
        source.getConnection();
        assertEquals("9.000", used().getProperty("loginTimeout"));
        source.setLoginTimeout(4);
        source.getConnection();
        assertEquals("4.000", used().getProperty("loginTimeout"));
        assertEquals(4, source.getLoginTimeout());
    }

    @Test
    void takesPropertiesAsCopy() {
        Properties properties = new Properties();
        properties.setProperty("ApplicationName", "a");
        source.setProperty("options", "-c x=y");
        source.setProperties(properties);
        properties.setProperty("ApplicationName", "b");
        assertEquals("a", source.getProperty("ApplicationName"));
        assertEquals("-c x=y", source.getProperty("options"));
        source.setProperty("options", null);
        assertNull(source.getProperty("options"));
    }

    @Test
    void refusesMissingAndForeignUrls() {
        assertThrows(SQLException.class, source::getConnection);
        assertThrows(IllegalArgumentException.class, () -> source.setUrl("jdbc:postgresql://h/db"));
    }

    @Test
    void printsNoSecrets() {
        source.setPassword("geheim");
        assertEquals("CarpoolDataSource[no url]", source.toString());
        source.setUrl("jdbc:carpool:postgresql://h/db?password=geheim");
        assertEquals("CarpoolDataSource[jdbc:carpool:postgresql://h:6432/db]", source.toString());
        source.setUrl("jdbc:carpool:postgresql://u:geheim@h/db");
        assertEquals("CarpoolDataSource[wrong url]", source.toString());
    }

    @Test
    void unwrapsToItself() throws SQLException {
        assertTrue(source.isWrapperFor(DataSource.class));
        assertSame(source, source.unwrap(CarpoolDataSource.class));
        assertFalse(source.isWrapperFor(String.class));
        assertThrows(SQLException.class, () -> source.unwrap(String.class));
    }

    @Test
    void keepsTheLogWriter() {
        PrintWriter writer = new PrintWriter(System.err, false, java.nio.charset.StandardCharsets.UTF_8);
        source.setLogWriter(writer);
        assertSame(writer, source.getLogWriter());
    }
}

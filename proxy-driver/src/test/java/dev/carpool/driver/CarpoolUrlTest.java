package dev.carpool.driver;

import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class CarpoolUrlTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            //h1:7000,h2:7001/db            | //h1:7000,h2:7001/db
            //h1,h2:7001,h3/db              | //h1:6432,h2:7001,h3:6432/db
            //h/                            | //h:6432/
            ///db                           | //:6432/db
            //:7000/db                      | //:7000/db
            //                              | //
            ///                             | //
            db                              | db
            ''                              | ''
            //[::1]/db                      | //[::1]:6432/db
            //[::1]:7000,[fe80::2]/db       | //[::1]:7000,[fe80::2]:6432/db
            //h/a%2Fb%20c                   | //h:6432/a%2Fb%20c
            """)
    void givesEveryHostAPort(String written, String forPgjdbc) throws SQLException {
        assertEquals(forPgjdbc, CarpoolUrl.parse(CarpoolUrl.PREFIX + written).address());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/db",
                "//h",
                "//h:6432",
                "//h/db/x",
                "//h:/db",
                "//h:0/db",
                "//h:65536/db",
                "//h:abc/db",
                "//::1/db",
                "//fe80::1:6432/db",
                "//h/%zz",
                "%zz",
                "//h/db?options=%",
                "//h/db?carpool.connectRetry=%g1",
            })
    void refusesWhatPgjdbcWouldRefuse(String written) {
        SQLException refused = assertThrows(SQLException.class, () -> CarpoolUrl.parse(CarpoolUrl.PREFIX + written));
        assertEquals("22023", refused.getSQLState());
        assertTrue(refused.getMessage().startsWith("carpool: wrong URL: "), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"//me:geheim@h/db", "//h/db?password=geheim%", "//h/db/?password=geheim"})
    void neverShowsSecrets(String written) {
        SQLException refused = assertThrows(SQLException.class, () -> CarpoolUrl.parse(CarpoolUrl.PREFIX + written));
        assertFalse(refused.getMessage().contains("geheim"), refused.getMessage());
    }

    @Test
    void separatesOwnParametersFromPgjdbcs() throws SQLException {
        CarpoolUrl url = CarpoolUrl.parse(CarpoolUrl.PREFIX
                + "//h/db?user=a%26b&carpool.retryBackoff=1%6Ds&ssl&&carpool.retryBackoff=2ms&Carpool.x=1&service=s");
        assertEquals("jdbc:postgresql://h:6432/db?user=a%26b&ssl&service=s", url.forPgjdbc());
        assertEquals(Map.of("carpool.retryBackoff", "2ms", "Carpool.x", "1"), url.carpoolParameters());
    }

    @Test
    void leavesOutNamedParameters() throws SQLException {
        CarpoolUrl url = CarpoolUrl.parse(CarpoolUrl.PREFIX + "//h/db?user=a&password=b&userX=c");
        assertEquals(
                "jdbc:postgresql://h:6432/db?userX=c",
                url.without(Set.of("user", "password")).forPgjdbc());
    }

    @Test
    void printsWithoutParameters() throws SQLException {
        CarpoolUrl url = CarpoolUrl.parse(CarpoolUrl.PREFIX + "//h/db?password=geheim");
        assertEquals("jdbc:carpool:postgresql://h:6432/db", url.toString());
        assertEquals("[password]", url.parameters().toString());
    }
}

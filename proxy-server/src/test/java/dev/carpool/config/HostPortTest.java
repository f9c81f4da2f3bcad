package dev.carpool.config;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class HostPortTest {

    @ParameterizedTest
    @CsvSource({"127.0.0.1:6432, 127.0.0.1, 6432", "[::1]:6432, ::1, 6432", ":6432, *, 6432", "*:0, *, 0"})
    void readsAddresses(String text, String host, int port) throws BadValue {
        assertEquals(new HostPort(host, port), HostPort.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "", "::1:6432", "host:", "host:x", "host:65536", "host:-1", "[::1]"})
    void refusesWhatIsNoAddress(String text) {
        assertThrows(BadValue.class, () -> HostPort.parse(text));
    }

    @Test
    void listensEverywhereForAStar() throws BadValue {
        assertTrue(HostPort.parse("*:1").address().getAddress().isAnyLocalAddress());
        assertEquals("*:1", HostPort.of(HostPort.parse("*:1").address()).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://db, postgresql://db:5432",
        "postgres://db:5433, postgresql://db:5433",
        "postgresql://[::1]:5433/app, postgresql://[::1]:5433/app",
        "db:5433, postgresql://db:5433",
        "postgresql://db:5433/, postgresql://db:5433"
    })
    void readsUpstreams(String text, String normal) throws BadValue {
        assertEquals(normal, Upstream.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mysql://db:3306",
                "postgresql://",
                "postgresql://a:1,b:2",
                "postgresql://db:0",
                "postgresql://db?x=y",
                "postgresql://me:s3cret@db:5432"
            })
    void refusesOtherUpstreamsWithoutRepeatingThem(String text) {
        BadValue bad = assertThrows(BadValue.class, () -> Upstream.parse(text));
        assertTrue(!bad.why().contains("s3cret"), bad.why());
    }
}

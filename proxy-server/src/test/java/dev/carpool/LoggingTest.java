package dev.carpool;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

final class LoggingTest {
    private static final Logger OURS = Logger.getLogger("dev.carpool");
    private static final Logger NETTY = Logger.getLogger("io.netty");

    @AfterEach
    void quiet() {
        Logging.verbose(0);
    }

    @Test
    void verboseRaisesTheLevels() {
        Logging.verbose(1);
        assertEquals(Level.FINE, OURS.getLevel());
        assertEquals(Level.WARNING, NETTY.getLevel());
        Logging.verbose(2);
        assertEquals(Level.INFO, NETTY.getLevel());
        Logging.verbose(3);
        assertEquals(Level.FINE, OURS.getLevel());
        assertEquals(Level.FINE, NETTY.getLevel());
        Logging.verbose(0);
        assertNull(OURS.getLevel());
        assertEquals(Level.WARNING, NETTY.getLevel());
    }
}

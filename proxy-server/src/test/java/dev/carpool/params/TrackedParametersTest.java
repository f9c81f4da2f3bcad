package dev.carpool.params;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class TrackedParametersTest {
    @Test
    void tellsSettableFromReadOnly() {
        for (String name :
                new String[] {"TimeZone", "timezone", "search_path", "SEARCH_PATH", "session_authorization"}) {
            assertTrue(TrackedParameters.isSettable(name), name);
            assertTrue(TrackedParameters.isReported(name), name);
        }
        for (String name : new String[] {"server_version", "is_superuser", "In_Hot_Standby"}) {
            assertFalse(TrackedParameters.isSettable(name), name);
            assertTrue(TrackedParameters.isReported(name), name);
        }
        assertFalse(TrackedParameters.isReported("work_mem"));
        assertFalse(TrackedParameters.isSettable("work_mem"));
    }

    @Test
    void knowsPostgresSpelling() {
        assertEquals("DateStyle", TrackedParameters.canonical("dateSTYLE"));
        assertEquals("work_mem", TrackedParameters.canonical("Work_Mem"));
        assertEquals("app.\u00c4", TrackedParameters.canonical("APP.\u00c4"), "ASCII letters only");
    }
}

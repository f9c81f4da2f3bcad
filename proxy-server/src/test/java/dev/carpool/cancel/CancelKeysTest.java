package dev.carpool.cancel;

import dev.carpool.config.ListenConfig;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class CancelKeysTest {
    /** Linux: the highest pid_max. */
    private static final int HIGHEST_PROCESS_ID = 1 << 22;

    private final CancelKeys<String> keys = new CancelKeys<>(1);
    private final CancelKeys<String> others = new CancelKeys<>(2);

    @Test
    void processIdsAreUniqueAndNoneOfTheOperatingSystem() {
        for (int instance : new int[] {0, 1, 2, ListenConfig.HIGHEST_INSTANCE_ID}) {
            CancelKeys<String> some = new CancelKeys<>(instance);
            Set<Integer> ids = new HashSet<>();
            for (int i = 0; i < 20_000; i++) {
                int id = some.register("session", some.newKey(false));
                assertTrue(id > HIGHEST_PROCESS_ID, "process id " + id);
                assertTrue(ids.add(id), "twice " + id);
            }
        }
    }

    @Test
    void aSessionIsFoundByItsWholeKey() {
        for (boolean longKey : new boolean[] {false, true}) {
            byte[] key = keys.newKey(longKey);
            int id = keys.register("mine", key);
            assertEquals(longKey ? 32 : 4, key.length);
            assertSame("mine", keys.find(id, key.clone()));
            assertFalse(keys.isForeign(id, key));
            byte[] wrong = key.clone();
            wrong[key.length - 1]++;
            assertNull(keys.find(id, wrong));
            assertFalse(keys.isForeign(id, wrong));
            keys.forget(id);
            assertNull(keys.find(id, key));
        }
        assertEquals(0, keys.foreign());
    }

    @Test
    void keysOfAnotherInstanceAreForeign() {
        for (boolean longKey : new boolean[] {false, true}) {
            byte[] key = others.newKey(longKey);
            int id = others.register("theirs", key);
            assertNull(keys.find(id, key));
            assertTrue(keys.isForeign(id, key));
        }
        assertEquals(2, keys.foreign());
    }

    @Test
    void longKeysTellProxiesOfTheSameInstanceIdApart() {
        CancelKeys<String> twin = new CancelKeys<>(1);
        byte[] key = twin.newKey(true);
        assertTrue(keys.isForeign(twin.register("theirs", key), key));
    }

    @Test
    void processIdsOfTheOperatingSystemAreForeign() {
        assertTrue(keys.isForeign(1, new byte[4]));
        assertTrue(keys.isForeign(HIGHEST_PROCESS_ID - 1, new byte[4]));
        assertTrue(keys.isForeign(-1, new byte[4]));
    }

    @Test
    void anInstanceIsWithinItsRange() {
        assertThrows(IllegalArgumentException.class, () -> new CancelKeys<String>(-1));
        assertThrows(
                IllegalArgumentException.class, () -> new CancelKeys<String>(ListenConfig.HIGHEST_INSTANCE_ID + 1));
        assertNotEquals(0, new CancelKeys<String>(0).instance());
    }
}

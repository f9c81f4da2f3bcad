package dev.carpool.server;

import dev.carpool.suspicion.DatabaseFunctions;
import java.util.Set;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class HiddenEffectsTest {
    private static final long DELAY = 60_000;
    private static final DatabaseFunctions KNOWN = new DatabaseFunctions(Set.of(), Set.of(), Set.of("f"));

    private final HiddenEffects effects = new HiddenEffects();

    @Test
    void areNotKnownUntilALookHasSucceeded() {
        assertFalse(effects.areKnown());
        assertTrue(effects.isDue(0, DELAY));
        assertFalse(effects.isDue(1, DELAY));
        effects.found(effects.begin(), false, KNOWN, 10, 10);
        assertFalse(effects.arePresent());
        assertTrue(effects.areKnown());
        assertEquals(KNOWN, effects.functions());
        assertFalse(effects.isDue(DELAY - 1, DELAY));
        assertTrue(effects.isDue(DELAY, DELAY));
    }

    @Test
    void aLookThatBeganBeforeAChangeIsNotEnough() {
        int begun = effects.begin();
        effects.look();
        effects.found(begun, false, KNOWN, 10, 10);
        assertFalse(effects.areKnown());
        assertTrue(effects.isDue(11, DELAY));
        effects.found(effects.begin(), true, KNOWN, 12, 1);
        assertTrue(effects.arePresent());
        assertTrue(effects.areKnown());
    }

    @Test
    void whatMayStillBeUnderWayIsLookedForLater() {
        assertTrue(effects.isDue(0, DELAY));
        effects.found(effects.begin(), false, KNOWN, 10, 10);
        effects.lookSoon(20);
        assertFalse(effects.areKnown());
        assertFalse(effects.isDue(21, DELAY));
        assertTrue(effects.isDue(20 + 1_000_000_000, DELAY));
    }

    @Test
    void aSlowLookIsTakenLessOften() {
        assertTrue(effects.isDue(0, DELAY));
        effects.found(effects.begin(), false, KNOWN, 1_000, 1_000);
        assertFalse(effects.isDue(DELAY, DELAY));
        assertTrue(effects.isDue(1_000 + 100 * 1_000, DELAY));
    }

    @Test
    void aLookThatFailsIsTakenAgainSoon() {
        assertTrue(effects.isDue(0, 60_000_000_000L));
        effects.failed(0);
        assertFalse(effects.areKnown());
        assertFalse(effects.isDue(999_999_999, 60_000_000_000L));
        assertTrue(effects.isDue(1_000_000_000, 60_000_000_000L));
    }
}

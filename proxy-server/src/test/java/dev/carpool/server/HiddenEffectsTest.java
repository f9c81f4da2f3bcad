package dev.carpool.server;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class HiddenEffectsTest {
    private static final long SECOND = 1_000_000_000;
    private static final long DELAY = 60 * SECOND;

    private final HiddenEffects effects = new HiddenEffects();

    @Test
    void areLookedForAtOnceAndThenFromTimeToTime() {
        assertTrue(effects.isDue(0, DELAY));
        assertFalse(effects.isDue(DELAY - 1, DELAY));
        assertTrue(effects.isDue(DELAY, DELAY));
        effects.look();
        assertTrue(effects.isDue(DELAY + 1, DELAY));
    }

    @Test
    void codeThatRunsAllTheTimeDoesNotPutOffTheLook() {
        assertTrue(effects.isDue(0, DELAY));
        effects.lookSoon(0);
        effects.lookSoon(SECOND / 2);
        assertFalse(effects.isDue(SECOND - 1, DELAY));
        assertTrue(effects.isDue(SECOND, DELAY));
        effects.lookSoon(2 * SECOND);
        effects.look();
        effects.lookSoon(2 * SECOND);
        assertTrue(effects.isDue(2 * SECOND, DELAY));
    }
}

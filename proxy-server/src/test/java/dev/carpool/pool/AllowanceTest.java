package dev.carpool.pool;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class AllowanceTest {
    @Test
    void allowsSoMuchAtOnceAndThenSoMuchInATime() {
        Allowance allowance = new Allowance(2, 100);
        long now = -5_000;
        assertTrue(allowance.isLeft(now));
        allowance.use(now);
        assertTrue(allowance.isLeft(now));
        allowance.use(now);
        assertFalse(allowance.isLeft(now));
        assertFalse(allowance.isLeft(now + 99));
        assertTrue(allowance.isLeft(now + 100));
        allowance.use(now + 150);
        assertFalse(allowance.isLeft(now + 199));
        assertTrue(allowance.isLeft(now + 200));
    }

    @Test
    void savesNoMoreThanItMayBeDoneAtOnce() {
        Allowance allowance = new Allowance(2, 100);
        allowance.use(0);
        assertTrue(allowance.isLeft(100_000));
        allowance.use(100_000);
        allowance.use(100_000);
        assertFalse(allowance.isLeft(100_099));
        assertTrue(allowance.isLeft(100_100));
    }
}

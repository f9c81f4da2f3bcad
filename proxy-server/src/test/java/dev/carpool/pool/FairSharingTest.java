package dev.carpool.pool;

import dev.carpool.pool.Simulation.Group;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

import static dev.carpool.pool.Simulation.MS;
import static dev.carpool.pool.Simulation.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * What becomes of busy databases and users that share a cap, simulated: opening a connection takes 10 ms, closing one
 * 1 ms, a transaction 1 ms unless said otherwise.
 */
class FairSharingTest {
    @Test
    void slowestOfSixtyBusyDatabasesUnderHostCapOfTwentyIsCloseToTheMean() {
        Simulation simulation = Simulation.ofHostCap(20);
        for (int i = 0; i < 60; i++) {
            simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 10, MS, 0);
        }
        simulation.measure(5 * SECOND);

        assertEquals(60, simulation.groups().size());
        assertTrue(slowestToMean(simulation) > 0.8, simulation::toString);
        assertTrue(simulation.perSecond() > 15_000, simulation::toString);
        assertTrue(simulation.longestWait() < 500 * MS, simulation::toString);
    }

    @Test
    void databasesWithOneBusyClientDoNotOpenConnectionForEachTransaction() {
        Simulation simulation = Simulation.ofHostCap(20);
        for (int i = 0; i < 60; i++) {
            simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 1, MS, MS / 5);
        }
        simulation.measure(5 * SECOND);

        assertTrue(slowestToMean(simulation) > 0.8, simulation::toString);
        assertTrue(simulation.perSecond() > 12_000, simulation::toString);
        assertTrue(simulation.opensPerSecond() < 400, simulation::toString);
    }

    @Test
    void noisyDatabaseDoesNotSlowDownQuietOnes() {
        Simulation simulation = Simulation.ofHostCap(20);
        simulation.clients("noisy", simulation.pool("noisy", "app", 100), 500, MS, 0);
        List<Group> quiet = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            quiet.add(simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 2, MS, 20 * MS));
        }
        simulation.measure(5 * SECOND);

        double undisturbed = 2 * 5_000 / 21.0;
        quiet.forEach(group -> assertTrue(group.transactions > 0.8 * undisturbed, simulation::toString));
        assertTrue(simulation.opensPerSecond() < 300, simulation::toString);
    }

    @Test
    void longTransactionsGetNoMoreTimeThanShortOnes() {
        Simulation simulation = Simulation.ofHostCap(20);
        Group slow = simulation.clients("slow", simulation.pool("slow", "app", 100), 50, 2 * SECOND, 0);
        Group fast = simulation.clients("fast", simulation.pool("fast", "app", 100), 50, MS, 0);
        simulation.measure(30 * SECOND);

        assertEquals(10, slow.meanSlots(30 * SECOND), 1.5);
        assertEquals(10, fast.meanSlots(30 * SECOND), 1.5);
    }

    @Test
    void pastUseShutsNobodyOutForLong() {
        Simulation simulation = Simulation.ofHostCap(20);
        simulation.exact = true;
        Group greedy = simulation.clients("greedy", simulation.pool("greedy", "app", 100), 20, 300 * SECOND, 0);
        simulation.run(SECOND);
        simulation.clients("busy", simulation.pool("busy", "app", 100), 100, MS, 0);
        simulation.run(350 * SECOND);

        assertEquals(20, greedy.transactions);
        assertTrue(greedy.longestWait > 8 * SECOND && greedy.longestWait < 12 * SECOND, simulation::toString);
    }

    @Test
    void weightsDivideHostCap() {
        Simulation simulation = Simulation.ofHostCap(20);
        simulation.database("heavy", 0, 3, 0);
        simulation.database("light", 0, 1, 0);
        Group heavy = simulation.clients("heavy", simulation.pool("heavy", "app", 50), 50, MS, 0);
        Group light = simulation.clients("light", simulation.pool("light", "app", 50), 50, MS, 0);
        simulation.measure(5 * SECOND);

        assertEquals(15, heavy.meanSlots(5 * SECOND), 0.5);
        assertEquals(5, light.meanSlots(5 * SECOND), 0.5);
    }

    @Test
    void unusedGuaranteedShareIsLentAndGivenBackOnDemand() {
        Simulation simulation = Simulation.ofHostCap(20);
        DatabaseState vip = simulation.database("vip", 0, 1, 10);
        for (int i = 0; i < 20; i++) {
            simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 10, MS, 0);
        }
        simulation.run(SECOND);
        assertEquals(0, vip.open());
        assertEquals(20, simulation.accounts.host().open());

        Group clients = simulation.clients("vip", simulation.pool("vip", "app", 50), 50, MS, 0);
        simulation.run(50 * MS);
        assertTrue(vip.open() >= 10, simulation::toString);
        simulation.measure(5 * SECOND);
        assertTrue(clients.meanSlots(5 * SECOND) > 9.5, simulation::toString);
        assertTrue(slowestToMean(simulation) > 0.3, simulation::toString);
    }

    @Test
    void latecomerGetsItsShareAndNoMore() {
        Simulation simulation = Simulation.ofHostCap(20);
        simulation.clients("first", simulation.pool("first", "app", 50), 50, MS, 0);
        simulation.clients("second", simulation.pool("second", "app", 50), 50, MS, 0);
        simulation.run(60 * SECOND);
        Group late = simulation.clients("late", simulation.pool("late", "app", 50), 50, MS, 0);
        simulation.resetCounters();
        simulation.run(SECOND);

        assertEquals(20 / 3.0, late.meanSlots(SECOND), 1);
    }

    @Test
    void usersOfOneDatabaseShareItsPartOfTheHostCap() {
        Simulation simulation = Simulation.ofHostCap(10);
        Group many = simulation.clients("many", simulation.pool("d", "u1", 20), 100, MS, 0);
        Group few = simulation.clients("few", simulation.pool("d", "u2", 20), 10, MS, 0);
        Group one = simulation.clients("one", simulation.pool("d", "u3", 20), 1, MS, 0);
        simulation.measure(5 * SECOND);

        assertEquals(4.5, many.meanSlots(5 * SECOND), 0.5);
        assertEquals(4.5, few.meanSlots(5 * SECOND), 0.5);
        assertTrue(one.meanSlots(5 * SECOND) > 0.9, simulation::toString);
    }

    @Test
    void usersOfOneDatabaseShareItsCap() {
        Simulation simulation = Simulation.ofHostCap(0);
        simulation.database("d", 6, 1, 0);
        for (int i = 0; i < 12; i++) {
            simulation.clients("u" + i, simulation.pool("d", "u" + i, 20), i == 0 ? 100 : 3, MS, 0);
        }
        simulation.measure(5 * SECOND);

        assertTrue(slowestToMean(simulation) > 0.8, simulation::toString);
    }

    @Test
    void databasesShareCapOfTheirCommonUser() {
        Simulation simulation = Simulation.ofHostCap(0);
        simulation.user("app", 3);
        for (int i = 0; i < 9; i++) {
            simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 5, MS, 0);
        }
        simulation.measure(5 * SECOND);

        assertTrue(slowestToMean(simulation) > 0.8, simulation::toString);
    }

    @Test
    void nobodyStarvesWhereTwoCapsCross() {
        Simulation simulation = Simulation.ofHostCap(4);
        for (int i = 0; i < 4; i++) {
            simulation.database("d" + i, 1, 1, 0);
            simulation.user("u" + i, 1);
        }
        for (int d = 0; d < 4; d++) {
            for (int u = 0; u < 4; u++) {
                simulation.clients("d" + d + "u" + u, simulation.pool("d" + d, "u" + u, 5), 3, MS, 0);
            }
        }
        simulation.measure(5 * SECOND);

        assertTrue(slowestToMean(simulation) > 0.6, simulation::toString);
        assertTrue(simulation.longestWait() < SECOND, simulation::toString);
    }

    @Test
    void eventLoopsShareConnectionsThatCannotMove() {
        Simulation simulation = Simulation.ofHostCap(0);
        PoolState pool = simulation.pool("d", "app", 8);
        Group many = simulation.clients("many", pool, 600, MS, 0);
        simulation.nextLoop = 1;
        Group few = simulation.clients("few", pool, 200, MS, 0);
        simulation.measure(5 * SECOND);

        assertEquals(6, many.meanSlots(5 * SECOND), 0.2);
        assertEquals(2, few.meanSlots(5 * SECOND), 0.2);
        assertTrue(simulation.opensPerSecond() < 2, simulation::toString);
    }

    @Test
    void eventLoopsTakeTurnsWithOneConnectionThatCannotMove() {
        Simulation simulation = Simulation.ofHostCap(0);
        PoolState pool = simulation.pool("d", "app", 1);
        simulation.clients("loop 0", pool, 3, MS, 0);
        simulation.nextLoop = 1;
        simulation.clients("loop 1", pool, 3, MS, 0);
        simulation.measure(5 * SECOND);

        assertTrue(slowestToMean(simulation) > 0.9, simulation::toString);
        assertTrue(simulation.perSecond() > 700, simulation::toString);
    }

    @Test
    void connectionsFollowTheirClientsToAnotherEventLoop() {
        Simulation simulation = Simulation.ofHostCap(0);
        PoolState pool = simulation.pool("d", "app", 4);
        simulation.clients("started early", pool, 4, MS, 200 * MS);
        simulation.run(SECOND);
        simulation.nextLoop = 1;
        Group late = simulation.clients("started late", pool, 40, MS, 0);
        simulation.measure(5 * SECOND);

        assertTrue(late.meanSlots(5 * SECOND) > 2, simulation::toString);
    }

    @Test
    void slowLoginsMakeSlotsChangeHandsLessOften() {
        Simulation simulation = new Simulation(HostLimits.ofConnections(10), 100 * MS, MS, 7);
        for (int i = 0; i < 30; i++) {
            simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 5, MS, 0);
        }
        simulation.measure(20 * SECOND);

        assertTrue(simulation.perSecond() > 6_500, simulation::toString);
        assertTrue(slowestToMean(simulation) > 0.7, simulation::toString);
    }

    @Test
    void thousandTenantsAllProgress() {
        Simulation simulation = Simulation.ofHostCap(100);
        for (int i = 0; i < 1_000; i++) {
            simulation.clients("d" + i, simulation.pool("d" + i, "app", 20), 2, MS, 0);
        }
        simulation.measure(3 * SECOND);

        assertTrue(slowestToMean(simulation) > 0.5, simulation::toString);
    }

    private static double slowestToMean(Simulation simulation) {
        List<Group> groups = simulation.groups();
        double mean =
                groups.stream().mapToInt(group -> group.transactions).average().orElse(0);
        return groups.stream().mapToInt(group -> group.transactions).min().orElse(0) / mean;
    }
}

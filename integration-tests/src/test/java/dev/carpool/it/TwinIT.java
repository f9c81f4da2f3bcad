package dev.carpool.it;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Clients of the proxy do random things, and each answer must be what PostgreSQL says to a client of its own that does
 * the same. Runs on demand only: {@code -Dcarpool.it.twin.seconds} is how long. {@code -Dcarpool.it.twin.seed} does the
 * run of that number again; {@code -Dcarpool.it.twin.kinds} has only these kinds of statements, or with a leading + these
 * in addition to the usual ones; {@code -Dcarpool.it.twin.differences} is how many differences are looked for (1), and
 * {@code -Dcarpool.it.twin.shrink} for how many seconds steps are left out of each (60).
 */
class TwinIT {
    private static final Logger log = LoggerFactory.getLogger(TwinIT.class);

    private static final int STEPS = 250;

    /** What is known to differ still. */
    private static final Set<TwinKind> NOT_YET =
            EnumSet.of(TwinKind.CUSTOM_EXISTS, TwinKind.REPORTED_AFTER_RESET, TwinKind.SEQUENCE);

    private static final int SECONDS = Integer.getInteger("carpool.it.twin.seconds", 0);

    @BeforeAll
    static void prepare() throws Exception {
        assumeTrue(SECONDS > 0, "carpool.it.twin.seconds is not given");
        TwinSide.prepare();
    }

    @Test
    void everyAnswerIsPostgres() throws Exception {
        String given = System.getProperty("carpool.it.twin.seed", "");
        int wanted = Integer.getInteger("carpool.it.twin.differences", 1);
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        long first = given.isEmpty() ? System.currentTimeMillis() * 1000 : Long.parseLong(given);
        Set<TwinKind> kinds = kinds();
        List<TwinDifference> found = new ArrayList<>();
        int episodes = 0;
        for (long seed = first; System.nanoTime() < until && found.size() < wanted; seed++) {
            log.info("seed {}", seed);
            TwinDifference difference = TwinEpisode.random(seed, kinds, STEPS);
            episodes++;
            if (difference != null) {
                TwinDifference shrunk =
                        new TwinShrinker(Integer.getInteger("carpool.it.twin.shrink", 60)).shrink(difference, kinds);
                log.error("shrunk:\n{}", shrunk.report());
                found.add(shrunk);
            }
            if (!given.isEmpty() && wanted == 1) {
                break;
            }
        }
        log.info("{} runs", episodes);
        assertTrue(
                found.isEmpty(),
                () -> String.join(
                        "\n", found.stream().map(TwinDifference::report).toList()));
    }

    private static Set<TwinKind> kinds() {
        Set<TwinKind> kinds = EnumSet.noneOf(TwinKind.class);
        String given = System.getProperty("carpool.it.twin.kinds", "");
        if (given.isEmpty()) {
            kinds.addAll(TwinKind.all());
            kinds.removeAll(NOT_YET);
        } else {
            if (given.startsWith("+")) {
                kinds.addAll(TwinKind.all());
                kinds.removeAll(NOT_YET);
                given = given.substring(1);
            }
            for (String name : given.split(",", -1)) {
                kinds.add(TwinKind.valueOf(name.trim().toUpperCase(Locale.ROOT)));
            }
        }
        return kinds;
    }
}

package dev.carpool.it;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Clients of the proxy do random things, and each answer must be what PostgreSQL says to a client of its own that does
 * the same. A build does the same runs each time, {@value #USUAL_RUNS} of them or as many as a minute takes; {@code
 * -Dcarpool.it.twin.seconds} looks at others for so long (3600: an hour, 0: not at all). {@code -Dcarpool.it.twin.seed} does
 * the run of that number again; {@code -Dcarpool.it.twin.kinds} has only these kinds of statements, or with a leading + these
 * in addition to the usual ones; {@code -Dcarpool.it.twin.differences} is how many differences are looked for (1), and
 * {@code -Dcarpool.it.twin.shrink} for how many seconds steps are left out of each (60).
 */
class TwinIT {
    private static final Logger log = LoggerFactory.getLogger(TwinIT.class);

    private static final int STEPS = 250;

    /**
     * What is known to differ: PostgreSQL keeps the names of custom settings for the life of a server process (ADR 0013), and
     * these databases have functions behind triggers and views that set some.
     */
    private static final Set<TwinKind> NOT_YET = EnumSet.of(TwinKind.CUSTOM_EXISTS);

    /** The seed of the first run that every build does. */
    private static final long USUAL_SEED = 1;

    private static final int USUAL_RUNS = 40;
    private static final int USUAL_SECONDS = 60;

    private static final String AGAIN = "Again: ./mvnw verify -Dtest=NoSuch -Dsurefire.failIfNoSpecifiedTests=false"
            + " -Dit.test=TwinIT -Dfailsafe.failIfNoSpecifiedTests=false -Dcarpool.it.twin.seed=";

    private static final @Nullable Integer SECONDS = Integer.getInteger("carpool.it.twin.seconds");

    @BeforeAll
    static void prepare() throws Exception {
        assumeTrue(SECONDS == null || SECONDS > 0, "carpool.it.twin.seconds is 0");
        TwinSide.prepare();
    }

    @Test
    void everyAnswerIsPostgres() throws Exception {
        String given = System.getProperty("carpool.it.twin.seed", "");
        int wanted = Integer.getInteger("carpool.it.twin.differences", 1);
        boolean usual = SECONDS == null && given.isEmpty();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS == null ? USUAL_SECONDS : SECONDS);
        long first = usual ? USUAL_SEED : given.isEmpty() ? System.currentTimeMillis() * 1000 : Long.parseLong(given);
        long last = usual ? first + USUAL_RUNS - 1 : Long.MAX_VALUE;
        Set<TwinKind> kinds = kinds();
        List<TwinDifference> found = new ArrayList<>();
        int episodes = 0;
        for (long seed = first; seed <= last && System.nanoTime() < until && found.size() < wanted; seed++) {
            log.info("seed {}", seed);
            TwinDifference difference = TwinEpisode.random(seed, kinds, STEPS);
            episodes++;
            if (difference != null) {
                TwinDifference shrunk =
                        new TwinShrinker(Integer.getInteger("carpool.it.twin.shrink", 60)).shrink(difference, kinds);
                log.error("shrunk:\n{}", report(shrunk));
                found.add(shrunk);
            }
            if (!given.isEmpty() && wanted == 1) {
                break;
            }
        }
        log.info("{} runs", episodes);
        assertTrue(
                found.isEmpty(),
                () -> String.join("\n", found.stream().map(TwinIT::report).toList()));
    }

    private static String report(TwinDifference difference) {
        String kinds = System.getProperty("carpool.it.twin.kinds", "");
        return difference.report()
                + AGAIN
                + difference.seed()
                + (kinds.isEmpty() ? "" : " -Dcarpool.it.twin.kinds=" + kinds);
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

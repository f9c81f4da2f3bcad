package dev.carpool.it;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Leaves out steps that a difference does not need. */
final class TwinShrinker {
    private final long deadline;

    TwinShrinker(int seconds) {
        deadline = System.nanoTime() + seconds * 1_000_000_000L;
    }

    TwinDifference shrink(TwinDifference found, Set<TwinKind> kinds) throws Exception {
        TwinDifference best = found;
        TwinDifference alone = again(best, kinds, only(best, best.last().client()));
        if (alone != null) {
            best = alone;
        }
        for (int size = Math.max(1, best.steps().size() / 2); size >= 1; ) {
            boolean shrunk = false;
            for (int from = best.steps().size() - size; from > -size; from -= size) {
                if (System.nanoTime() > deadline) {
                    return best;
                }
                List<TwinStep> fewer = new ArrayList<>(best.steps());
                fewer.subList(Math.max(0, from), Math.min(from + size, fewer.size()))
                        .clear();
                TwinDifference still = fewer.isEmpty() ? null : again(best, kinds, fewer);
                if (still != null) {
                    best = still;
                    shrunk = true;
                }
                from = Math.min(from, best.steps().size());
            }
            if (!shrunk || size > 1) {
                if (size == 1) {
                    break;
                }
                size /= 2;
            }
        }
        return best;
    }

    private static List<TwinStep> only(TwinDifference found, int client) {
        return found.steps().stream()
                .filter(step -> step.client() == client || step.client() < 0)
                .toList();
    }

    private static @Nullable TwinDifference again(TwinDifference found, Set<TwinKind> kinds, List<TwinStep> steps)
            throws Exception {
        TwinDifference difference = TwinEpisode.again(found.seed(), kinds, steps);
        return difference == null || difference.isShortage() ? null : difference;
    }
}

package dev.carpool.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Collects what is wrong with a configuration, so that everything is reported at once. Confined to one reading. */
final class Problems {
    private static final Comparator<ConfigProblem> BY_LINE = Comparator.comparing(
                    (ConfigProblem p) -> p.origin().source())
            .thenComparing(p -> p.origin().line());

    private final List<ConfigProblem> problems = new ArrayList<>();
    private final List<ConfigProblem> notices = new ArrayList<>();

    /** Something that must be put right before the proxy starts. */
    void add(Origin origin, String key, String format, Object... arguments) {
        problems.add(problem(origin, key, format, arguments));
    }

    /** Something that works, but perhaps not as the operator thinks. */
    void notice(Origin origin, String key, String format, Object... arguments) {
        notices.add(problem(origin, key, format, arguments));
    }

    List<ConfigProblem> problems() {
        return problems.stream().sorted(BY_LINE).toList();
    }

    List<ConfigProblem> notices() {
        return notices.stream().sorted(BY_LINE).toList();
    }

    private static ConfigProblem problem(Origin origin, String key, String format, Object... arguments) {
        return new ConfigProblem(
                origin, key, arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments));
    }
}

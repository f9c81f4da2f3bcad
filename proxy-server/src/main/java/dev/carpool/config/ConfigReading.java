package dev.carpool.config;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What came out of reading the configuration once.
 *
 * @param config null when there are problems
 * @param problems what must be put right, by file and line
 * @param notices what works, but perhaps not as the operator thinks
 * @param needRestart keys whose change takes effect at the next start; {@code config} keeps the old values
 */
public record ConfigReading(
        @Nullable CarpoolConfig config,
        List<ConfigProblem> problems,
        List<ConfigProblem> notices,
        List<String> needRestart) {

    /** The configuration, where there are no problems. */
    public CarpoolConfig configOrThrow() {
        if (config == null) {
            throw new IllegalStateException("the configuration has problems:\n" + lines(problems));
        }
        return config;
    }

    /** One line for each, as {@code file:line: key: message}. */
    public static String lines(List<ConfigProblem> list) {
        return list.stream().map(problem -> problem + System.lineSeparator()).collect(Collectors.joining());
    }
}

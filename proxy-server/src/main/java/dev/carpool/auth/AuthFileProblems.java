package dev.carpool.auth;

import dev.carpool.config.ConfigProblem;
import dev.carpool.config.Origin;
import java.util.ArrayList;
import java.util.List;

/** All that is wrong with a user list or a rules file, with file and line. Contains no secret. */
public final class AuthFileProblems extends Exception {
    private final List<ConfigProblem> problems;

    private AuthFileProblems(List<ConfigProblem> problems) {
        super(String.join(
                System.lineSeparator(),
                problems.stream().map(ConfigProblem::toString).toList()));
        this.problems = List.copyOf(problems);
    }

    public List<ConfigProblem> problems() {
        return problems;
    }

    /** Collects problems, so that all are reported at once. */
    static final class Collector {
        private final String setting;
        private final List<ConfigProblem> problems = new ArrayList<>();

        /** @param setting {@code auth_file} or {@code auth_hba_file} */
        Collector(String setting) {
            this.setting = setting;
        }

        /** @param line counted from 1; 0 when it is about the whole file */
        void add(String source, int line, String message) {
            problems.add(new ConfigProblem(new Origin(Origin.Kind.FILE, source, line), setting, message));
        }

        void throwIfAny() throws AuthFileProblems {
            if (!problems.isEmpty()) {
                throw new AuthFileProblems(problems);
            }
        }
    }
}

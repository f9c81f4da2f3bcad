package dev.carpool.tls;

import java.util.ArrayList;
import java.util.List;

/**
 * All that is wrong with TLS settings and the files they name; one line each, such as
 * {@code client_tls_key_file /etc/carpool/key.pem: does not exist}.
 */
public final class TlsProblems extends Exception {
    private final List<String> problems;

    TlsProblems(Collector found) {
        super(String.join("; ", found.problems));
        this.problems = List.copyOf(found.problems);
    }

    public List<String> problems() {
        return problems;
    }

    /** Collects problems, so that all are reported at once. */
    static final class Collector {
        private final List<String> problems = new ArrayList<>();

        void add(String problem) {
            problems.add(problem);
        }

        void addAll(TlsProblems more) {
            problems.addAll(more.problems);
        }

        void throwIfAny() throws TlsProblems {
            if (!problems.isEmpty()) {
                throw new TlsProblems(this);
            }
        }
    }
}

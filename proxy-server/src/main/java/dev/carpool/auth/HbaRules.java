package dev.carpool.auth;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rules of {@code auth_hba_file}, in the format of PgBouncer's, which is a part of PostgreSQL's (PostgreSQL manual,
 * "The pg_hba.conf File"). The first rule that fits decides. Immutable; to reload, {@link #read} and replace.
 */
public final class HbaRules {
    private final List<HbaRule> rules;

    private HbaRules(List<HbaRule> rules) {
        this.rules = List.copyOf(rules);
    }

    /** Reads a file and those it names with {@code @}; not for an event loop. */
    public static HbaRules read(Path file) throws AuthFileProblems {
        AuthFileProblems.Collector problems = new AuthFileProblems.Collector("auth_hba_file");
        List<String> lines = AuthFiles.lines(file, problems).orElse(List.of());
        List<HbaRule> rules = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            HbaLine line = new HbaLine(file, i + 1, problems);
            HbaRule rule = line.parse(lines.get(i));
            if (rule != null) {
                rules.add(rule);
            }
        }
        problems.throwIfAny();
        return new HbaRules(rules);
    }

    /** The rule for this client; empty when none fits, which means that it is rejected. */
    public Optional<Match> match(Client client) {
        for (HbaRule rule : rules) {
            if (rule.fits(client)) {
                return Optional.of(new Match(rule.method(), rule.line()));
            }
        }
        return Optional.empty();
    }

    public int size() {
        return rules.size();
    }

    @Override
    public String toString() {
        return "HbaRules[" + rules.size() + " rules]";
    }

    /**
     * What rules look at.
     *
     * @param address null for a Unix socket
     * @param replication a physical replication connection ({@code replication=true}), which names no database
     */
    public record Client(
            @Nullable InetAddress address, String database, String user, boolean tls, boolean replication) {}

    /**
     * What a rule says.
     *
     * @param line of the rule in the file, for the log
     */
    public record Match(HbaMethod method, int line) {}
}

package dev.carpool.auth;

import dev.carpool.config.Secret;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Users and their secrets from {@code auth_file}, in the format of PgBouncer's userlist.txt: lines of
 * {@code "user" "secret"}, the rest of a line is ignored, {@code ""} stands for a quote, {@code ;} and {@code #} begin
 * comment lines. Immutable; to reload, {@link #reread} and replace.
 */
public final class UserList {
    private final Map<String, StoredSecret> secrets;

    private UserList(Map<String, StoredSecret> secrets) {
        this.secrets = Map.copyOf(secrets);
    }

    public static UserList empty() {
        return new UserList(Map.of());
    }

    /**
     * Reads a file; not for an event loop.
     *
     * @param scramIterations of verifiers that are made from plain secrets
     */
    public static UserList read(Path file, int scramIterations) throws AuthFileProblems {
        return empty().reread(file, scramIterations);
    }

    /** Reads a file anew. What has not changed keeps its verifier, and so its salt. Not for an event loop. */
    public UserList reread(Path file, int scramIterations) throws AuthFileProblems {
        AuthFileProblems.Collector problems = new AuthFileProblems.Collector("auth_file");
        List<String> lines = AuthFiles.lines(file, problems).orElse(List.of());
        Map<String, StoredSecret> read = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            try {
                Optional<StoredSecret> entry = entry(lines.get(i), scramIterations);
                if (entry.isPresent()) {
                    add(read, entry.get());
                }
            } catch (BadLine e) {
                problems.add(file.toString(), i + 1, e.problem());
            }
        }
        problems.throwIfAny();
        return new UserList(read);
    }

    private void add(Map<String, StoredSecret> read, StoredSecret entry) throws BadLine {
        StoredSecret known = secrets.get(entry.user());
        StoredSecret earlier = read.put(entry.user(), entry.equals(known) ? known : entry);
        if (earlier != null && !earlier.equals(entry)) {
            throw new BadLine("user \"" + entry.user() + "\" was listed before with another secret");
        }
    }

    private static Optional<StoredSecret> entry(String line, int scramIterations) throws BadLine {
        String text = line.strip();
        if (text.isEmpty() || text.charAt(0) == ';' || text.charAt(0) == '#') {
            return Optional.empty();
        }
        StringBuilder user = new StringBuilder();
        int behindUser = quoted(text, 0, "a user name", user);
        StringBuilder secret = new StringBuilder();
        quoted(text, skipBlanks(text, behindUser), "a secret", secret);
        if (user.isEmpty()) {
            throw new BadLine("the user name is empty");
        }
        Secret value = Secret.ofBytes(AuthFiles.bytes(secret.toString()));
        return Optional.of(StoredSecret.of(AuthFiles.utf8(user.toString()), value, scramIterations));
    }

    /** Reads a quoted string from {@code from} on and returns where it ends. */
    private static int quoted(String text, int from, String what, StringBuilder into) throws BadLine {
        if (from >= text.length() || text.charAt(from) != '"') {
            throw new BadLine("expected " + what + " in double quotes");
        }
        int at = from + 1;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"') {
                if (at + 1 >= text.length() || text.charAt(at + 1) != '"') {
                    return at + 1;
                }
                at++;
            }
            into.append(c);
            at++;
        }
        throw new BadLine("the closing quote of " + what + " is missing");
    }

    private static int skipBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    public Optional<StoredSecret> find(String user) {
        return Optional.ofNullable(secrets.get(user));
    }

    public Set<String> users() {
        return secrets.keySet();
    }

    @Override
    public String toString() {
        return "UserList[" + secrets.size() + " users]";
    }
}

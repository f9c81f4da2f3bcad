package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a text with {@link Suspicion#OTHERS} does to roles and databases (PostgreSQL manual, "ALTER ROLE", "ALTER
 * DATABASE", "CREATE DATABASE", "DROP DATABASE" and so on). What it does not understand is a change of something whose name
 * is not known.
 */
public final class ClusterStatements {
    /** What CREATE DATABASE copies if it does not say it. */
    private static final String DEFAULT_TEMPLATE = "template1";

    /** NAMEDATALEN - 1: PostgreSQL cuts longer names. */
    private static final int LONGEST_NAME = 63;

    private final SqlTokens tokens;
    private final List<ClusterChange> changes = new ArrayList<>();

    private ClusterStatements(String sql, boolean standardStrings) {
        this.tokens = new SqlTokens(sql, standardStrings);
    }

    /**
     * What the statements of a text do, in order, if they succeed.
     *
     * @param sql every byte a character (ISO 8859-1)
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static List<ClusterChange> read(String sql, boolean standardStrings) {
        ClusterStatements reader = new ClusterStatements(sql, standardStrings);
        do {
            reader.tokens.next();
            reader.statement();
            while (!reader.tokens.isEnd()) {
                reader.tokens.next();
            }
        } while (reader.tokens.kind() != SqlTokens.Kind.END);
        return List.copyOf(reader.changes);
    }

    private void statement() {
        String verb = word();
        if (!verb.equals("create") && !verb.equals("alter") && !verb.equals("drop")) {
            return;
        }
        tokens.next();
        String object = word();
        if (object.equals("database")) {
            tokens.next();
            switch (verb) {
                case "create" -> createDatabase();
                case "alter" -> alterDatabase();
                default -> dropDatabase();
            }
        } else if (object.equals("role") || object.equals("user") || object.equals("group")) {
            tokens.next();
            switch (verb) {
                case "create" -> role(ClusterChange.Kind.ROLE, name());
                case "alter" -> alterRole();
                default -> dropRoles();
            }
        }
    }

    /** The word at hand, empty for anything else. */
    private String word() {
        return tokens.kind() == SqlTokens.Kind.WORD ? tokens.text() : "";
    }

    /** The name at hand, null if it is not known; what comes behind it is next. */
    private @Nullable String name() {
        boolean known = tokens.kind() == SqlTokens.Kind.WORD || tokens.kind() == SqlTokens.Kind.QUOTED;
        String name = tokens.text();
        tokens.next();
        if (!known || !name.chars().allMatch(c -> c < 0x80)) {
            return null; // the bytes of an encoding that is not known here
        }
        return name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
    }

    private void skipIfExists() {
        if (word().equals("if")) {
            tokens.next();
            if (word().equals("exists")) {
                tokens.next();
            }
        }
    }

    /** Moves behind the next of these words in the statement; false if there is none. */
    private boolean skipTo(String word) {
        while (!tokens.isEnd()) {
            boolean found = tokens.isWord(word);
            tokens.next();
            if (found) {
                return true;
            }
        }
        return false;
    }

    private void role(ClusterChange.Kind kind, @Nullable String role) {
        changes.add(ClusterChange.role(kind, role));
    }

    private void database(ClusterChange.Kind kind, @Nullable String database) {
        changes.add(ClusterChange.database(kind, database));
    }

    private void alterRole() {
        boolean anyRole = switch (word()) {
            case "all", "current_role", "current_user", "session_user" -> true;
            default -> false;
        };
        boolean mapping = word().equals("mapping");
        String named = name();
        String role = anyRole ? null : named;
        switch (word()) {
            case "set", "reset" -> role(ClusterChange.Kind.DEFAULTS, role);
            case "in" -> {
                tokens.next(); // database
                tokens.next();
                changes.add(new ClusterChange(ClusterChange.Kind.DEFAULTS, role, name()));
            }
            case "rename" -> {
                tokens.next(); // to
                tokens.next();
                role(ClusterChange.Kind.LOGIN, role);
                role(ClusterChange.Kind.ROLE, name());
            }
            default -> {
                if (!mapping) {
                    role(ClusterChange.Kind.LOGIN, role);
                }
            }
        }
    }

    private void dropRoles() {
        skipIfExists();
        if (word().equals("mapping")) {
            return;
        }
        role(ClusterChange.Kind.ROLE, name());
        while (tokens.isSign(',')) {
            tokens.next();
            role(ClusterChange.Kind.ROLE, name());
        }
    }

    private void createDatabase() {
        database(ClusterChange.Kind.DATABASE, name());
        String template = DEFAULT_TEMPLATE;
        if (skipTo("template")) {
            if (tokens.isSign('=')) {
                tokens.next();
            }
            boolean standard = word().equals("default");
            String named = name();
            template = standard || named == null ? DEFAULT_TEMPLATE : named;
        }
        database(ClusterChange.Kind.EMPTY_DATABASE, template);
    }

    private void alterDatabase() {
        String database = name();
        switch (word()) {
            case "set", "reset" -> {
                boolean sets = word().equals("set");
                tokens.next();
                boolean moves = sets && word().equals("tablespace");
                database(moves ? ClusterChange.Kind.EMPTY_DATABASE : ClusterChange.Kind.DEFAULTS, database);
            }
            case "rename" -> {
                tokens.next(); // to
                tokens.next();
                database(ClusterChange.Kind.EMPTY_DATABASE, database);
                database(ClusterChange.Kind.DATABASE, database);
                database(ClusterChange.Kind.DATABASE, name());
            }
            default -> {} // nothing that a session has or is asked for
        }
    }

    private void dropDatabase() {
        skipIfExists();
        String database = name();
        if (!skipTo("force")) {
            database(ClusterChange.Kind.EMPTY_DATABASE, database);
        }
        database(ClusterChange.Kind.DATABASE, database);
    }
}

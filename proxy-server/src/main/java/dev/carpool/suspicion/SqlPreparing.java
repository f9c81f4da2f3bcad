package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a text does with prepared statements in SQL (PostgreSQL manual, "PREPARE", "EXECUTE", "DEALLOCATE"). Text and names
 * are kept byte for byte, one character for each.
 *
 * @param commands PREPARE and DEALLOCATE of one name, in order; DEALLOCATE ALL is not among them
 * @param executed names that EXECUTE, EXPLAIN EXECUTE and CREATE TABLE AS EXECUTE use
 * @param isClear whether nothing of that kind was too strange to be understood
 */
public record SqlPreparing(List<Command> commands, Set<String> executed, boolean isClear) {
    /**
     * @param text the PREPARE, null for DEALLOCATE
     */
    public record Command(String name, @Nullable String text) {
        public boolean prepares() {
            return text != null;
        }
    }

    /** NAMEDATALEN - 1: PostgreSQL cuts longer names off. */
    private static final int LONGEST_NAME = 63;

    /** Every name that occurs, in order. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>(executed);
        commands.forEach(command -> names.add(command.name()));
        return names;
    }

    /** Names that occur in DEALLOCATE alone. */
    public Set<String> onlyDeallocated() {
        Set<String> names = names();
        names.removeIf(name -> executed.contains(name) || prepares(name));
        return names;
    }

    /** Whether one of the commands is a PREPARE of that name. */
    public boolean prepares(String name) {
        return commands.stream()
                .anyMatch(command -> command.prepares() && command.name().equals(name));
    }

    /** The PREPARE of that name, if there is exactly one, else null. */
    public @Nullable String textOf(String name) {
        String found = null;
        for (Command command : commands) {
            if (command.prepares() && command.name().equals(name)) {
                if (found != null) {
                    return null;
                }
                found = command.text();
            }
        }
        return found;
    }

    /**
     * Reads a text of one or more statements.
     *
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static SqlPreparing read(String sql, boolean standardStrings) {
        return new Reader(sql, standardStrings).read();
    }

    /** One pass over the tokens; a statement ends at a semicolon outside parentheses. */
    private static final class Reader {
        private final String sql;
        private final SqlTokens tokens;
        private final List<Command> commands = new ArrayList<>();
        private final Set<String> executed = new LinkedHashSet<>();
        private boolean clear = true;
        private int statements;

        Reader(String sql, boolean standardStrings) {
            this.sql = sql;
            this.tokens = new SqlTokens(sql, standardStrings);
        }

        SqlPreparing read() {
            do {
                tokens.next();
                if (!tokens.isEnd()) {
                    statements++;
                    statement();
                }
            } while (tokens.kind() != SqlTokens.Kind.END);
            if (statements == 1 && commands.size() == 1 && commands.get(0).prepares()) {
                commands.set(0, new Command(commands.get(0).name(), sql));
            }
            return new SqlPreparing(List.copyOf(commands), Set.copyOf(executed), clear);
        }

        private void statement() {
            int start = tokens.start();
            boolean creates = tokens.isWord("create");
            if (tokens.isWord("prepare")) {
                prepare(start);
            } else if (tokens.isWord("deallocate")) {
                deallocate();
            } else if (tokens.isWord("execute")) {
                execute();
            } else if (creates || tokens.isWord("explain")) {
                inside(creates);
            }
            toEnd();
        }

        private void prepare(int start) {
            tokens.next();
            boolean transaction = tokens.isWord("transaction");
            String name = name();
            tokens.next();
            if (transaction && (tokens.kind() == SqlTokens.Kind.STRING || tokens.kind() == SqlTokens.Kind.STRANGE)) {
                return;
            }
            toEnd();
            if (name != null) {
                commands.add(new Command(name, sql.substring(start, tokens.start())));
            }
        }

        private void deallocate() {
            tokens.next();
            String name = tokens.isWord("prepare") ? tokens.text() : null;
            if (name != null) {
                tokens.next();
            }
            if (tokens.isWord("all")) {
                return;
            }
            if (name == null || !tokens.isEnd()) {
                name = name();
            }
            if (name != null) {
                commands.add(new Command(name, null));
            }
        }

        private void execute() {
            tokens.next();
            String name = name();
            if (name != null) {
                executed.add(name);
            }
        }

        /** Looks for the EXECUTE of EXPLAIN and of CREATE TABLE AS. */
        private void inside(boolean creates) {
            boolean follows = !creates;
            tokens.next();
            while (!tokens.isEnd()) {
                if (follows && tokens.isWord("execute")) {
                    execute();
                    return;
                }
                follows = !creates || tokens.isWord("as");
                tokens.next();
            }
        }

        private @Nullable String name() {
            String text = tokens.text();
            boolean isName = tokens.kind() == SqlTokens.Kind.WORD || tokens.kind() == SqlTokens.Kind.QUOTED;
            boolean plain = !text.isEmpty()
                    && text.length() <= LONGEST_NAME
                    && text.chars().allMatch(c -> c < 0x80);
            clear &= isName && plain;
            return isName && plain ? text : null;
        }

        private void toEnd() {
            int depth = 0;
            while (tokens.kind() != SqlTokens.Kind.END && !(depth <= 0 && tokens.isSign(';'))) {
                depth += tokens.isSign('(') ? 1 : tokens.isSign(')') ? -1 : 0;
                tokens.next();
            }
        }
    }
}

package dev.carpool.suspicion;

import org.jspecify.annotations.Nullable;

/**
 * How the first statement of a text gets out of a failed transaction (PostgreSQL manual, "ROLLBACK", "COMMIT").
 *
 * @param sql does the same to it
 * @param then where that leads
 */
public record TransactionEnd(String sql, Then then) {
    /** What comes behind it. */
    public enum Then {
        /** No transaction. */
        NOTHING,
        /** Another transaction like it. */
        ANOTHER,
        /** The same transaction goes on where a savepoint was. */
        THE_SAME
    }

    private static final TransactionEnd ALL = new TransactionEnd("ROLLBACK", Then.NOTHING);
    private static final TransactionEnd CHAIN = new TransactionEnd("ROLLBACK AND CHAIN", Then.ANOTHER);

    /**
     * Reads the first statement of a text; null if it is none of that kind.
     *
     * @param text every byte a character (ISO 8859-1)
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static @Nullable TransactionEnd read(String text, boolean standardStrings) {
        SqlTokens tokens = new SqlTokens(text, standardStrings);
        tokens.next();
        boolean back = tokens.isWord("rollback");
        if (!back && !tokens.isWord("abort") && !tokens.isWord("commit") && !tokens.isWord("end")) {
            return null;
        }
        tokens.next();
        if (tokens.isWord("work") || tokens.isWord("transaction")) {
            tokens.next();
        }
        if (tokens.isEnd()) {
            return ALL;
        }
        if (tokens.isWord("and")) {
            tokens.next();
            boolean chains = !tokens.isWord("no");
            if (!chains) {
                tokens.next();
            }
            boolean chain = tokens.isWord("chain");
            tokens.next();
            return !chain || !tokens.isEnd() ? null : chains ? CHAIN : ALL;
        }
        if (!back || !tokens.isWord("to")) {
            return null;
        }
        tokens.next();
        int from = tokens.start();
        while (!tokens.isEnd()) {
            tokens.next();
        }
        return new TransactionEnd("ROLLBACK TO " + text.substring(from, tokens.start()), Then.THE_SAME);
    }
}

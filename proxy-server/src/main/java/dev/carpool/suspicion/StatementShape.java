package dev.carpool.suspicion;

/** A statement without what differs from one execution to the next, and without what may be a secret. */
public final class StatementShape {
    /** The longest shape, in characters. */
    public static final int LONGEST = 200;

    private StatementShape() {}

    /**
     * The text with literals replaced by question marks, without comments, each space one blank; cut at {@link #LONGEST}.
     *
     * @param sql a statement or its beginning, one character (0 to 255) for each byte
     * @param standardStrings whether a backslash in a string is an ordinary character
     */
    public static String of(String sql, boolean standardStrings) {
        StringBuilder shape = new StringBuilder();
        SqlTokens tokens = new SqlTokens(sql, standardStrings);
        int end = 0;
        while (tokens.next() != SqlTokens.Kind.END && shape.length() < LONGEST) {
            if (tokens.start() > end && !shape.isEmpty()) {
                shape.append(' ');
            }
            end = tokens.end();
            switch (tokens.kind()) {
                case STRING, NUMBER, STRANGE -> shape.append('?');
                default -> shape.append(sql, tokens.start(), end);
            }
        }
        shape.setLength(Math.min(shape.length(), LONGEST));
        return shape.toString();
    }
}

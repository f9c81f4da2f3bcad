package dev.carpool.admin;

/** One piece of a command. */
record Token(Kind kind, String text) {
    enum Kind {
        /** A name, keyword or number as it was written. */
        WORD,
        /** A name in double quotes, without them. */
        NAME,
        /** A text in single quotes, without them. */
        STRING,
        /** {@code $1}: the text is the number. */
        PARAMETER,
        /** Any other character. */
        SYMBOL
    }

    boolean isWord(String word) {
        return kind == Kind.WORD && text.equalsIgnoreCase(word);
    }

    boolean isSymbol(String symbol) {
        return kind == Kind.SYMBOL && text.equals(symbol);
    }
}

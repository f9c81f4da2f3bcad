package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.List;

/** A token and where it stands in its text. */
record PlacedToken(SqlTokens.Kind kind, String text, int start, int end) {
    /** All tokens of a text; the last one is its {@link SqlTokens.Kind#END}. */
    static List<PlacedToken> all(String sql, boolean standardStrings) {
        List<PlacedToken> tokens = new ArrayList<>();
        SqlTokens all = new SqlTokens(sql, standardStrings);
        do {
            all.next();
            tokens.add(new PlacedToken(all.kind(), all.text(), all.start(), all.end()));
        } while (all.kind() != SqlTokens.Kind.END);
        return tokens;
    }

    boolean is(char sign) {
        return kind == SqlTokens.Kind.SIGN && text.charAt(0) == sign;
    }

    boolean is(String word) {
        return kind == SqlTokens.Kind.WORD && text.equals(word);
    }

    boolean isWord() {
        return kind == SqlTokens.Kind.WORD;
    }

    /** A word or a name in double quotes. */
    boolean isName() {
        return isWord() || kind == SqlTokens.Kind.QUOTED;
    }

    /** The parenthesis that closes the one at {@code open}, or the last token. */
    static int end(List<PlacedToken> tokens, int open) {
        int depth = 0;
        for (int i = open; i < tokens.size(); i++) {
            if (tokens.get(i).is('(')) {
                depth++;
            } else if (tokens.get(i).is(')') && --depth == 0) {
                return i;
            }
        }
        return tokens.size() - 1;
    }
}

package dev.carpool.suspicion;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A token and where it stands in its text.
 *
 * @param closing where among the tokens the parenthesis is that closes this one; the last token if none does
 */
record PlacedToken(SqlTokens.Kind kind, String text, int start, int end, int closing) {
    /** All tokens of a text; the last one is its {@link SqlTokens.Kind#END}. */
    static List<PlacedToken> all(String sql, boolean standardStrings) {
        List<PlacedToken> tokens = new ArrayList<>();
        ArrayDeque<Integer> open = new ArrayDeque<>();
        SqlTokens all = new SqlTokens(sql, standardStrings);
        do {
            all.next();
            if (all.isSign('(')) {
                open.push(tokens.size());
            } else if (all.isSign(')') && !open.isEmpty()) {
                close(open.pop(), tokens.size(), tokens);
            }
            tokens.add(new PlacedToken(all.kind(), all.text(), all.start(), all.end(), -1));
        } while (all.kind() != SqlTokens.Kind.END);
        open.forEach(unclosed -> close(unclosed, tokens.size() - 1, tokens));
        return tokens;
    }

    private static void close(int parenthesis, int by, List<PlacedToken> tokens) {
        PlacedToken token = tokens.get(parenthesis);
        tokens.set(parenthesis, new PlacedToken(token.kind, token.text, token.start, token.end, by));
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
}

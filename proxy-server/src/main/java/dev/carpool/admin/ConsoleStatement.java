package dev.carpool.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One command as it was written.
 *
 * @param text the source, for error messages
 */
record ConsoleStatement(String text, List<Token> tokens) {
    private static final int MOST_SHOWN = 100;

    /** Splits a text at its semicolons; commands without a token are left out. */
    static List<ConsoleStatement> split(String sql) {
        return new Splitter(sql).split();
    }

    /** The first words, upper-cased and separated by single blanks; empty when there are fewer. */
    String words(int count) {
        if (tokens.size() < count) {
            return "";
        }
        StringBuilder words = new StringBuilder();
        for (Token token : tokens.subList(0, count)) {
            if (token.kind() != Token.Kind.WORD) {
                return "";
            }
            words.append(words.isEmpty() ? "" : " ").append(token.text().toUpperCase(Locale.ROOT));
        }
        return words.toString();
    }

    /** The tokens without blanks, in lower case. */
    String condensed() {
        StringBuilder all = new StringBuilder();
        tokens.forEach(token -> all.append(token.text().toLowerCase(Locale.ROOT)));
        return all.toString();
    }

    /** The highest number of a parameter such as {@code $1}. */
    int parameters() {
        return tokens.stream()
                .filter(token -> token.kind() == Token.Kind.PARAMETER)
                .mapToInt(token -> Integer.parseInt(token.text()))
                .max()
                .orElse(0);
    }

    /** The source, cut where it is long. */
    String shown() {
        return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
    }

    /** One pass over the characters. */
    private static final class Splitter {
        private final String sql;
        private final List<ConsoleStatement> statements = new ArrayList<>();
        private List<Token> tokens = new ArrayList<>();
        private int at;
        private int start;

        Splitter(String sql) {
            this.sql = sql;
        }

        List<ConsoleStatement> split() {
            while (at < sql.length()) {
                char c = sql.charAt(at);
                if (Character.isWhitespace(c)) {
                    at++;
                } else if (c == ';') {
                    end();
                    at++;
                    start = at;
                } else if (sql.startsWith("--", at)) {
                    int end = sql.indexOf('\n', at);
                    at = end < 0 ? sql.length() : end;
                } else if (sql.startsWith("/*", at)) {
                    int end = sql.indexOf("*/", at + 2);
                    at = end < 0 ? sql.length() : end + 2;
                } else {
                    token(c);
                }
            }
            end();
            return statements;
        }

        private void end() {
            if (!tokens.isEmpty()) {
                statements.add(new ConsoleStatement(sql.substring(start, at).strip(), List.copyOf(tokens)));
                tokens = new ArrayList<>();
            }
        }

        private void token(char c) {
            if (c == '"') {
                quoted(c, Token.Kind.NAME);
            } else if (c == '\'') {
                quoted(c, Token.Kind.STRING);
            } else if (isWordPart(c)) {
                int from = at;
                while (at < sql.length() && isWordPart(sql.charAt(at)) && !sql.startsWith("--", at)) {
                    at++;
                }
                tokens.add(new Token(Token.Kind.WORD, sql.substring(from, at)));
            } else if (c == '$' && at + 1 < sql.length() && isDigit(sql.charAt(at + 1))) {
                parameter();
            } else {
                at++;
                tokens.add(new Token(Token.Kind.SYMBOL, String.valueOf(c)));
            }
        }

        private void parameter() {
            int from = at + 1;
            at++;
            while (at < sql.length() && isDigit(sql.charAt(at)) && at - from < 5) {
                at++;
            }
            tokens.add(new Token(Token.Kind.PARAMETER, sql.substring(from, at)));
        }

        /** Up to the closing quote, or to the end; a doubled quote stands for one. */
        private void quoted(char quote, Token.Kind kind) {
            StringBuilder text = new StringBuilder();
            at++;
            while (at < sql.length()) {
                char c = sql.charAt(at++);
                if (c == quote && at < sql.length() && sql.charAt(at) == quote) {
                    at++;
                } else if (c == quote) {
                    break;
                }
                text.append(c);
            }
            tokens.add(new Token(kind, text.toString()));
        }

        private static boolean isDigit(char c) {
            return c >= '0' && c <= '9';
        }

        /** What names, numbers, addresses and paths are made of. */
        private static boolean isWordPart(char c) {
            return Character.isLetterOrDigit(c) || "_.*/:@-".indexOf(c) >= 0;
        }
    }
}

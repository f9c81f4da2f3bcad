package dev.carpool.suspicion;

import java.util.Locale;

/**
 * The tokens of a text that is there as a whole, one after the other, with their content. For suspicious texts only:
 * {@link SqlLexer} reads all the others. Where it cannot follow, it gives {@link Kind#STRANGE}.
 */
final class SqlTokens {
    enum Kind {
        END,
        /** A name or key word without quotes; its text is in lower case. */
        WORD,
        /** A name in double quotes. */
        QUOTED,
        /** A string; its text is what it stands for. */
        STRING,
        NUMBER,
        /** Its text is the number. */
        PARAMETER,
        /** One character that is none of the above. */
        SIGN,
        STRANGE
    }

    private final String sql;
    private final boolean standardStrings;
    private int at;
    private Kind kind = Kind.END;
    private String text = "";
    private int start;

    SqlTokens(String sql, boolean standardStrings) {
        this.sql = sql;
        this.standardStrings = standardStrings;
    }

    Kind kind() {
        return kind;
    }

    String text() {
        return text;
    }

    /** Where the token begins. */
    int start() {
        return start;
    }

    /** Where it ends. */
    int end() {
        return at;
    }

    boolean isWord(String word) {
        return kind == Kind.WORD && text.equals(word);
    }

    boolean isSign(char sign) {
        return kind == Kind.SIGN && text.charAt(0) == sign;
    }

    /** The end of a statement. */
    boolean isEnd() {
        return kind == Kind.END || isSign(';');
    }

    Kind next() {
        skipSpace();
        start = at;
        if (at >= sql.length()) {
            return token(Kind.END, "");
        }
        char c = sql.charAt(at);
        if (c == '\'') {
            return string(!standardStrings);
        }
        if (c == '"') {
            return quoted();
        }
        if ((c == 'e' || c == 'E') && follows('\'')) {
            at++;
            return string(true);
        }
        if ((c == 'u' || c == 'U') && follows('&')) {
            at++;
            return token(Kind.STRANGE, "");
        }
        if (isWordStart(c)) {
            while (at < sql.length()
                    && (isWordStart(sql.charAt(at)) || isDigit(sql.charAt(at)) || sql.charAt(at) == '$')) {
                at++;
            }
            return token(Kind.WORD, lowerCase(sql.substring(start, at)));
        }
        if (isDigit(c) || (c == '.' && at + 1 < sql.length() && isDigit(sql.charAt(at + 1)))) {
            return number();
        }
        if (c == '$') {
            return dollar();
        }
        at++;
        return token(Kind.SIGN, String.valueOf(c));
    }

    /** Only letters of ASCII: the others are bytes of an encoding that is not known here. */
    static String lowerCase(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (word.charAt(i) >= 0x80) {
                StringBuilder lower = new StringBuilder(word);
                for (int j = 0; j < lower.length(); j++) {
                    char c = lower.charAt(j);
                    lower.setCharAt(j, c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c);
                }
                return lower.toString();
            }
        }
        return word.toLowerCase(Locale.ROOT);
    }

    private Kind token(Kind newKind, String newText) {
        kind = newKind;
        text = newText;
        return newKind;
    }

    private boolean follows(char c) {
        return at + 1 < sql.length() && sql.charAt(at + 1) == c;
    }

    private static boolean isWordStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private void skipSpace() {
        while (at < sql.length()) {
            char c = sql.charAt(at);
            if (c == ' ' || (c >= '\t' && c <= '\r')) {
                at++;
            } else if (c == '-' && follows('-')) {
                while (at < sql.length() && sql.charAt(at) != '\n' && sql.charAt(at) != '\r') {
                    at++;
                }
            } else if (c == '/' && follows('*')) {
                comment();
            } else {
                return;
            }
        }
    }

    private void comment() {
        int depth = 0;
        do {
            if (sql.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (sql.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else {
                at++;
            }
        } while (depth > 0 && at < sql.length());
    }

    private Kind string(boolean escapes) {
        StringBuilder content = new StringBuilder();
        at++;
        while (at < sql.length()) {
            char c = sql.charAt(at++);
            if (c == '\'') {
                if (at < sql.length() && sql.charAt(at) == '\'') {
                    at++;
                } else {
                    return token(Kind.STRING, content.toString());
                }
            } else if (c == '\\' && escapes) {
                skipEscapedString();
                return token(Kind.STRANGE, "");
            }
            content.append(c);
        }
        return token(Kind.STRANGE, "");
    }

    /** Behind a backslash: what the string stands for is of no interest, where it ends is. */
    private void skipEscapedString() {
        at++;
        while (at < sql.length()) {
            char c = sql.charAt(at++);
            if (c == '\\') {
                at++;
            } else if (c == '\'') {
                if (at < sql.length() && sql.charAt(at) == '\'') {
                    at++;
                } else {
                    return;
                }
            }
        }
        at = Math.min(at, sql.length());
    }

    private Kind quoted() {
        StringBuilder content = new StringBuilder();
        at++;
        while (at < sql.length()) {
            char c = sql.charAt(at++);
            if (c == '"') {
                if (at < sql.length() && sql.charAt(at) == '"') {
                    at++;
                } else {
                    return token(Kind.QUOTED, content.toString());
                }
            }
            content.append(c);
        }
        return token(Kind.STRANGE, "");
    }

    private Kind number() {
        while (at < sql.length() && (isWordStart(sql.charAt(at)) || isDigit(sql.charAt(at)) || sql.charAt(at) == '.')) {
            at++;
        }
        String digits = sql.substring(start, at);
        for (int i = 0; i < digits.length(); i++) {
            if (!isDigit(digits.charAt(i)) && digits.charAt(i) != '.') {
                return token(Kind.STRANGE, "");
            }
        }
        return token(Kind.NUMBER, digits);
    }

    private Kind dollar() {
        int i = at + 1;
        if (i < sql.length() && isDigit(sql.charAt(i))) {
            while (i < sql.length() && isDigit(sql.charAt(i))) {
                i++;
            }
            at = i;
            return token(Kind.PARAMETER, sql.substring(start + 1, i));
        }
        while (i < sql.length() && (isWordStart(sql.charAt(i)) || isDigit(sql.charAt(i)))) {
            i++;
        }
        if (i == sql.length() || sql.charAt(i) != '$') {
            at++;
            return token(Kind.STRANGE, "");
        }
        String tag = sql.substring(at, i + 1);
        int close = sql.indexOf(tag, i + 1);
        if (close < 0) {
            at = sql.length();
            return token(Kind.STRANGE, "");
        }
        at = close + tag.length();
        return token(Kind.STRING, sql.substring(i + 1, close));
    }
}

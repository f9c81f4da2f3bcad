package dev.carpool.suspicion;

import java.util.ArrayList;
import java.util.List;

/**
 * The process ids that a text gives to {@code pg_terminate_backend} and {@code pg_cancel_backend}, as far as they stand
 * there or are bound.
 *
 * @param constants process ids in the text
 * @param parameters numbers of bind parameters, from 0
 */
public record SignalCalls(List<Constant> constants, List<Integer> parameters) {
    /** Of the largest int. */
    private static final int MOST_DIGITS = 10;

    /** A process id whose digits are {@code [from, to)} of the text. */
    public record Constant(int from, int to, int processId) {}

    /**
     * Reads a text.
     *
     * @param sql every byte a character (ISO 8859-1)
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static SignalCalls read(String sql, boolean standardStrings) {
        SqlTokens tokens = new SqlTokens(sql, standardStrings);
        List<Constant> constants = new ArrayList<>(1);
        List<Integer> parameters = new ArrayList<>(1);
        while (tokens.next() != SqlTokens.Kind.END) {
            if (!tokens.isWord("pg_terminate_backend") && !tokens.isWord("pg_cancel_backend")) {
                continue;
            }
            tokens.next();
            if (!tokens.isSign('(')) {
                continue;
            }
            SqlTokens.Kind kind = tokens.next();
            while (tokens.isSign('(')) {
                kind = tokens.next();
            }
            String text = tokens.text();
            if (!isNumber(text)) {
                continue;
            }
            int number = Integer.parseInt(text);
            if (kind == SqlTokens.Kind.PARAMETER) {
                parameters.add(number - 1);
            } else if (kind == SqlTokens.Kind.NUMBER) {
                constants.add(new Constant(tokens.start(), tokens.end(), number));
            } else if (kind == SqlTokens.Kind.STRING && tokens.end() - tokens.start() == text.length() + 2) {
                constants.add(new Constant(tokens.start() + 1, tokens.end() - 1, number));
            }
        }
        return new SignalCalls(List.copyOf(constants), List.copyOf(parameters));
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty()
                && text.length() <= MOST_DIGITS
                && text.chars().allMatch(c -> c >= '0' && c <= '9')
                && Long.parseLong(text) <= Integer.MAX_VALUE;
    }
}

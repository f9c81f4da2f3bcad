package dev.carpool.suspicion;

import dev.carpool.suspicion.ProcessIds.Constant;
import dev.carpool.suspicion.ProcessIds.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Finds what {@link ProcessIds} tells of one text. */
final class ProcessIdReader {
    /** Of the largest int. */
    private static final int MOST_DIGITS = 10;

    /** Functions whose first argument is a process that they signal. */
    private static final Set<String> SIGNALLING = Set.of("pg_terminate_backend", "pg_cancel_backend");

    /** Functions whose first argument is a process that they look at. */
    private static final Set<String> LOOKING = Set.of(
            "pg_blocking_pids",
            "pg_log_backend_memory_contexts",
            "pg_safe_snapshot_blocking_pids",
            "pg_stat_get_activity",
            "pg_stat_get_backend_io",
            "pg_stat_get_backend_wal",
            "pg_stat_reset_backend_stats");

    /** The function whose second argument is an array of them. */
    private static final String WITH_ARRAY = "pg_isolation_test_session_is_blocked";

    /** What makes rows of an array, for each of which a function is called. */
    private static final String ROWS_OF_ARRAY = "unnest";

    /** Those of them that return process ids. */
    private static final Set<String> BLOCKING = Set.of("pg_blocking_pids", "pg_safe_snapshot_blocking_pids");

    /** Statements whose text is kept and runs later, or again and again. */
    private static final Set<String> KEEPING = Set.of("prepare", "create", "alter");

    private final List<PlacedToken> tokens;
    private final ProcessIdColumns columns;

    /** A function that signals is named somewhere. */
    private final boolean signals;

    private final List<Constant> constants = new ArrayList<>(1);
    private final List<Parameter> parameters = new ArrayList<>(1);

    ProcessIdReader(String sql, boolean standardStrings) {
        tokens = PlacedToken.all(sql, standardStrings);
        columns = new ProcessIdColumns(tokens);
        signals = tokens.stream().anyMatch(token -> token.isName() && SIGNALLING.contains(token.text()));
    }

    ProcessIds read() {
        int depth = 0;
        boolean begins = true;
        boolean keeps = false;
        for (int i = 0; i < tokens.size() - 1; i++) {
            PlacedToken token = tokens.get(i);
            if (begins) {
                begins = false;
                keeps = token.kind() == SqlTokens.Kind.WORD && KEEPING.contains(token.text());
            }
            if (token.is('(')) {
                depth++;
            } else if (token.is(')')) {
                depth--;
            } else if (token.is(';') && depth == 0) {
                begins = true;
            } else if (keeps && token.is("atomic")) {
                break; // where its body ends is hard to tell
            } else if (!keeps && token.isName() && tokens.get(i + 1).is('(')) {
                call(token.text(), i + 2);
            } else if (!keeps && columns.has(i)) {
                comparison(i);
            } else if (!keeps && isComparedWithBlocking(i)) {
                take(token, false);
            }
        }
        return constants.isEmpty() && parameters.isEmpty()
                ? ProcessIds.NONE
                : new ProcessIds(List.copyOf(constants), List.copyOf(parameters));
    }

    /** A call of a function whose arguments begin at that token. */
    private void call(String function, int from) {
        if (SIGNALLING.contains(function)) {
            arguments(from, 1, true);
        } else if (LOOKING.contains(function)) {
            arguments(from, 1, false);
        } else if (function.equals(WITH_ARRAY)) {
            arguments(from, 2, false);
        } else if (function.equals(ROWS_OF_ARRAY) && signals) {
            arguments(from, 1, true);
        }
    }

    /** The first {@code wanted} arguments of a call. */
    private void arguments(int from, int wanted, boolean signalled) {
        int left = wanted;
        int depth = 0;
        for (int i = from; i < tokens.size() - 1; i++) {
            PlacedToken token = tokens.get(i);
            PlacedToken before = tokens.get(i - 1);
            if (token.is('(') && before.isName() && !before.is("cast")) {
                i = token.closing();
            } else if (token.is('(') || token.is('[')) {
                depth++;
            } else if (token.is(')') || token.is(']')) {
                if (depth-- == 0) {
                    return;
                }
            } else if (token.is(',') && depth == 0) {
                if (--left == 0) {
                    return;
                }
            } else if (isBegin(i - 1) && isEnd(i + 1)) {
                take(token, signalled);
            }
        }
    }

    /** What a column is compared with. */
    private void comparison(int column) {
        int begin = column > 1 && tokens.get(column - 1).is('.') ? column - 3 : column - 1;
        PlacedToken next = tokens.get(column + 1);
        if (next.is('=')
                && tokens.get(column + 2).is("any")
                && tokens.get(column + 3).is('(')) {
            arguments(column + 4, 1, signals);
        } else if (next.is('=')) {
            operand(column + 2, signals);
        } else if (next.is("in") && tokens.get(column + 2).is('(')) {
            arguments(column + 3, Integer.MAX_VALUE, signals);
        } else if ((next.is('<') && tokens.get(column + 2).is('>'))
                || (next.is('!') && tokens.get(column + 2).is('='))) {
            operand(column + 3, false);
        } else if (begin > 1 && tokens.get(begin).is('=') && isOperandBegin(begin - 2)) {
            take(tokens.get(begin - 1), signals);
        }
    }

    /** Takes what stands there if it is all that a comparison ends with. */
    private void operand(int at, boolean signalled) {
        int end = Math.min(at + 1, tokens.size() - 1);
        PlacedToken behind = tokens.get(end);
        if (isEnd(end) || behind.isWord() || behind.is(';') || behind.kind() == SqlTokens.Kind.END) {
            take(tokens.get(Math.min(at, tokens.size() - 1)), signalled);
        }
    }

    /** Whether a comparison begins behind the token: {@code where}, {@code and}, {@code (} … */
    private boolean isOperandBegin(int at) {
        return tokens.get(at).isWord()
                || tokens.get(at).is('(')
                || tokens.get(at).is(',');
    }

    /** Whether the token is followed by {@code = any (pg_blocking_pids(}. */
    private boolean isComparedWithBlocking(int at) {
        if (at + 5 >= tokens.size()
                || !tokens.get(at + 1).is('=')
                || !tokens.get(at + 2).is("any")) {
            return false;
        }
        boolean qualified = tokens.get(at + 4).is("pg_catalog") && at + 6 < tokens.size();
        return tokens.get(at + 3).is('(')
                && BLOCKING.contains(tokens.get(qualified ? at + 6 : at + 4).text())
                && at > 0
                && isOperandBegin(at - 1);
    }

    /** Whether an argument, or an element of an array, begins behind the token: {@code (}, {@code pid =>} … */
    private boolean isBegin(int at) {
        PlacedToken token = tokens.get(at);
        boolean named = (token.is('>') && tokens.get(at - 1).is('='))
                || (token.is('=') && tokens.get(at - 1).is(':'));
        return named || token.is('(') || token.is(',') || token.is('[');
    }

    /** Whether it ends in front of the token, but for a cast. */
    private boolean isEnd(int at) {
        PlacedToken token = tokens.get(at);
        return token.is(')') || token.is(',') || token.is(']') || token.is(':') || token.is("as");
    }

    private void take(PlacedToken token, boolean signalled) {
        String text = token.text();
        boolean plain = token.end() - token.start() == text.length() + 2;
        if (token.kind() == SqlTokens.Kind.PARAMETER) {
            if (isNumber(text)) {
                parameters.add(new Parameter(Integer.parseInt(text) - 1, signalled));
            }
        } else if (token.kind() == SqlTokens.Kind.NUMBER) {
            number(text, token.start(), signalled);
        } else if (token.kind() == SqlTokens.Kind.STRING && plain) {
            numbers(text, token.start() + 1, signalled);
        }
    }

    /** What stands in a string: a number, or an array of them. */
    private void numbers(String text, int start, boolean signalled) {
        if (!text.chars().allMatch(c -> isDigit(c) || " ,{}".indexOf(c) >= 0)) {
            return;
        }
        int from = 0;
        for (int i = 0; i <= text.length(); i++) {
            if (i == text.length() || !isDigit(text.charAt(i))) {
                number(text.substring(from, i), start + from, signalled);
                from = i + 1;
            }
        }
    }

    private void number(String digits, int start, boolean signalled) {
        if (isNumber(digits)) {
            constants.add(new Constant(start, start + digits.length(), Integer.parseInt(digits), signalled));
        }
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty()
                && text.length() <= MOST_DIGITS
                && text.chars().allMatch(ProcessIdReader::isDigit)
                && Long.parseLong(text) <= Integer.MAX_VALUE;
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }
}

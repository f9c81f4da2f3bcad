package dev.carpool.suspicion;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * What is known of the functions of a database, by their sources. Names are in lower case, every byte a character (ISO
 * 8859-1); texts too have a character for every byte. Immutable.
 *
 * @param keeping those that keep something in the server process which no question to the server tells, or call such: {@code
 *     %_SHARED} of Perl, {@code GD} and {@code SD} of Python, globals of Tcl, {@code setseed}, connections of dblink
 * @param defining those that make or change functions, triggers, views and the like, or call such
 * @param settled those that change no settings of their session, nor call such
 */
public record DatabaseFunctions(Set<String> keeping, Set<String> defining, Set<String> settled) {
    /** Bits of what may change settings. */
    private static final int CHANGES_SETTINGS =
            Suspicion.UNSEEN_SETTINGS | Suspicion.SET | Suspicion.SET_CONFIG | Suspicion.DISCARD;

    /** Nothing is known. */
    public static final DatabaseFunctions NONE = new DatabaseFunctions(Set.of(), Set.of(), Set.of());

    /** The sets are copied. */
    public DatabaseFunctions {
        keeping = Set.copyOf(keeping);
        defining = Set.copyOf(defining);
        settled = Set.copyOf(settled);
    }

    /** Whether a text with these bits of {@link Suspicion} may call one that keeps something in the server process. */
    public boolean mayKeep(String text, int bits) {
        return !keeping.isEmpty() && (bits & Suspicion.UNSEEN_SETTINGS) != 0 && isAnyIn(keeping, text);
    }

    /** The same for a text that is not known. */
    public boolean mayKeep(int bits) {
        return !keeping.isEmpty() && (bits & Suspicion.UNSEEN_SETTINGS) != 0;
    }

    /** Whether a text with these bits may make or change functions without its command tags telling. */
    public boolean mayDefine(String text, int bits) {
        if ((bits & Suspicion.UNSEEN_SETTINGS) == 0) {
            return false;
        }
        boolean code = (bits & (Suspicion.DO_OR_CALL | Suspicion.UNCLEAR)) != 0;
        return (code && isAnyIn(Set.of("create", "alter", "execute"), text)) || isAnyIn(defining, text);
    }

    /** The same for a text that is not known. */
    public boolean mayDefine(int bits) {
        return (bits & (Suspicion.DO_OR_CALL | Suspicion.UNCLEAR)) != 0
                || (!defining.isEmpty() && (bits & Suspicion.UNKNOWN_CALL) != 0);
    }

    /**
     * Whether a text with these bits changes no settings, since all functions and procedures that it calls are known to
     * change none: PostgreSQL's own, and settled ones.
     */
    public boolean areSettled(String text, int bits) {
        if (settled.isEmpty()) {
            return false;
        }
        int changes = bits & CHANGES_SETTINGS;
        if (changes != Suspicion.UNKNOWN_CALL
                && !((changes & ~Suspicion.UNKNOWN_CALL) == Suspicion.DO_OR_CALL && isOneCall(text))) {
            return false;
        }
        return callsSettledOnes(text);
    }

    /** Whether a text is CALL and nothing else: DO, whose code may be anything, has the same bit. */
    private static boolean isOneCall(String text) {
        String statement = text.strip();
        int end = statement.indexOf(';');
        return statement.regionMatches(true, 0, "call", 0, 4)
                && !isPart(statement, 4)
                && (end < 0 || end == statement.length() - 1);
    }

    private boolean callsSettledOnes(String text) {
        for (int open = text.indexOf('('); open >= 0; open = text.indexOf('(', open + 1)) {
            int end = open;
            while (end > 0 && isSpace(text.charAt(end - 1))) {
                end--;
            }
            int start = end;
            while (start > 0 && isPart(text, start - 1)) {
                start--;
            }
            if (start == end ? isClosed(text, end) : !isSettled(text, start, end)) {
                return false;
            }
        }
        return true;
    }

    private boolean isSettled(String text, int start, int end) {
        String name = SqlTokens.lowerCase(text.substring(start, end));
        if (!isAscii(name)) {
            return false; // encodings and capitals may differ
        }
        return SqlWords.isNoUnknownCall(name.getBytes(StandardCharsets.ISO_8859_1))
                || settled.contains(name)
                || isBehind("into", text, start);
    }

    /** Whether a quoted name or a comment may stand in front of a parenthesis. */
    private static boolean isClosed(String text, int end) {
        return end > 0 && (text.charAt(end - 1) == '"' || text.charAt(end - 1) == '/');
    }

    /** Whether the word in front of a name, which may be qualified, is this one. */
    private static boolean isBehind(String word, String text, int nameStart) {
        int at = nameStart;
        while (at > 0 && (text.charAt(at - 1) == '.' || isPart(text, at - 1))) {
            at--;
        }
        int end = at;
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        int start = end - word.length();
        return end < at
                && start >= 0
                && text.regionMatches(true, start, word, 0, word.length())
                && !isPart(text, start - 1);
    }

    private static boolean isAnyIn(Set<String> names, String text) {
        if (names.isEmpty()) {
            return false;
        }
        String read = SqlTokens.lowerCase(text);
        boolean ascii = isAscii(read);
        for (String name : names) {
            if (!ascii && !isAscii(name)) {
                return true; // the same
            }
            for (int at = read.indexOf(name); at >= 0; at = read.indexOf(name, at + 1)) {
                if (!isPart(read, at - 1) && !isPart(read, at + name.length())) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    private static boolean isSpace(char c) {
        return c <= ' ';
    }

    /** Whether the character there belongs to a name. */
    private static boolean isPart(String text, int at) {
        if (at < 0 || at >= text.length()) {
            return false;
        }
        char c = text.charAt(at);
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '$'
                || c >= 0x80;
    }
}

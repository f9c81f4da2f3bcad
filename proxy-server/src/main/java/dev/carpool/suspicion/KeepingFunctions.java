package dev.carpool.suspicion;

import java.util.Set;

/**
 * Functions of a database that keep something in the server process which no question to the server tells: {@code %_SHARED} of
 * Perl, {@code GD} and {@code SD} of Python, globals of Tcl, {@code setseed}, connections of dblink; also those that call them.
 * Immutable.
 *
 * @param names in lower case, every byte a character (ISO 8859-1)
 */
public record KeepingFunctions(Set<String> names) {
    /** A database has none. */
    public static final KeepingFunctions NONE = new KeepingFunctions(Set.of());

    public static KeepingFunctions of(Set<String> names) {
        return names.isEmpty() ? NONE : new KeepingFunctions(Set.copyOf(names));
    }

    /**
     * Whether a text may call one of them.
     *
     * @param text every byte a character
     * @param bits what {@link SqlLexer} has found in it
     */
    public boolean mayBeCalled(String text, int bits) {
        if (names.isEmpty() || (bits & Suspicion.UNSEEN_SETTINGS) == 0) {
            return false;
        }
        String read = SqlTokens.lowerCase(text);
        boolean ascii = isAscii(read);
        for (String name : names) {
            if (!ascii && !isAscii(name)) {
                return true; // encodings and capitals may differ
            }
            for (int at = read.indexOf(name); at >= 0; at = read.indexOf(name, at + 1)) {
                if (!isPart(read, at - 1) && !isPart(read, at + name.length())) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The same for a text that is not known. */
    public boolean mayBeCalled(int bits) {
        return !names.isEmpty() && (bits & Suspicion.UNSEEN_SETTINGS) != 0;
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    /** Whether the character there belongs to a name. */
    private static boolean isPart(String text, int at) {
        if (at < 0 || at >= text.length()) {
            return false;
        }
        char c = text.charAt(at);
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c >= 0x80;
    }
}

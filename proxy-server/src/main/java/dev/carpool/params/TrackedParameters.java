package dev.carpool.params;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The settings PostgreSQL reports with ParameterStatus (GUC_REPORT in PostgreSQL 14 to 18; manual, "Asynchronous
 * Operations"), and how settings are spelled.
 */
public final class TrackedParameters {
    /** A session sets these, so they are kept for each client and synced. */
    private static final Set<String> SETTABLE = Set.of(
            "application_name",
            "client_encoding",
            "DateStyle",
            "default_transaction_read_only",
            "IntervalStyle",
            "scram_iterations", // since 16
            "search_path", // since 18
            "session_authorization",
            "standard_conforming_strings",
            "TimeZone");

    /** These tell about the server or follow from others; nobody can set them. */
    private static final Set<String> READ_ONLY =
            Set.of("in_hot_standby", "integer_datetimes", "is_superuser", "server_encoding", "server_version");

    /** All settings of PostgreSQL that are not spelled in lower case, by their spelling in lower case. */
    private static final Map<String, String> MIXED_CASE = new HashMap<>();

    static {
        for (String name : List.of("DateStyle", "IntervalStyle", "TimeZone")) {
            MIXED_CASE.put(name.toLowerCase(Locale.ROOT), name);
        }
    }

    private TrackedParameters() {}

    /** Whether PostgreSQL reports the setting, in whatever spelling. */
    public static boolean isReported(String name) {
        String canonical = canonical(name);
        return SETTABLE.contains(canonical) || READ_ONLY.contains(canonical);
    }

    /** Whether PostgreSQL reports the setting and a session can change it. */
    public static boolean isSettable(String name) {
        return SETTABLE.contains(canonical(name));
    }

    /** PostgreSQL's spelling of a setting's name: names differ in no more than the case of ASCII letters. */
    public static String canonical(String name) {
        if (SETTABLE.contains(name)) {
            return name;
        }
        String lower = lowerCase(name);
        return MIXED_CASE.getOrDefault(lower, lower);
    }

    private static String lowerCase(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (isUpper(name.charAt(i))) {
                return lowerCaseFrom(name, i);
            }
        }
        return name;
    }

    private static String lowerCaseFrom(String name, int first) {
        char[] letters = name.toCharArray();
        for (int i = first; i < letters.length; i++) {
            if (isUpper(letters[i])) {
                letters[i] = (char) (letters[i] + 'a' - 'A');
            }
        }
        return new String(letters);
    }

    private static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }
}

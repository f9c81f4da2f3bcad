package dev.carpool.suspicion;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of PostgreSQL's procedural languages (PostgreSQL 15 to 18, MarkGUCPrefixReserved). Until the library of a language is
 * loaded, any name with its prefix can be set; then those that it does not know are removed with a WARNING, and
 * cannot be set any more.
 */
public final class LanguageSettings {
    private static final Map<String, Set<String>> KNOWN = Map.of(
            "plpgsql",
            Set.of("variable_conflict", "print_strict_params", "check_asserts", "extra_warnings", "extra_errors"),
            "plperl",
            Set.of("use_strict", "on_init", "on_plperl_init", "on_plperlu_init"),
            "pltcl",
            Set.of("start_proc"),
            "pltclu",
            Set.of("start_proc"));

    private LanguageSettings() {}

    /**
     * Whether a language has its prefix and does not know it.
     *
     * @param name in lower case
     */
    public static boolean isUnknown(String name) {
        int dot = name.indexOf('.');
        Set<String> known = dot < 0 ? null : KNOWN.get(name.substring(0, dot));
        return known != null && !known.contains(name.substring(dot + 1));
    }

    /** A setting that is there when the library is loaded to which one of these names is unknown; null for none. */
    public static @Nullable String ofLibrary(Collection<String> names) {
        for (String name : names) {
            if (isUnknown(name)) {
                String prefix = name.substring(0, name.indexOf('.'));
                return prefix + "."
                        + KNOWN.getOrDefault(prefix, Set.of()).iterator().next();
            }
        }
        return null;
    }
}

package dev.carpool.config;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads settings of the whole proxy from environment variables: {@code CARPOOL_POOL_MODE} is {@code pool_mode}. */
final class Environment {
    static final String PREFIX = "CARPOOL_";

    /** Variables of the launcher and the tests. */
    private static final Set<String> NOT_SETTINGS =
            Set.of("CARPOOL_HOME", "CARPOOL_JAVA_OPTS", "CARPOOL_JAVA_HOME", "CARPOOL_VERSION");

    /** Kubernetes sets these for a service named carpool. */
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "CARPOOL(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)");

    private Environment() {}

    static void read(Map<String, String> variables, GivenSettings given) {
        new TreeMap<>(variables).forEach((name, text) -> {
            if (isSetting(name)) {
                String key = name.substring(PREFIX.length()).toLowerCase(Locale.ROOT);
                given.give(new Given(SettingPath.global(key), text, Origin.variable(name), Dialect.CARPOOL));
            }
        });
    }

    private static boolean isSetting(String name) {
        if (!name.startsWith(PREFIX) || NOT_SETTINGS.contains(name)) {
            return false;
        }
        String key = name.substring(PREFIX.length()).toLowerCase(Locale.ROOT);
        return Settings.find(Scope.GLOBAL, key) != null
                || !SERVICE_LINK.matcher(name).matches();
    }
}

package dev.carpool.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the operator gave, over all sources: a later text for the same place replaces an earlier one. */
final class GivenSettings {

    /** One entry under databases or users, and where it begins. */
    record Entry(Origin origin, Map<Setting<?>, Given> settings) {}

    private static final Set<String> RESERVED = Set.of("carpool", "pgbouncer");

    private final Problems problems;
    private final Map<Setting<?>, Given> global = new LinkedHashMap<>();
    private final Map<String, Entry> databases = new LinkedHashMap<>();
    private final Map<String, Entry> users = new LinkedHashMap<>();
    private boolean incomplete;

    GivenSettings(Problems problems) {
        this.problems = problems;
    }

    /** Takes a text for a place; an unknown key is a problem. */
    void give(Given given) {
        SettingPath path = given.path();
        Setting<?> setting = Settings.find(path.scope(), path.key());
        if (setting != null) {
            settingsAt(path, given.origin()).put(setting, given);
            return;
        }
        PgBouncerOnly foreign = PgBouncerOnly.find(path.scope(), path.key());
        if (foreign != null) {
            foreign.report(given, problems);
        } else {
            problems.add(given.origin(), path.toString(), "unknown setting%s", hint(path));
        }
    }

    /** Opens an entry that may have no settings of its own. */
    void open(Scope scope, String name, Origin origin) {
        if (scope == Scope.DATABASE && RESERVED.contains(name)) {
            problems.add(origin, "databases." + name, "this name is reserved for the console");
        }
        entries(scope).computeIfAbsent(name, n -> new Entry(origin, new LinkedHashMap<>()));
    }

    /** Removes an entry, because the same file has it again. */
    void forget(Scope scope, String name) {
        entries(scope).remove(name);
    }

    /** A source could not be read, so nothing can be said of what is missing. */
    void markIncomplete() {
        incomplete = true;
    }

    boolean isIncomplete() {
        return incomplete;
    }

    Map<Setting<?>, Given> global() {
        return Collections.unmodifiableMap(global);
    }

    Map<String, Entry> databases() {
        return Collections.unmodifiableMap(databases);
    }

    Map<String, Entry> users() {
        return Collections.unmodifiableMap(users);
    }

    /** Where a setting of the whole proxy was given; null when it was not. */
    @Nullable
    Origin origin(Setting<?> setting) {
        Given given = global.get(setting);
        return given == null ? null : given.origin();
    }

    private Map<Setting<?>, Given> settingsAt(SettingPath path, Origin origin) {
        if (path.scope() == Scope.GLOBAL) {
            return global;
        }
        Entry entry = entries(path.scope()).get(path.entry());
        if (entry == null) {
            open(path.scope(), path.entry(), origin);
            return settingsAt(path, origin);
        }
        return entry.settings();
    }

    private Map<String, Entry> entries(Scope scope) {
        return scope == Scope.USER ? users : databases;
    }

    private static String hint(SettingPath path) {
        for (Scope other : Scope.values()) {
            if (other != path.scope() && Settings.find(other, path.key()) != null) {
                return switch (other) {
                    case GLOBAL -> " of an entry; it is one of the whole proxy";
                    case DATABASE -> "; it belongs to an entry under databases";
                    case USER -> "; it belongs to an entry under users";
                };
            }
        }
        String nearest = NearestName.of(path.key(), Settings.keys(path.scope()));
        return nearest == null ? "" : "; did you mean " + nearest + "?";
    }
}

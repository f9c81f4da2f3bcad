package dev.carpool.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The typed values of the whole proxy, of one database or of one user. */
final class SettingValues {
    private final Dialect defaults;
    private final Map<Setting<?>, Object> own = new HashMap<>();
    private final Set<Setting<?>> bad = new HashSet<>();

    /** Nothing but defaults. */
    SettingValues(Dialect defaults) {
        this.defaults = defaults;
    }

    /** Reads every text; one that is no value is a problem, and has its default here only so that checks can go on. */
    static SettingValues parse(Map<Setting<?>, Given> given, Dialect defaults, Problems problems) {
        SettingValues values = new SettingValues(defaults);
        given.forEach((setting, text) -> values.parse(setting, text, problems));
        return values;
    }

    /** The value given, or the default. */
    <T> T get(Setting<T> setting) {
        T value = find(setting);
        return value != null ? value : setting.defaultValue(defaults);
    }

    /** The value given, or null. */
    @SuppressWarnings("unchecked") // put() and parse() keep keys and values of one type together
    <T> @Nullable T find(Setting<T> setting) {
        return (T) own.get(setting);
    }

    <T> void put(Setting<T> setting, T value) {
        own.put(setting, value);
    }

    void remove(Setting<?> setting) {
        own.remove(setting);
    }

    /** Takes the running value of each setting that needs a restart; returns the keys of those that would have changed. */
    List<String> keepUntilRestart(CarpoolConfig running) {
        List<String> changed = new ArrayList<>();
        for (Setting<?> setting : Settings.all()) {
            if (!setting.reloadable() && !isBad(setting) && keep(setting, running)) {
                changed.add(setting.key());
            }
        }
        return changed;
    }

    private <T> boolean keep(Setting<T> setting, CarpoolConfig running) {
        T before = setting.of(running);
        boolean changes =
                !setting.type().format(get(setting)).equals(setting.type().format(before));
        put(setting, before);
        return changes;
    }

    /** Whether a text was given that is no value. */
    boolean isBad(Setting<?> setting) {
        return bad.contains(setting);
    }

    private <T> void parse(Setting<T> setting, Given given, Problems problems) {
        try {
            own.put(setting, setting.type().parse(given.text().strip(), given.dialect()));
        } catch (BadValue e) {
            bad.add(setting);
            problems.add(given.origin(), given.path().toString(), e.why());
        }
    }
}

package dev.carpool.relay;

import dev.carpool.params.ParameterValues;
import dev.carpool.params.TrackedParameters;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.SettingChange;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a transaction's statements do to the settings of their session if it commits, and what has to be asked of the
 * server where that cannot be told. Of settings that PostgreSQL reports, the values are those it has reported; followed
 * here is whether they have gone back.
 */
final class SettingsJournal {
    private final List<SettingChange> changes = new ArrayList<>();
    private final Set<String> names = new LinkedHashSet<>();
    private boolean uncertain;
    private boolean sweep;

    void add(Effects effects) {
        changes.addAll(effects.changes());
        for (SettingChange change : effects.changes()) {
            if (!change.name().isEmpty()) {
                names.add(change.name());
            }
        }
    }

    /** A setting of that name may have changed. */
    void ask(String name) {
        names.add(name);
        uncertain = true;
    }

    void askForAll() {
        sweep = true;
        uncertain = true;
    }

    /** What was done cannot be told from the statements. */
    void uncertain() {
        uncertain = true;
        for (SettingChange change : changes) {
            sweep |= change.name().isEmpty();
        }
    }

    /** Whether something goes back. */
    boolean goesBack() {
        for (SettingChange change : changes) {
            if (change.goesBack()) {
                return true;
            }
        }
        return false;
    }

    /** Whether DISCARD ALL is among the changes. */
    boolean discardsAll() {
        for (SettingChange change : changes) {
            if (change.kind() == SettingChange.Kind.DISCARD_ALL) {
                return true;
            }
        }
        return false;
    }

    boolean isUncertain() {
        return uncertain;
    }

    boolean isSweep() {
        return sweep;
    }

    Set<String> names() {
        return names;
    }

    /** The settings of the server connection after the changes; reported ones have the values they have in {@code applied}. */
    ParameterValues onServer(ParameterValues applied, Predicate<String> reported) {
        ParameterValues result = applied;
        for (SettingChange change : changes) {
            result = switch (change.kind()) {
                case SET -> set(result, change, applied, reported);
                case RESET -> isReported(change, reported) ? result : result.without(change.name());
                case RESET_LOCAL -> result;
                case RESET_ALL -> resetAll(result, reported, true);
                case DISCARD_ALL -> resetAll(result, reported, false);
            };
        }
        return result;
    }

    /** What the session wants after the changes: what goes back, goes back to what its client started with. */
    ParameterValues forClient(ParameterValues wanted, ParameterValues started, Predicate<String> reported) {
        ParameterValues result = wanted;
        for (SettingChange change : changes) {
            result = switch (change.kind()) {
                case SET -> set(result, change, wanted, reported);
                case RESET -> {
                    String value = started.value(change.name());
                    if (value != null) {
                        yield result.with(change.name(), value);
                    }
                    yield isReported(change, reported) ? result : result.without(change.name());
                }
                case RESET_LOCAL -> result;
                case RESET_ALL ->
                    resetAll(result, reported, true)
                            .withAll(started.only(
                                    name -> !name.equals("role") && !name.equals("session_authorization")));
                case DISCARD_ALL -> resetAll(result, reported, false).withAll(started);
            };
        }
        return result;
    }

    /** @param told with the values of reported settings that hold in the end */
    private static ParameterValues set(
            ParameterValues settings, SettingChange change, ParameterValues told, Predicate<String> reported) {
        if (!isReported(change, reported)) {
            return settings.with(change.name(), String.valueOf(change.value()));
        }
        String value = told.value(change.name());
        return value == null ? settings.without(change.name()) : settings.with(change.name(), value);
    }

    /**
     * Settings with a dot in their names that have gone back. They may be custom, which are then empty, or a module's: what
     * they are now has to be asked.
     */
    Set<String> lookups(ParameterValues applied) {
        Set<String> set = new LinkedHashSet<>(applied.names());
        Set<String> found = new LinkedHashSet<>();
        for (SettingChange change : changes) {
            switch (change.kind()) {
                case SET -> {
                    set.add(change.name());
                    found.remove(change.name());
                }
                case RESET -> found.add(change.name());
                case RESET_LOCAL -> {}
                case RESET_ALL, DISCARD_ALL -> found.addAll(set);
            }
        }
        found.removeIf(name -> name.indexOf('.') <= 0);
        return found;
    }

    private static ParameterValues resetAll(ParameterValues settings, Predicate<String> reported, boolean keepRole) {
        return settings.only(name -> reported.test(name) || name.indexOf('.') > 0 || (keepRole && name.equals("role")));
    }

    private static boolean isReported(SettingChange change, Predicate<String> reported) {
        return reported.test(TrackedParameters.canonical(change.name()));
    }

    /** What a client started with, of the settings that these changes have sent back. */
    static ParameterValues toRestore(List<SettingChange> changes, ParameterValues started) {
        ParameterValues result = ParameterValues.empty();
        for (SettingChange change : changes) {
            String value = started.value(change.name());
            if (change.kind() == SettingChange.Kind.RESET && value != null) {
                result = result.with(change.name(), value);
            } else if (change.kind() == SettingChange.Kind.RESET_ALL) {
                result = result.withAll(
                        started.only(name -> !name.equals("role") && !name.equals("session_authorization")));
            } else if (change.kind() == SettingChange.Kind.DISCARD_ALL) {
                result = started;
            } else if (change.kind() == SettingChange.Kind.SET) {
                result = result.without(change.name());
            }
        }
        return result;
    }

    /** Those of some settings that these changes do not set. */
    static ParameterValues notSet(ParameterValues settings, List<SettingChange> changes) {
        ParameterValues result = settings;
        for (SettingChange change : changes) {
            if (change.kind() == SettingChange.Kind.SET) {
                result = result.without(change.name());
            }
        }
        return result;
    }

    /** What a client started with, of the settings that these changes have sent back until the end of the transaction. */
    static ParameterValues toRestoreLocally(List<SettingChange> changes, ParameterValues started) {
        ParameterValues result = ParameterValues.empty();
        for (SettingChange change : changes) {
            String value = started.value(change.name());
            if (change.kind() == SettingChange.Kind.RESET_LOCAL && value != null) {
                result = result.with(change.name(), value);
            }
        }
        return result;
    }

    /** Notes what has been restored. */
    void restored(ParameterValues values) {
        values.forEach((name, value) -> changes.add(new SettingChange(SettingChange.Kind.SET, name, value)));
    }
}

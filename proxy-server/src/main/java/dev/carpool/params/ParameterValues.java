package dev.carpool.params;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Settings and their values, immutable. Equal ones are the same object, so {@code ==} tells whether a server connection
 * has what a client session wants. Names are compared as PostgreSQL does and kept in its spelling, in the order of that
 * spelling. Values are in the session's client_encoding, one character for each byte. Not kept alive by being shared.
 */
public final class ParameterValues {
    /** Told what has to be done to get from one set of values to another. */
    @FunctionalInterface
    public interface Change {
        /** The setting is to have this value, or none of its own (null). */
        void change(String name, @Nullable String value);
    }

    private static final String[] NOTHING = {};
    private static final ParameterValues EMPTY = new ParameterValues(NOTHING, NOTHING, 0);

    private final String[] names;
    private final String[] values;

    /** The sum of the entries' hashes. */
    private final int hash;

    private ParameterValues(String[] names, String[] values, int hash) {
        this.names = names;
        this.values = values;
        this.hash = hash;
    }

    public static ParameterValues empty() {
        return EMPTY;
    }

    /**
     * The settings in a map.
     *
     * @throws IllegalArgumentException if a name is empty or a name or value contains a zero character
     */
    public static ParameterValues of(Map<String, String> settings) {
        ParameterValues result = EMPTY;
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            result = result.with(setting.getKey(), setting.getValue());
        }
        return result;
    }

    public boolean isEmpty() {
        return names.length == 0;
    }

    public int size() {
        return names.length;
    }

    /** The value of a setting, null if it has none here. */
    public @Nullable String value(String name) {
        int index = find(TrackedParameters.canonical(name));
        return index < 0 ? null : values[index];
    }

    public boolean contains(String name) {
        return find(TrackedParameters.canonical(name)) >= 0;
    }

    /**
     * These and one more setting, in place of its value here.
     *
     * @throws IllegalArgumentException if the name is empty or one of the two contains a zero character
     */
    public ParameterValues with(String name, String value) {
        if (name.isEmpty() || name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("no setting can have this name or value");
        }
        String canonical = TrackedParameters.canonical(name);
        int index = find(canonical);
        if (index < 0) {
            int at = -index - 1;
            int newHash = hash + hash(canonical, value);
            return intern(inserted(names, at, canonical), inserted(values, at, value), newHash);
        }
        if (values[index].equals(value)) {
            return this;
        }
        String[] newValues = values.clone();
        newValues[index] = value;
        return intern(names, newValues, hash - hash(canonical, values[index]) + hash(canonical, value));
    }

    /** These without one setting. */
    public ParameterValues without(String name) {
        int index = find(TrackedParameters.canonical(name));
        if (index < 0) {
            return this;
        }
        int newHash = hash - hash(names[index], values[index]);
        return intern(removed(names, index), removed(values, index), newHash);
    }

    /** Of these, role and session authorization: what RESET ALL leaves. */
    public ParameterValues identity() {
        return only(name -> name.equals("role") || name.equals("session_authorization"));
    }

    /** Those whose names a condition holds for. */
    public ParameterValues only(Predicate<String> condition) {
        ParameterValues result = this;
        for (String name : names) {
            if (!condition.test(name)) {
                result = result.without(name);
            }
        }
        return result;
    }

    /** Whether a condition holds for the name of at least one. */
    public boolean any(Predicate<String> condition) {
        for (String name : names) {
            if (condition.test(name)) {
                return true;
            }
        }
        return false;
    }

    /** These, and all of {@code others} in place of the values here. */
    public ParameterValues withAll(ParameterValues others) {
        if (isEmpty()) {
            return others;
        }
        ParameterValues result = this;
        for (int i = 0; i < others.names.length; i++) {
            result = result.with(others.names[i], others.values[i]);
        }
        return result;
    }

    /** All names in their order. */
    public List<String> names() {
        return List.of(names);
    }

    /** All names and values in their order. */
    public void forEach(BiConsumer<String, String> action) {
        for (int i = 0; i < names.length; i++) {
            action.accept(names[i], values[i]);
        }
    }

    /** What leads from {@code from} to {@code to}, in the order of the names. */
    public static void difference(ParameterValues from, ParameterValues to, Change change) {
        if (from == to) {
            return;
        }
        int old = 0;
        int wanted = 0;
        while (old < from.names.length || wanted < to.names.length) {
            int order = compareNames(from, old, to, wanted);
            if (order < 0) {
                change.change(from.names[old++], null);
            } else if (order > 0) {
                change.change(to.names[wanted], to.values[wanted++]);
            } else {
                if (!from.values[old++].equals(to.values[wanted])) {
                    change.change(to.names[wanted], to.values[wanted]);
                }
                wanted++;
            }
        }
    }

    /** The side at its end comes last. */
    private static int compareNames(ParameterValues from, int old, ParameterValues to, int wanted) {
        if (old == from.names.length) {
            return 1;
        }
        return wanted == to.names.length ? -1 : from.names[old].compareTo(to.names[wanted]);
    }

    /** The index of a name, or where it would stand: -index - 1. */
    private int find(String canonical) {
        return Arrays.binarySearch(names, canonical);
    }

    private static int hash(String name, String value) {
        int mixed = (name.hashCode() * 31 + value.hashCode()) * 0x9E3779B9;
        return mixed ^ (mixed >>> 15);
    }

    private static String[] inserted(String[] array, int at, String element) {
        String[] result = new String[array.length + 1];
        System.arraycopy(array, 0, result, 0, at);
        result[at] = element;
        System.arraycopy(array, at, result, at + 1, array.length - at);
        return result;
    }

    private static String[] removed(String[] array, int at) {
        String[] result = new String[array.length - 1];
        System.arraycopy(array, 0, result, 0, at);
        System.arraycopy(array, at + 1, result, at, result.length - at);
        return result;
    }

    private static ParameterValues intern(String[] names, String[] values, int hash) {
        return names.length == 0 ? EMPTY : InternedValues.intern(new ParameterValues(names, values, hash));
    }

    /** Whether the contents are the same; only {@link InternedValues} has to ask. */
    boolean sameAs(ParameterValues other) {
        return hash == other.hash && Arrays.equals(names, other.names) && Arrays.equals(values, other.values);
    }

    int contentHash() {
        return hash;
    }

    /** The names; a value may be a secret. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ", "[", "]");
        for (String name : names) {
            text.add(name);
        }
        return text.toString();
    }
}

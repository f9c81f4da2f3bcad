package dev.carpool.params;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Names of custom settings ({@code app.user_id}) that sessions have used: no catalog lists them, so they must be asked
 * for by name. Bounded. Any thread.
 */
public final class CustomSettings {
    private static final int MOST = 256;

    private final Set<String> names = ConcurrentHashMap.newKeySet();

    /** Notes those of the names that are custom settings. */
    public void add(Collection<String> used) {
        for (String name : used) {
            if (name.indexOf('.') > 0 && names.size() < MOST) {
                names.add(TrackedParameters.canonical(name));
            }
        }
    }

    /** Whether no session has used any. */
    public boolean isEmpty() {
        return names.isEmpty();
    }

    /** Whether a session has used one of this name, in lower case. */
    public boolean contains(String name) {
        return names.contains(name);
    }

    /** Adds all names to a collection. */
    public void addAllTo(Collection<String> all) {
        all.addAll(names);
    }
}

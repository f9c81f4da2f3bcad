package dev.carpool.relay;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The custom settings that a client session has named to make them, whether their values have held or not: for PostgreSQL
 * they exist until the session ends. Bounded. Confined to the session's event loop.
 */
public final class CustomNames {
    private static final int MOST = 256;

    /** Null for none. */
    private @Nullable Set<String> had;

    void add(Collection<String> names) {
        if (names.isEmpty()) {
            return;
        }
        Set<String> all = had;
        if (all == null) {
            all = new HashSet<>();
            had = all;
        }
        if (all.size() < MOST) {
            all.addAll(names);
        }
    }

    /** Whether the session has had a setting of this name. */
    public boolean contains(String name) {
        Set<String> all = had;
        return all != null && all.contains(name);
    }

    /** Whether there may be others than those that it knows of. */
    public boolean isFull() {
        Set<String> all = had;
        return all != null && all.size() >= MOST;
    }
}

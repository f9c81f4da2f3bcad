package dev.carpool.server;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What RESET makes of settings with a dot in their names on one server connection, as far as it is known. Such a name may be
 * a module's setting, with any default, or just a name (PostgreSQL manual, "Customized Options"), which is empty after
 * RESET: the server has to be asked, but only once. If a module that is loaded later takes over a name, the value here is
 * still empty, and to be empty is brought to other server connections by RESET. Confined to the connection's event loop.
 */
public final class ResetValues {
    /** So many are kept; what does not fit is asked about again and again. */
    private static final int MOST = 64;

    private @Nullable Map<String, String> values;

    /** The value that RESET gives a setting; null when it is not known. */
    public @Nullable String value(String name) {
        Map<String, String> known = values;
        return known == null ? null : known.get(name);
    }

    /** The server has told what a setting is after RESET. */
    public void learned(String name, String value) {
        Map<String, String> known = values;
        if (known == null) {
            known = new HashMap<>();
            values = known;
        }
        if (known.size() < MOST) {
            known.put(name, value);
        }
    }
}

package dev.carpool.relay;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * That a session keeps its server connection between transactions. Immutable, for readers on any thread.
 *
 * @param reasons at least one
 * @param since System.nanoTime since which the session is pinned
 * @param statement the beginning of the statement that pinned it, a character (0 to 255) for each byte; null when it is
 *     not known
 */
public record Pin(
        List<PinReason> reasons, long since, @Nullable String statement) {
    public Pin {
        reasons = List.copyOf(reasons);
    }

    /** The reasons as SHOW spells them, comma-separated. */
    public String text() {
        return PinReason.text(reasons);
    }
}

package dev.carpool.suspicion;

import java.util.List;
import java.util.Set;

/**
 * What a suspicious text does to its session, as far as reading it tells. Immutable.
 *
 * @param bits bits of {@link Suspicion}; SET and DISCARD are taken out when {@code changes} say all of it
 * @param changes what the text does to settings, in order, if all its statements succeed; complete if {@code bits} has
 *     none of SET, SET_CONFIG and DISCARD
 * @param names settings it may change besides, by name
 * @param nameParameters numbers of bind parameters that name such settings, from 0
 * @param namesKnown whether {@code names} and {@code nameParameters} are all, functions and code blocks aside
 * @param doubtful what may send settings back to what the session began with, where {@code changes} do not tell
 */
public record Effects(
        int bits,
        List<SettingChange> changes,
        Set<String> names,
        List<Integer> nameParameters,
        boolean namesKnown,
        List<SettingChange> doubtful) {
    /** A text with nothing to tell. */
    public static final Effects NONE = new Effects(Suspicion.NONE, List.of(), Set.of(), List.of(), true, List.of());

    /** A text that was not read. */
    public static Effects unread(int bits) {
        return new Effects(bits, List.of(), Set.of(), List.of(), false, List.of());
    }

    /** The same without some of the bits. */
    public Effects without(int some) {
        return new Effects(bits & ~some, changes, names, nameParameters, namesKnown, doubtful);
    }

    /** Whether some setting goes back to what the session began with, as {@code changes} tell. */
    public boolean goesBack() {
        for (SettingChange change : changes) {
            if (change.goesBack()) {
                return true;
            }
        }
        return false;
    }
}

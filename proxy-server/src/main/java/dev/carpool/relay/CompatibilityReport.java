package dev.carpool.relay;

import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.StatementShape;
import dev.carpool.suspicion.Suspicion;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * What the statements of applications cost in transaction mode, as far as their texts tell, whatever mode they run in.
 * Bounded: what was used least recently goes first. Thread-safe.
 */
public final class CompatibilityReport {
    /** Most entries. */
    public static final int MOST = 1000;

    /** What a statement asks of transaction mode; the greatest of several counts. */
    public enum Effect {
        /** Nothing: its server connection can be anybody's behind it. */
        SHARED,
        /** It changes settings, which move with the session. */
        SYNCED,
        /** What it does cannot be seen in its text: the server is asked behind its transaction. */
        ASKED,
        /** It makes or gives up state that keeps the session on its server connection. */
        PINNED
    }

    /** Who has run a statement. */
    public record Owner(String database, String user, String application) {}

    /**
     * One entry.
     *
     * @param statement its shape, a character (0 to 255) for each byte; empty for all that are {@link Effect#SHARED}, and
     *     for those whose text was too long to be read
     * @param reasons why it may pin a session; empty unless the effect is {@link Effect#PINNED}
     * @param count executions
     * @param pinned how often a session was pinned by it; 0 in session mode
     * @param first milliseconds since the epoch
     * @param last milliseconds since the epoch
     */
    public record Entry(
            Owner owner,
            String statement,
            Effect effect,
            List<PinReason> reasons,
            long count,
            long pinned,
            long first,
            long last) {}

    private record Key(Owner owner, String statement, Effect effect) {}

    private static final class Counts {
        private final Set<PinReason> reasons = EnumSet.noneOf(PinReason.class);
        private final long first;
        private long last;
        private long count;
        private long pinned;

        Counts(long now) {
            first = now;
            last = now;
        }
    }

    private final LongSupplier clock;
    private final Map<Key, Counts> entries = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Counts> eldest) {
            return size() > MOST;
        }
    };

    public CompatibilityReport() {
        this(System::currentTimeMillis);
    }

    CompatibilityReport(LongSupplier clock) {
        this.clock = clock;
    }

    /**
     * Counts a statement.
     *
     * @param statement its beginning, a character (0 to 255) for each byte
     */
    public void ran(Owner owner, Effects effects, String statement, boolean standardStrings) {
        Effect effect = effect(effects);
        String shape = effect == Effect.SHARED ? "" : StatementShape.of(statement, standardStrings);
        synchronized (entries) {
            Counts counts = counts(new Key(owner, shape, effect));
            counts.count++;
            if (effect == Effect.PINNED) {
                counts.reasons.addAll(reasons(effects.bits()));
            }
        }
    }

    /** Counts that a session got pinned by a statement. */
    public void pinned(Owner owner, Pin pin, boolean standardStrings) {
        String statement = pin.statement();
        String shape = statement == null ? "" : StatementShape.of(statement, standardStrings);
        synchronized (entries) {
            Key asked = new Key(owner, shape, Effect.ASKED);
            Counts counts = counts(entries.containsKey(asked) ? asked : new Key(owner, shape, Effect.PINNED));
            counts.pinned++;
            counts.reasons.addAll(pin.reasons());
        }
    }

    private Counts counts(Key key) {
        long now = clock.getAsLong();
        Counts counts = entries.computeIfAbsent(key, missing -> new Counts(now));
        counts.last = now;
        return counts;
    }

    /** All entries, what was used last in front. */
    public List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        synchronized (entries) {
            entries.forEach((key, counts) -> all.add(
                    0,
                    new Entry(
                            key.owner,
                            key.statement,
                            key.effect,
                            List.copyOf(counts.reasons),
                            counts.count,
                            counts.pinned,
                            counts.first,
                            counts.last)));
        }
        return all;
    }

    private static Effect effect(Effects effects) {
        int bits = effects.bits();
        if ((bits & PINNING) != 0) {
            return Effect.PINNED;
        }
        if ((bits & (Suspicion.UNSEEN_SETTINGS | Suspicion.SQL_PREPARE)) != 0) {
            return Effect.ASKED;
        }
        boolean settings = !effects.changes().isEmpty()
                || !effects.names().isEmpty()
                || (bits & (Suspicion.SET | Suspicion.SET_CONFIG | Suspicion.DISCARD)) != 0;
        return settings ? Effect.SYNCED : Effect.SHARED;
    }

    private static final int PINNING = Suspicion.ADVISORY_LOCK
            | Suspicion.TEMP
            | Suspicion.HELD_CURSOR
            | Suspicion.LOAD
            | Suspicion.HIDDEN_STATE
            | Suspicion.BACKEND_PID;

    private static Set<PinReason> reasons(int bits) {
        Set<PinReason> reasons = EnumSet.noneOf(PinReason.class);
        add(reasons, PinReason.ADVISORY_LOCK, bits & Suspicion.ADVISORY_LOCK);
        add(reasons, PinReason.TEMP, bits & Suspicion.TEMP);
        add(reasons, PinReason.HELD_CURSOR, bits & Suspicion.HELD_CURSOR);
        add(reasons, PinReason.HIDDEN_STATE, bits & (Suspicion.LOAD | Suspicion.HIDDEN_STATE));
        add(reasons, PinReason.BACKEND_PID, bits & Suspicion.BACKEND_PID);
        return reasons;
    }

    private static void add(Set<PinReason> reasons, PinReason reason, int bits) {
        if (bits != 0) {
            reasons.add(reason);
        }
    }
}

package dev.carpool.server;

import dev.carpool.params.ParameterSync;
import dev.carpool.params.ParameterValues;
import dev.carpool.params.TrackedParameters;
import dev.carpool.suspicion.TextRules;
import io.netty.buffer.ByteBuf;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a server connection: what PostgreSQL has reported, what the proxy has set or seen, and what a sync in
 * flight is about to set. Confined to the connection's event loop.
 */
final class ServerSettings {
    private static final String STANDARD_STRINGS = "standard_conforming_strings";
    private static final String ENCODING = "client_encoding";

    /** Names of custom settings kept for a connection; the others are asked about again and again. */
    private static final int MOST_CUSTOM = 256;

    /** The name of no role. */
    private static final String NOBODY = "";

    /** Current values of everything PostgreSQL reports. */
    private final Map<String, String> reported;

    /** The reported values right after the login, by name. */
    private final Map<String, String> baseline;

    /** The values right after the login of what PostgreSQL reports and a session can set. */
    private final ParameterValues defaults;

    /** The settings that differ from those right after the login, as far as the proxy has set or seen them. */
    private ParameterValues applied = ParameterValues.empty();

    /** What {@link #applied} becomes when the sync in flight succeeds. */
    private @Nullable ParameterValues syncing;

    /** That sync begins with RESET ALL. */
    private boolean syncResets;

    /** Custom settings that the connection has had: it does not forget them. */
    private final Set<String> custom = new HashSet<>();

    /** Names of custom settings that it may have besides, without a value that has held; null for none. */
    private @Nullable Set<String> namedOnly;

    /** Settings that nobody has seen may be set: the next sync begins with RESET ALL. */
    private boolean resetDue;

    /** How the texts are read that come next, as far as no statement in flight changes that. */
    private TextRules rules;

    /** How they are read once the sync in flight has succeeded. */
    private TextRules rulesToCome;

    /** @param reported what the server has reported at the login */
    ServerSettings(Map<String, String> reported) {
        this.reported = new TreeMap<>(reported);
        this.baseline = new TreeMap<>(reported);
        this.defaults = ParameterValues.of(baseline).only(ServerSettings::isDefault);
        this.rules = TextRules.of(reported.get(STANDARD_STRINGS), reported.get(ENCODING));
        this.rulesToCome = rules;
    }

    Map<String, String> reported() {
        return reported;
    }

    Map<String, String> baseline() {
        return baseline;
    }

    ParameterValues defaults() {
        return defaults;
    }

    /** Who the session is hangs on its login. */
    private static boolean isDefault(String name) {
        return TrackedParameters.isSettable(name) && !name.equals("session_authorization");
    }

    ParameterValues applied() {
        return applied;
    }

    /** How the next request's texts are read, as far as no statement in flight changes that. */
    TextRules textRules() {
        return syncing == null ? rules : rulesToCome;
    }

    void resetDue() {
        resetDue = true;
    }

    boolean isResetDue() {
        return resetDue;
    }

    /** Names of roles stand for other roles: who the session is must be set anew. */
    void forgetIdentity() {
        ParameterValues identity = applied.identity();
        for (String name : identity.names()) {
            applied = applied.with(name, NOBODY);
        }
    }

    boolean needsSync(ParameterValues wanted) {
        return applied != wanted || resetDue;
    }

    /** Writes the query that gives the connection these settings. */
    void sync(ByteBuf out, ParameterValues wanted) {
        ParameterSync.write(out, applied, wanted, defaultEncoding(), resetDue);
        syncResets = resetDue;
        resetDue = false;
        syncing = wanted;
        rulesToCome = TextRules.of(orBaseline(wanted, STANDARD_STRINGS), orBaseline(wanted, ENCODING));
    }

    private @Nullable String orBaseline(ParameterValues wanted, String name) {
        String value = wanted.value(name);
        return value == null ? baseline.get(name) : value;
    }

    boolean mayRefuse(ParameterValues wanted) {
        return ParameterSync.mayBeRefused(left(), wanted, custom);
    }

    /** What is in force when the next sync begins to set something. */
    private ParameterValues left() {
        return resetDue ? applied.identity() : applied;
    }

    /** What there is to do, one after the other, to get these settings; RESET ALL precedes it if {@link #isResetDue}. */
    void steps(ParameterValues wanted, ParameterValues.Change step) {
        ParameterValues left = left();
        resetDue = false;
        ParameterSync.steps(left, wanted, step);
    }

    /** The encoding that the values of these settings are in. */
    String encoding(ParameterValues wanted) {
        String encoding = wanted.value(ENCODING);
        return encoding == null ? defaultEncoding() : encoding;
    }

    /** Writes the query that gives settings these values besides. */
    void restore(ByteBuf out, ParameterValues values) {
        ParameterSync.write(out, ParameterValues.empty(), values, defaultEncoding());
    }

    /** Writes the query that does so until the end of the transaction. */
    void restoreLocally(ByteBuf out, ParameterValues values) {
        ParameterSync.writeLocal(out, ParameterValues.empty(), values, defaultEncoding());
    }

    /** Writes the query that does so for those that have gone back. */
    void restoreIfGone(ByteBuf out, ParameterValues values) {
        ParameterSync.writeIfGone(out, values, defaultEncoding());
    }

    /** The settings that the next request meets, as far as no transaction has changed them. */
    ParameterValues toCome() {
        ParameterValues synced = syncing;
        return synced == null ? applied : synced;
    }

    String defaultEncoding() {
        return baseline.getOrDefault(ENCODING, "UTF8");
    }

    /** A query of the proxy's own has succeeded: if it was a sync, its settings are in force. */
    void synced() {
        ParameterValues wanted = syncing;
        if (wanted != null) {
            settle(wanted);
            syncing = null;
        }
    }

    /** A query of the proxy's own has failed: if it was a sync, nothing has changed. */
    void syncFailed() {
        resetDue |= syncing != null && syncResets;
        syncing = null;
    }

    void settle(ParameterValues canonical) {
        applied = canonical;
        applied.forEach((name, value) -> {
            if (name.indexOf('.') > 0 && custom.size() < MOST_CUSTOM) {
                custom.add(name);
            }
        });
    }

    /** Custom settings may have been made. */
    void hasHad(Collection<String> names) {
        Set<String> named = namedOnly;
        if (named == null) {
            named = new HashSet<>();
            namedOnly = named;
        }
        if (named.size() < MOST_CUSTOM) {
            named.addAll(names);
        }
    }

    /** Whether the connection has had custom settings that are not in force. */
    boolean hasOthersNames() {
        Set<String> named = namedOnly;
        return (!custom.isEmpty() && !areApplied(custom)) || (named != null && !areApplied(named));
    }

    private boolean areApplied(Set<String> names) {
        for (String name : names) {
            if (!applied.contains(name)) {
                return false;
            }
        }
        return true;
    }

    /** The settings are those right after the login (DISCARD ALL). */
    void forget() {
        applied = ParameterValues.empty();
        resetDue = false;
    }

    /**
     * ParameterStatus has come.
     *
     * @param ours whether it belongs to a request of the proxy's own
     * @param told whether the client is told so nevertheless
     * @param owned whether the connection is somebody's
     * @return whether its owner's settings have changed otherwise than by a sync
     */
    boolean changed(String name, String value, boolean ours, boolean told, boolean owned) {
        reported.put(name, value);
        if (name.equals(STANDARD_STRINGS) || name.equals(ENCODING)) {
            rules = TextRules.of(reported.get(STANDARD_STRINGS), reported.get(ENCODING));
        }
        if (!TrackedParameters.isSettable(name)) {
            return false;
        }
        if (!owned) {
            baseline.put(name, value);
            return false;
        }
        if (!ours || syncing == null) {
            applied = value.equals(baseline.get(name)) ? applied.without(name) : applied.with(name, value);
        }
        return !ours || (told && syncing == null);
    }
}

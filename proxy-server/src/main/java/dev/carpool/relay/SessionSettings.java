package dev.carpool.relay;

import dev.carpool.params.ParameterValues;
import dev.carpool.params.TrackedParameters;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireWriter;
import dev.carpool.relay.RequestQueue.Until;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.SessionProbe;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a client session does to its settings on the server connection it is linked with, until it is known what holds.
 * Begins anew with each link; confined to the session's event loop.
 */
final class SessionSettings {
    /** What this transaction does to settings; null for nothing. */
    private @Nullable SettingsJournal journal;

    /** {@link #journal} asks for nothing but what RESET has left of settings. */
    private boolean lookup;

    /** The same, and the answer is on its way: what the names stand for is what RESET makes of them. */
    private Set<String> lookedUp = Set.of();

    /** Settings to give back once the request that has sent them back has ended; null for none. */
    private @Nullable ParameterValues restoring;

    /** The same of which those alone are given back that have gone back; null for none. */
    private @Nullable ParameterValues restoringIfGone;

    /** The same that have gone back until the end of the transaction; null for none. */
    private @Nullable ParameterValues restoringLocally;

    /** Values of settings that the client has not been told; null for none. */
    private @Nullable Map<String, String> withheld;

    /** What there is to restore waits for the Sync of its batch. */
    private boolean pauseAtSync;

    /** A link begins: the connection has what the session wants. */
    void begin() {
        journal = null;
        lookup = false;
        lookedUp = Set.of();
        restoring = null;
        restoringIfGone = null;
        restoringLocally = null;
        withheld = null;
        pauseAtSync = false;
    }

    /** Whether this transaction does something to settings, or may do. */
    boolean areTouched() {
        return journal != null;
    }

    /** Whether the statements do not tell what this transaction does to settings. */
    boolean areUncertain() {
        return journal != null && journal.isUncertain();
    }

    /** Whether it is being asked, or has to be, what RESET has left of settings that the client has started with. */
    boolean areLookedUp(ParameterValues started) {
        return started.any(name -> lookedUp.contains(name)
                || (lookup && journal != null && journal.names().contains(name)));
    }

    /** Whether it is in doubt what settings the session wants. */
    boolean areDoubtful() {
        return areUncertain() && !lookup;
    }

    /**
     * Notes what a statement does; called before its request is queued.
     *
     * @param simple whether the request ends with it (simple query), not with a Sync to come
     */
    void add(Effects effects, boolean simple, Link link) {
        boolean unseen = !effects.namesKnown() || (effects.bits() & Suspicion.UNSEEN_SETTINGS) != 0;
        if (effects.changes().isEmpty() && effects.names().isEmpty() && !unseen) {
            return;
        }
        ClientEnd client = link.client();
        SettingsJournal kept = journal();
        kept.add(effects);
        effects.changes().forEach(change -> client.customSettings().add(Set.of(change.name())));
        if (!effects.changes().isEmpty() && link.server().outstanding().owedReadyForQuery() > 0) {
            kept.uncertain(); // which transaction it belongs to cannot be told
        }
        effects.names().forEach(kept::ask);
        if (unseen) {
            kept.askForAll();
        }
        restores(effects, unseen, client.started());
        if (areRestored()) {
            pauseBehind(simple, link);
        }
    }

    /** Notes what a statement sends back. What is set behind that in the same batch, or unseen, is to be left alone. */
    private void restores(Effects effects, boolean unseen, ParameterValues started) {
        ParameterValues back = SettingsJournal.toRestore(effects.changes(), started);
        ParameterValues perhaps = SettingsJournal.toRestore(effects.doubtful(), started);
        ParameterValues before = restoring;
        if (before != null) {
            ParameterValues kept = SettingsJournal.notSet(before, effects.changes());
            perhaps = perhaps.withAll(kept);
            back = kept.identity().withAll(back);
        }
        if (unseen) {
            perhaps = perhaps.withAll(back);
            back = back.identity();
        }
        restoring = or(null, back);
        restoringIfGone = or(restoringIfGone, perhaps);
        restoringLocally = or(null, SettingsJournal.toRestoreLocally(effects.changes(), started));
    }

    /** A statement is sent that changes settings until the end of the transaction at most. */
    void goesOn() {
        restoringLocally = null; // it may be that one
    }

    private static @Nullable ParameterValues or(@Nullable ParameterValues one, ParameterValues other) {
        if (other.isEmpty()) {
            return one;
        }
        return one == null ? other : one.withAll(other);
    }

    /** A request sends settings back that the client has started with: those behind it wait until they are restored. */
    private void pauseBehind(boolean simple, Link link) {
        if (simple) {
            link.requests().pause(Until.RESTORED);
        } else {
            pauseAtSync = true;
        }
    }

    /** A Sync is being sent. */
    void synced(Link link) {
        if (pauseAtSync) {
            pauseAtSync = false;
            link.requests().pause(Until.RESTORED);
        }
    }

    /** This setting may change. */
    void ask(String name) {
        journal().ask(name);
    }

    /** Any setting may change. */
    void askForAll() {
        journal().askForAll();
    }

    private SettingsJournal journal() {
        SettingsJournal kept = journal;
        if (kept == null) {
            kept = new SettingsJournal();
            journal = kept;
        }
        return kept;
    }

    /** What is to be asked of the server, which is forgotten here; null for nothing. */
    @Nullable
    SettingsJournal take() {
        SettingsJournal taken = journal;
        lookedUp = lookup && taken != null ? taken.names() : Set.of();
        journal = null;
        lookup = false;
        return taken;
    }

    /**
     * Whether the client is not told yet of this value: it is what others find, and the client's own is about to follow.
     * Drivers end the session when they are told of a client_encoding that they cannot work with.
     */
    boolean withholds(String name, String value, Link link) {
        boolean back = (restoring != null && restoring.contains(name))
                || (restoringIfGone != null && restoringIfGone.contains(name))
                || (restoringLocally != null && restoringLocally.contains(name));
        if (!back || !value.equals(link.server().baseline().get(name))) {
            return false;
        }
        Map<String, String> values = withheld;
        if (values == null) {
            values = new TreeMap<>();
            withheld = values;
        }
        values.put(name, value);
        return true;
    }

    /** Writes what still holds of what was withheld: other values have been told since. */
    void tellWithheld(ServerConnection server, ByteBuf out) {
        Map<String, String> values = withheld;
        withheld = null;
        if (values != null) {
            values.forEach((name, value) -> {
                if (value.equals(server.reported().get(name))) {
                    WireWriter.parameterStatus(out, name, value);
                }
            });
        }
    }

    /** Writes what the client has been told otherwise, or not at all: what the session has on any connection holds. */
    void tellOwn(Link link, ByteBuf out) {
        withheld = null;
        ParameterValues own = link.wanted();
        Map<String, String> told = link.server().reported();
        for (String name : own.names()) {
            String value = String.valueOf(own.value(name));
            if (link.isReported(name) && !value.equals(told.get(name))) {
                WireWriter.parameterStatus(out, name, value);
            }
        }
    }

    /** Whether something that a request sends back is to be restored once it has ended. */
    boolean areRestored() {
        return restoring != null || restoringIfGone != null || restoringLocally != null;
    }

    /**
     * A request has ended in a transaction that goes on: what RESET has sent back goes back to what the client's was.
     * Returns whether that is to be waited for.
     */
    boolean restore(byte status, Link link) {
        ParameterValues values = restoring;
        ParameterValues perhaps = restoringIfGone;
        ParameterValues local = restoringLocally;
        restoresNothing();
        if (status != TransactionStatus.IN_TRANSACTION) {
            return false;
        }
        if (values != null) {
            link.server().restore(values);
            journal().restored(values);
        }
        ParameterValues shown = perhaps == null
                ? ParameterValues.empty()
                : perhaps.without("role").without("session_authorization");
        if (!shown.isEmpty()) {
            link.server().restoreIfGone(shown);
            journal().askForAll();
        }
        if (local != null) {
            link.server().restoreLocally(local);
        }
        return values != null || !shown.isEmpty() || local != null;
    }

    /** Nothing waits any more to be restored. */
    void restoresNothing() {
        restoring = null;
        restoringIfGone = null;
        restoringLocally = null;
    }

    /** The settings of a session whose server connection has these; what it has started with is not among its defaults. */
    static ParameterValues explicit(ParameterValues applied, Link link) {
        ParameterValues result = applied;
        for (String name : link.client().started().names()) {
            String value = link.server().baseline().get(name);
            if (value != null && !result.contains(name)) {
                result = result.with(name, value);
            }
        }
        return result;
    }

    /** Whether a setting that the server reports has the value there that it has had at the beginning. */
    private static boolean isAsAtLogin(String name, ParameterValues applied, Link link) {
        return link.isReported(name)
                && String.valueOf(applied.value(name))
                        .equals(link.server().baseline().get(name));
    }

    /** A transaction has ended, and what it has done has to be asked for. */
    void cannotBeTold() {
        journal().uncertain();
        lookup = false;
    }

    /** A transaction has ended, and what it has done is certain. Returns whether it has discarded everything. */
    boolean transactionEnded(boolean committed, Link link) {
        SettingsJournal done = take();
        if (done == null || !committed) {
            return false;
        }
        ServerConnection server = link.server();
        ClientEnd client = link.client();
        Set<String> lookups = done.lookups(server.applied());
        ParameterValues wanted = done.forClient(client.wanted(), client.started(), link::isReported);
        ParameterValues applied = done.onServer(server.applied(), link::isReported);
        for (String name : lookups) {
            String value = server.resetValues().value(name);
            if (value == null) {
                ask(name);
                lookup = true;
                continue;
            }
            applied = applied.with(name, value);
            if (!client.started().contains(name)) {
                wanted = wanted.with(name, value);
            }
        }
        if (done.goesBack()) {
            ParameterValues now = applied;
            applied = applied.only(name -> !isAsAtLogin(name, now, link));
        }
        server.settle(applied);
        client.wanted(wanted);
        return done.discardsAll();
    }

    /** Takes the settings that a probe has found. */
    void learn(SessionProbe answer, Link link) {
        ServerConnection server = link.server();
        ClientEnd client = link.client();
        ParameterValues applied = server.applied();
        ParameterValues wanted = client.wanted();
        boolean same = applied == wanted;
        boolean noRoleSet = client.started().contains("role") && "none".equals(wanted.value("role"));
        ParameterValues gone = ParameterValues.empty();
        if (answer.isSweep()) {
            // A function or code block has sent it back: the client's own value comes with the next sync.
            gone = client.started()
                    .only(name -> !isAskedByName(name) && !answer.settings().containsKey(name));
            ParameterValues now = applied;
            Predicate<String> there = name -> isAskedByName(name)
                    || answer.settings().containsKey(name)
                    || (link.isReported(name) && !isAsAtLogin(name, now, link));
            applied = applied.only(there);
            wanted = wanted.only(name -> there.test(name) || client.started().contains(name));
        }
        for (Map.Entry<String, @Nullable String> setting : answer.settings().entrySet()) {
            String name = setting.getKey();
            String value = setting.getValue();
            if (link.isReported(TrackedParameters.canonical(name))) {
                continue;
            }
            if (value != null && name.indexOf('.') > 0) {
                client.customSettings().add(Set.of(name));
                if (lookedUp.contains(name)) {
                    server.resetValues().learned(name, value);
                }
            }
            boolean noRole = name.equals("role") && "none".equals(value) && !noRoleSet;
            String known = noRole ? null : value;
            applied = with(applied, name, known);
            // What the client started with comes back with the next sync after it has been reset.
            if (!same && !client.started().contains(name)) {
                wanted = with(wanted, name, known);
            }
        }
        ParameterValues before = wanted;
        gone = gone.withAll(
                before.only(name -> lookedUp.contains(name) && client.started().contains(name)));
        lookedUp = Set.of();
        server.settle(applied);
        client.wanted((same ? applied : wanted).withAll(gone));
    }

    /** A sweep does not tell of custom settings and of who the session is. */
    private static boolean isAskedByName(String name) {
        return name.indexOf('.') > 0 || name.equals("role") || name.equals("session_authorization");
    }

    private static ParameterValues with(ParameterValues settings, String name, @Nullable String value) {
        return value == null ? settings.without(name) : settings.with(name, value);
    }
}

package dev.carpool.relay;

import dev.carpool.params.TrackedParameters;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.DatabaseFunctions;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.LanguageSettings;
import dev.carpool.suspicion.SettingNames;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.util.Set;

/** Tells the state of a session what the statements of its requests do, before they are queued. */
final class RequestEffects {
    /** How much of a statement is shown as the reason why a session is pinned. */
    private static final int LONGEST_SHOWN = 500;

    private final SessionState state;

    RequestEffects(SessionState state) {
        this.state = state;
    }

    /** A simple query is sent that has been read. */
    void queried(Effects effects, String text, Link link) {
        functions(effects, text, true, link);
    }

    /** Tells what is known of the functions that a text calls, besides its effects. */
    private void functions(Effects effects, String text, boolean simple, Link link) {
        ServerConnection server = link.server();
        DatabaseFunctions functions = server.functions();
        int bits = effects.bits();
        boolean settled = server.areFunctionsKnown() && functions.areSettled(text, bits);
        state.effects(effects, beginning(text), simple, settled, link);
        if (functions.mayKeep(text, bits)) {
            state.hides(beginning(text), link);
        }
        if (functions.mayDefine(text, bits)) {
            state.mayDefine();
        }
    }

    /** A statement is bound that has been read; {@code in[from, to)} is what is here of the Bind message behind the names. */
    void bound(Effects effects, String text, ByteBuf in, int from, int to, Link link) {
        functions(effects, text, false, link);
        for (int parameter : effects.nameParameters()) {
            String name = BindParameters.text(in, from, to, parameter);
            if (name == null || name.isEmpty()) {
                state.suspect(Suspicion.UNCLEAR, link);
            } else {
                state.changesSetting(name);
            }
        }
    }

    /** A statement is sent that names custom settings by constants. */
    void names(SettingNames names, String text, Link link) {
        makes(names.made(), text, link);
        names.meaning().forEach(name -> changesMeaning(name, link));
    }

    private void changesMeaning(String name, Link link) {
        state.changesMeaning(link.isReported(TrackedParameters.canonical(name)));
    }

    /** The same for one that is bound; {@code in[from, to)} is what is here of the Bind message behind the names. */
    void names(SettingNames names, String text, ByteBuf in, int from, int to, Link link) {
        names(names, text, link);
        for (int parameter : names.madeParameters()) {
            String name = BindParameters.text(in, from, to, parameter);
            if (name != null && name.indexOf('.') > 0) {
                makes(Set.of(TrackedParameters.canonical(name)), text, link);
            } else if (name == null || SettingNames.decidesMeaning(name)) {
                state.changesMeaning(false);
            }
        }
    }

    private void makes(Set<String> names, String text, Link link) {
        if (names.isEmpty() || link.server().transactionStatus() == TransactionStatus.FAILED) {
            return;
        }
        link.requests().customNames().add(names);
        link.server().hasHad(names);
        link.client().customSettings().add(names);
        if (LanguageSettings.ofLibrary(names) != null) {
            state.hides(beginning(text), link);
        }
    }

    /**
     * A statement is sent that has not been read.
     *
     * @param bits of {@link Suspicion}
     * @param simple whether the request ends with it (simple query), not with a Sync to come
     */
    void unread(int bits, String text, boolean simple, Link link) {
        if ((bits & Suspicion.STATEFUL) != 0) {
            state.effects(Effects.unread(bits), beginning(text), simple, false, link);
            if (link.server().functions().mayKeep(bits)) {
                state.hides(beginning(text), link);
            }
            if (link.server().functions().mayDefine(bits)) {
                state.mayDefine();
            }
        } else {
            state.suspect(bits, link);
        }
    }

    /** The same for the statements that a text executes besides; nothing for none. */
    void executes(int bits, String text, boolean simple, Link link) {
        if (bits != Suspicion.NONE) {
            unread(bits, text, simple, link);
        }
    }

    private static String beginning(String text) {
        return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN);
    }
}

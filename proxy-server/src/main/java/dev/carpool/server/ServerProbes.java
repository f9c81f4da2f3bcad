package dev.carpool.server;

import dev.carpool.suspicion.DatabaseFunctions;
import io.netty.buffer.ByteBuf;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy asks of a server connection's session, and the statements it does it with. Confined to the connection's
 * event loop.
 */
final class ServerProbes {
    private final ServerConnection connection;

    /** What is being asked of the session. */
    private @Nullable SessionProbe probe;

    /** The probe's statements that the connection has; null for none. */
    private @Nullable Set<String> statements;

    /** Null where nobody's transactions run, or where it is not asked. */
    private @Nullable HiddenEffects hiddenEffects;

    /** What {@link HiddenEffects#begin} has returned for the look that is under way. */
    private int lookBegun;

    private long lookBegunAt;

    /** Nanoseconds between two looks for hidden effects. */
    private long hiddenEffectsDelay;

    ServerProbes(ServerConnection connection) {
        this.connection = connection;
    }

    boolean isAsking() {
        return probe != null;
    }

    /** Sends the question, and flushes. */
    void ask(SessionProbe next) {
        probe = next;
        ByteBuf out = connection.channel().alloc().directBuffer(512);
        next.write(out, connection.outstanding(), statements());
        connection.send(out);
        connection.flush();
    }

    private Set<String> statements() {
        Set<String> known = statements;
        if (known == null) {
            known = new HashSet<>();
            statements = known;
        }
        return known;
    }

    /** The names of the statements that the connection has; they are forgotten, to be closed. */
    Set<String> takeStatements() {
        Set<String> taken = statements;
        statements = null;
        return taken == null ? Set.of() : taken;
    }

    void hasStatement(String name) {
        statements().add(name);
    }

    void forgetStatements() {
        statements = null;
    }

    void row(ByteBuf body) {
        SessionProbe asked = probe;
        if (asked != null) {
            asked.row(body);
        }
    }

    /** A request of the proxy's own has failed; returns whether it was the question. */
    boolean failed(String sqlState) {
        SessionProbe asked = probe;
        if (asked == null) {
            return false;
        }
        asked.failed(sqlState);
        statements = null; // perhaps a function has dropped its statement
        return true;
    }

    /** A request of the proxy's own has been answered; returns the answer if it was the question, else null. */
    @Nullable
    SessionProbe answered() {
        SessionProbe asked = probe;
        probe = null;
        HiddenEffects effects = hiddenEffects;
        if (asked != null && asked.isOfCatalog() && effects != null) {
            long now = System.nanoTime();
            if (asked.failure() == null) {
                effects.found(lookBegun, asked.foundHidden(), asked.functions(), now, now - lookBegunAt);
            } else {
                effects.failed(now);
            }
        }
        return asked;
    }

    /** @param delay nanoseconds between two looks */
    void hiddenEffects(@Nullable HiddenEffects effects, long delay) {
        hiddenEffects = effects;
        hiddenEffectsDelay = delay;
    }

    boolean hasHiddenEffects() {
        HiddenEffects effects = hiddenEffects;
        return effects != null && effects.arePresent();
    }

    DatabaseFunctions functions() {
        HiddenEffects effects = hiddenEffects;
        return effects == null ? DatabaseFunctions.NONE : effects.functions();
    }

    boolean areFunctionsKnown() {
        HiddenEffects effects = hiddenEffects;
        return effects != null && effects.areKnown();
    }

    boolean mayHaveNewFunctions() {
        HiddenEffects effects = hiddenEffects;
        return effects != null && !effects.areKnown();
    }

    void lookForHiddenEffects() {
        HiddenEffects effects = hiddenEffects;
        if (effects != null) {
            effects.look();
        }
    }

    void lookForHiddenEffectsSoon() {
        HiddenEffects effects = hiddenEffects;
        if (effects != null) {
            effects.lookSoon(System.nanoTime());
        }
    }

    /** Asks for hidden effects if it is time to. */
    boolean asksForHiddenEffects(long now) {
        HiddenEffects effects = hiddenEffects;
        if (effects == null || !effects.isDue(now, hiddenEffectsDelay)) {
            return false;
        }
        lookBegun = effects.begin();
        lookBegunAt = System.nanoTime();
        ask(SessionProbe.ofCatalog());
        return true;
    }
}

package dev.carpool.server;

import dev.carpool.params.ParameterValues;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A parameter sync whose settings are set one by one, because all at once the server has refused them: which of them it
 * refuses. Confined to the server connection's event loop.
 */
public final class StepwiseSync {
    private final ParameterValues wanted;
    private final Set<String> refused = new LinkedHashSet<>();
    private boolean broken;

    StepwiseSync(ParameterValues wanted) {
        this.wanted = wanted;
    }

    /** @param sets false if it was to go back to what it was when the connection began */
    void refused(String name, boolean sets) {
        broken |= !sets || name.equals("role") || name.equals("session_authorization");
        refused.add(name);
    }

    /** Whether nobody may use the connection: who the session is, or what another has left, was not to be changed. */
    public boolean isBroken() {
        return broken;
    }

    /** The names of the settings that the server does not accept any more. */
    public Set<String> refused() {
        return refused;
    }

    /** What the connection has now. */
    public ParameterValues result() {
        return wanted.only(name -> !refused.contains(name));
    }
}

package dev.carpool.pool;

import dev.carpool.params.ParameterValues;
import java.util.Map;

/**
 * What a client with certain startup parameters is told at login.
 *
 * @param wanted the settings its server connections must have, in the server's own spelling
 * @param reported the values for ParameterStatus
 * @param defaults {@link dev.carpool.server.ServerConnection#defaults} of the connection that has told them
 */
public record Welcome(ParameterValues wanted, Map<String, String> reported, ParameterValues defaults) {
    public Welcome {
        reported = Map.copyOf(reported);
    }
}

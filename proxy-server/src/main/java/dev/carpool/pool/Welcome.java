package dev.carpool.pool;

import dev.carpool.params.ParameterValues;
import java.util.Map;

/**
 * What a client with certain startup parameters is told at login.
 *
 * @param wanted the settings its server connections must have, in the server's own spelling
 * @param reported the values for ParameterStatus
 */
public record Welcome(ParameterValues wanted, Map<String, String> reported) {
    public Welcome {
        reported = Map.copyOf(reported);
    }
}

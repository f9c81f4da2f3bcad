package dev.carpool.server;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a server connection is to be connected with.
 *
 * @param label how messages name it: database and user as clients know them
 * @param parameters startup parameters besides user and database
 * @param connectQuery run once after the login; null for none
 */
public record ServerTarget(
        String label,
        String host,
        int port,
        String database,
        String user,
        Map<String, String> parameters,
        @Nullable String connectQuery) {
    /** Whether both are on the same server. */
    public boolean isOnServerOf(ServerTarget other) {
        return port == other.port && host.equals(other.host);
    }
}

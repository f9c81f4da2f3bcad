package dev.carpool.config;

import java.net.InetSocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP port and the SQL console.
 *
 * @param http where the HTTP port listens, possibly not yet resolved; null for none
 * @param token bearer token of the HTTP port; null for none, which is safe on loopback only
 * @param adminUsers users who may run every console command
 * @param statsUsers users who may only look
 */
public record AdminConfig(
        @Nullable InetSocketAddress http, @Nullable Secret token, Set<String> adminUsers, Set<String> statsUsers) {

    public AdminConfig {
        adminUsers = Set.copyOf(adminUsers);
        statsUsers = Set.copyOf(statsUsers);
    }

    public static AdminConfig defaults() {
        return new AdminConfig(InetSocketAddress.createUnresolved("127.0.0.1", 9432), null, Set.of(), Set.of());
    }
}

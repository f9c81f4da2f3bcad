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
        return CarpoolConfig.defaults().admin();
    }

    static AdminConfig of(SettingValues values) {
        return new AdminConfig(
                values.get(Settings.ADMIN_LISTEN).orElse(null),
                values.get(Settings.ADMIN_TOKEN).orElse(null),
                values.get(Settings.ADMIN_USERS),
                values.get(Settings.STATS_USERS));
    }
}

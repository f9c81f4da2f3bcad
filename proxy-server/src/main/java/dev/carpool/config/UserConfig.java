package dev.carpool.config;

import org.jspecify.annotations.Nullable;

/**
 * What one user has different from everybody else.
 *
 * @param maxConnections server connections; null for {@code max_user_connections}
 * @param maxClientConnections client sessions; null for {@code max_user_client_connections}
 */
public record UserConfig(
        String name,
        PoolOverrides pool,
        TimeoutOverrides timeouts,
        @Nullable Integer maxConnections,
        @Nullable Integer maxClientConnections) {

    static UserConfig of(String name, SettingValues values) {
        return new UserConfig(
                name,
                PoolOverrides.of(values),
                TimeoutOverrides.of(values),
                values.find(Settings.MAX_USER_CONNECTIONS),
                values.find(Settings.MAX_USER_CLIENT_CONNECTIONS));
    }
}

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
        @Nullable Integer maxClientConnections) {}

package dev.carpool.config;

import org.jspecify.annotations.Nullable;

/** What one database or user has different from {@link PoolConfig}; null keeps the more general value. */
public record PoolOverrides(
        @Nullable PoolingMode mode,
        @Nullable Integer size,
        @Nullable Integer minSize,
        @Nullable Integer reserveSize,
        @Nullable SessionStateMode sessionState,
        @Nullable Integer maxPinnedShare) {

    public static final PoolOverrides NONE = new PoolOverrides(null, null, null, null, null, null);

    static PoolOverrides of(SettingValues values) {
        PoolOverrides own = new PoolOverrides(
                values.find(Settings.POOL_MODE),
                values.find(Settings.POOL_SIZE),
                values.find(Settings.MIN_POOL_SIZE),
                values.find(Settings.RESERVE_POOL_SIZE),
                values.find(Settings.SESSION_STATE),
                values.find(Settings.MAX_PINNED_SHARE));
        return own.equals(NONE) ? NONE : own;
    }

    /** These values where there are some, {@code general} elsewhere. */
    PoolConfig over(PoolConfig general) {
        if (equals(NONE)) {
            return general;
        }
        return new PoolConfig(
                mode != null ? mode : general.mode(),
                size != null ? size : general.size(),
                minSize != null ? minSize : general.minSize(),
                reserveSize != null ? reserveSize : general.reserveSize(),
                general.reserveTimeout(),
                sessionState != null ? sessionState : general.sessionState(),
                maxPinnedShare != null ? maxPinnedShare : general.maxPinnedShare());
    }
}

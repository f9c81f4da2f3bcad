package dev.carpool.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What one database or user has different from {@link TimeoutConfig}; null keeps the more general value. */
public record TimeoutOverrides(
        @Nullable Duration queryWait,
        @Nullable Duration query,
        @Nullable Duration transaction,
        @Nullable Duration idleTransaction,
        @Nullable Duration clientIdle,
        @Nullable Duration pin) {

    public static final TimeoutOverrides NONE = new TimeoutOverrides(null, null, null, null, null, null);

    static TimeoutOverrides of(SettingValues values) {
        TimeoutOverrides own = new TimeoutOverrides(
                values.find(Settings.QUERY_WAIT_TIMEOUT),
                values.find(Settings.QUERY_TIMEOUT),
                values.find(Settings.TRANSACTION_TIMEOUT),
                values.find(Settings.IDLE_TRANSACTION_TIMEOUT),
                values.find(Settings.CLIENT_IDLE_TIMEOUT),
                values.find(Settings.PIN_TIMEOUT));
        return own.equals(NONE) ? NONE : own;
    }

    /** These values where there are some, {@code general} elsewhere. */
    TimeoutConfig over(TimeoutConfig general) {
        if (equals(NONE)) {
            return general;
        }
        return new TimeoutConfig(
                queryWait != null ? queryWait : general.queryWait(),
                query != null ? query : general.query(),
                transaction != null ? transaction : general.transaction(),
                idleTransaction != null ? idleTransaction : general.idleTransaction(),
                clientIdle != null ? clientIdle : general.clientIdle(),
                pin != null ? pin : general.pin(),
                general.clientLogin(),
                general.cancelWait(),
                general.shutdownGrace(),
                general.autodbIdle());
    }
}

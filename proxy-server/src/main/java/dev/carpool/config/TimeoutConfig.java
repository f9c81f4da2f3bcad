package dev.carpool.config;

import java.time.Duration;

/**
 * Deadlines of client sessions. Zero is no limit.
 *
 * @param queryWait time in the queue of a pool
 * @param query time one query may run
 * @param transaction time one transaction may take
 * @param idleTransaction time a client may leave its transaction without a request
 * @param clientIdle time a client may stay without a request outside a transaction
 * @param pin time a client may stay without a request while its session keeps a server connection between transactions
 * @param clientLogin from accept to the first ReadyForQuery
 * @param cancelWait time a cancel request may take
 * @param shutdownGrace time for open transactions once the proxy stops; zero waits for all of them
 * @param autodbIdle time after which a database made from the wildcard is forgotten
 */
public record TimeoutConfig(
        Duration queryWait,
        Duration query,
        Duration transaction,
        Duration idleTransaction,
        Duration clientIdle,
        Duration pin,
        Duration clientLogin,
        Duration cancelWait,
        Duration shutdownGrace,
        Duration autodbIdle) {

    public static TimeoutConfig defaults() {
        return CarpoolConfig.defaults().timeouts();
    }

    static TimeoutConfig of(SettingValues values) {
        return new TimeoutConfig(
                values.get(Settings.QUERY_WAIT_TIMEOUT),
                values.get(Settings.QUERY_TIMEOUT),
                values.get(Settings.TRANSACTION_TIMEOUT),
                values.get(Settings.IDLE_TRANSACTION_TIMEOUT),
                values.get(Settings.CLIENT_IDLE_TIMEOUT),
                values.get(Settings.PIN_TIMEOUT),
                values.get(Settings.CLIENT_LOGIN_TIMEOUT),
                values.get(Settings.CANCEL_WAIT_TIMEOUT),
                values.get(Settings.SHUTDOWN_GRACE),
                values.get(Settings.AUTODB_IDLE_TIMEOUT));
    }
}

package dev.carpool.config;

import java.time.Duration;

/**
 * Deadlines of client sessions. Zero is off for each of them.
 *
 * @param queryWait time in the queue of a pool
 * @param query time one query may run
 * @param transaction time one transaction may take
 * @param idleTransaction time a client may leave its transaction without a request
 * @param clientIdle time a client may stay without a request outside a transaction
 * @param clientLogin from accept to the first ReadyForQuery
 * @param cancelWait time a cancel request may take
 * @param shutdownGrace time for open transactions once the proxy stops
 * @param autodbIdle time after which a database made from the wildcard is forgotten
 */
public record TimeoutConfig(
        Duration queryWait,
        Duration query,
        Duration transaction,
        Duration idleTransaction,
        Duration clientIdle,
        Duration clientLogin,
        Duration cancelWait,
        Duration shutdownGrace,
        Duration autodbIdle) {

    public static TimeoutConfig defaults() {
        return new TimeoutConfig(
                Duration.ofSeconds(30),
                Duration.ZERO,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofHours(1));
    }
}

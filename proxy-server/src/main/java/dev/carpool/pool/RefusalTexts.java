package dev.carpool.pool;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;

/** What a refused waiter is told. */
final class RefusalTexts {
    private RefusalTexts() {}

    static ErrorReply reply(ServerPool pool, RefuseReason reason, Bottleneck bottleneck) {
        return switch (reason) {
            case QUEUE_TIMEOUT ->
                CarpoolError.CHECKOUT_TIMEOUT.reply(
                        pool.key(), pool.queueWaitText(), bottleneck.text() + "; " + pool.occupancyText());
            case QUEUE_FULL -> CarpoolError.QUEUE_FULL.reply(pool.maxWaiting(), pool.key());
            case NO_SERVER -> pool.lastFailure();
            case POOL_REMOVED -> CarpoolError.DATABASE_DISABLED.reply(pool.key().database());
            case SHUTDOWN -> CarpoolError.SHUTTING_DOWN.reply();
        };
    }
}

package dev.carpool.pool;

import dev.carpool.auth.ServerCredentials;
import dev.carpool.server.LoginFailure;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerConnector;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the connections of a pool that the accounts have set aside, and tells them what has become of each. Thread-safe. */
final class PoolOpener {
    private static final Logger log = LoggerFactory.getLogger(PoolOpener.class);

    /** How long one waits that may not log in yet. */
    private static final int LOGIN_PAUSE_MILLIS = 2;

    private final ServerPool pool;
    private final PoolLogins logins;
    private final ServerConnector connector;
    private final PoolDirectory.Refusals refusals;

    PoolOpener(ServerPool pool, PoolLogins logins, ServerConnector connector, PoolDirectory.Refusals refusals) {
        this.pool = pool;
        this.logins = logins;
        this.connector = connector;
        this.refusals = refusals;
    }

    void open(ServerSlot slot) {
        connect(slot, null);
    }

    /** Opens another connection for a slot in use whose connection is closed; the waiter is granted it. */
    void openAgain(ServerSlot slot, PoolWaiter waiter) {
        if (pool.host().locked(accounts -> accounts.replace(slot))) {
            connect(slot, waiter);
        } else {
            pool.host()
                    .loop(slot.loop())
                    .schedule(() -> openAgain(slot, waiter), LOGIN_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** @param waiter who has the slot; null when it is nobody's */
    private void connect(ServerSlot slot, @Nullable PoolWaiter waiter) {
        PoolSettings settings = pool.settings();
        ServerCredentials used = logins.credentials();
        connector.open(
                pool.host().loop(slot.loop()),
                pool.target(),
                used,
                settings.maxPreparedStatements(),
                settings.server().connectTimeout(),
                new ServerConnector.Result() {
                    @Override
                    public void opened(
                            ServerConnection connection, ServerCredentials reusable, boolean askedForSecret) {
                        PoolOpener.this.opened(slot, connection, reusable, askedForSecret, waiter);
                    }

                    @Override
                    public void failed(LoginFailure failure) {
                        if (failure.kind() == LoginFailure.Kind.CREDENTIALS && used != logins.credentials()) {
                            failedBefore(slot, waiter);
                        } else {
                            PoolOpener.this.failed(slot, failure, waiter);
                        }
                        if (waiter != null) {
                            pool.checkout(waiter, pool.queueWait(), System.nanoTime());
                        }
                    }
                });
    }

    private void opened(
            ServerSlot slot,
            ServerConnection connection,
            ServerCredentials reusable,
            boolean askedForSecret,
            @Nullable PoolWaiter waiter) {
        long now = System.nanoTime();
        logins.succeeded(askedForSecret, now);
        pool.host().answering(true);
        if (pool.isProof() && logins.credentials() instanceof ServerCredentials.Plain) {
            logins.credentials(reusable);
        }
        pool.came(connection, slot);
        pool.host()
                .apply(
                        (accounts, actions) -> {
                            slot.connection = connection;
                            slot.expireAt(expiry(now));
                            if (waiter == null) {
                                accounts.opened(slot, now, actions);
                            } else {
                                accounts.replaced(slot, now, actions);
                            }
                        },
                        now);
        if (waiter != null) {
            waiter.granted(connection, now);
        }
    }

    private long expiry(long now) {
        Duration lifetime = pool.settings().lifetime();
        if (lifetime.isZero()) {
            // One use: the connections of a minimum are kept until they have had theirs.
            return pool.key().purpose() == PoolKey.Purpose.SESSIONS ? ServerSlot.NEVER : now;
        }
        long jitter = pool.settings().server().lifetimeJitter().toNanos();
        return now
                + lifetime.toNanos()
                - (jitter > 0 ? ThreadLocalRandom.current().nextLong(jitter) : 0);
    }

    /** The server has refused what the pool had before a client has proved something else. */
    private void failedBefore(ServerSlot slot, @Nullable PoolWaiter waiter) {
        long now = System.nanoTime();
        pool.host()
                .apply(
                        (accounts, actions) -> {
                            closed(accounts, slot, now, now, actions, waiter);
                            accounts.stopHoldingOpens(pool.state(), now, actions);
                        },
                        now);
        pool.discardIfTemporary();
    }

    private static void closed(
            PoolAccounts accounts,
            ServerSlot slot,
            long retryAt,
            long now,
            Actions actions,
            @Nullable PoolWaiter waiter) {
        if (waiter == null) {
            accounts.openFailed(slot, retryAt, now, actions);
        } else {
            accounts.replaceFailed(slot, retryAt, now, actions);
        }
    }

    private void failed(ServerSlot slot, LoginFailure failure, @Nullable PoolWaiter waiter) {
        long now = System.nanoTime();
        logins.failed(failure, now);
        pool.host()
                .answering(
                        switch (failure.kind()) {
                            case UNREACHABLE, NOT_NOW, TLS -> false;
                            case CREDENTIALS, REFUSED -> true;
                        });
        if (failure.kind() == LoginFailure.Kind.CREDENTIALS && !pool.isProof()) {
            refusals.refused(pool.target());
        }
        if (pool.isProof()) {
            log.debug(
                    "{}: login to the server failed: {}", pool, failure.reply().message());
        } else {
            log.warn("{}: login to the server failed: {}", pool, failure.reply().message());
        }
        boolean hopeless = failure.kind() != LoginFailure.Kind.NOT_NOW
                && pool.connections().isEmpty();
        long retryAt = now + logins.retryPause(pool.settings().server().loginRetry());
        pool.host()
                .apply(
                        (accounts, actions) -> {
                            closed(accounts, slot, retryAt, now, actions, waiter);
                            if (hopeless) {
                                accounts.refuseAll(pool.state(), RefuseReason.NO_SERVER, now, actions);
                            }
                        },
                        now);
        pool.discardIfTemporary();
    }
}

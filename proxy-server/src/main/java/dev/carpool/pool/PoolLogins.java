package dev.carpool.pool;

import dev.carpool.auth.ServerCredentials;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.server.LoginFailure;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** With what the connections of a pool log in, and how the last logins have ended. Thread-safe. */
final class PoolLogins {
    /** First pause after a failed login; it doubles up to server_login_retry. */
    private static final long FIRST_RETRY = TimeUnit.MILLISECONDS.toNanos(100);

    private final AtomicInteger failures = new AtomicInteger();
    private volatile ServerCredentials credentials = new ServerCredentials.None();
    private volatile @Nullable LoginFailure lastFailure;
    private volatile long failedAt;

    /** When the server last let the proxy in without asking for a secret; 0 for never, -1 when it asks. */
    private volatile long trustedAt;

    void credentials(ServerCredentials proved) {
        credentials = proved;
    }

    ServerCredentials credentials() {
        return credentials;
    }

    void succeeded(boolean askedForSecret, long now) {
        failures.set(0);
        lastFailure = null;
        trustedAt = askedForSecret ? -1 : now;
    }

    void failed(LoginFailure failure, long now) {
        failures.incrementAndGet();
        failedAt = now;
        lastFailure = failure;
        if (failure.kind() == LoginFailure.Kind.CREDENTIALS) {
            trustedAt = -1;
        }
    }

    /** The server may say something else at the next login. Returns whether the last one had failed. */
    boolean forgetLast() {
        trustedAt = 0;
        if (lastFailure == null) {
            return false;
        }
        failures.set(0);
        lastFailure = null;
        return true;
    }

    /** The last login's failure; null when it succeeded. */
    @Nullable
    LoginFailure failure() {
        return lastFailure;
    }

    /** The failure that newcomers are told without another attempt; null for none. */
    @Nullable
    LoginFailure freshFailure(Duration longestRetry, long now) {
        LoginFailure failure = lastFailure;
        boolean fresh = failure != null
                && failure.kind() != LoginFailure.Kind.NOT_NOW
                && now - failedAt < retryPause(longestRetry);
        return fresh ? failure : null;
    }

    /** What clients are told of the last failure. */
    ErrorReply reply(PoolKey key) {
        LoginFailure failure = lastFailure;
        return failure == null ? CarpoolError.SERVER_UNREACHABLE.reply(key, "unknown reason") : failure.reply();
    }

    /** PostgreSQL's own words about the last failed login; null when there were none. */
    byte @Nullable [] serverMessage() {
        LoginFailure failure = lastFailure;
        return failure == null ? null : failure.serverMessage();
    }

    /** Nanoseconds until the next attempt. */
    long retryPause(Duration longestRetry) {
        long longest = Math.max(FIRST_RETRY, longestRetry.toNanos());
        int doublings = Math.min(20, Math.max(0, failures.get() - 1));
        return Math.min(longest, FIRST_RETRY << doublings);
    }

    /** What a login of this user elsewhere has shown: whether the server asks for a secret. */
    void trusts(boolean on) {
        trustedAt = on ? System.nanoTime() : -1;
    }

    /** Whether the server lets the proxy in without a secret: 1 yes, -1 no, 0 not known (any more). */
    int trust(Duration knownFor) {
        long at = trustedAt;
        if (at <= 0) {
            return at == 0 ? 0 : -1;
        }
        return knownFor.isZero() || System.nanoTime() - at <= knownFor.toNanos() ? 1 : 0;
    }
}

package dev.carpool.driver;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The attempts of one connect call, used once and by one thread. Fails with the exception of pgjdbc; when there was more
 * than one attempt, a suppressed exception says how many and in what time.
 */
final class LoginAttempts {
    private static final Logger LOGGER = Logger.getLogger(CarpoolDriver.LOGGER_NAME);
    /** With less time left than this another attempt is not worth a wait. */
    private static final long LAST_CALL = Duration.ofMillis(20).toNanos();

    private final LoginPlan plan;
    private final PgConnector connector;
    private final Pacer pacer;
    private final Backoff backoff;
    private final long start;
    private int attempts;

    LoginAttempts(LoginPlan plan, PgConnector connector, Pacer pacer) {
        this.plan = plan;
        this.connector = connector;
        this.pacer = pacer;
        this.backoff = new Backoff(plan.retry().backoff(), plan.retry().maxBackoff());
        this.start = pacer.nanoTime();
    }

    Connection connect() throws SQLException {
        Round round = attempt(List.of(plan.url()), plan.leavesTimeForRetry() ? 2 : 1);
        while (round.connection == null) {
            waitAfter(round);
            List<String> urls = plan.urlsForRetry(pacer.random());
            round = attempt(urls, urls.size());
        }
        return round.connection;
    }

    /**
     * One pass over the URLs.
     *
     * @param shares how many parts to make of the time left: each URL gets one, so that a host that accepts and never
     *     answers does not use up the time of the next
     */
    private Round attempt(List<String> urls, int shares) throws SQLException {
        attempts++;
        Round round = new Round();
        for (int i = 0; i < urls.size() && (i == 0 || !left().isZero()); i++) {
            long begin = pacer.nanoTime();
            Duration share = left().dividedBy(shares - i);
            try {
                round.connection = connector.connect(urls.get(i), plan.properties(share));
                return round;
            } catch (SQLException e) {
                boolean timedOut = pacer.nanoTime() - begin >= share.toNanos();
                round.add(e, timedOut || LoginFailure.mayPass(e, plan.wantsCertainServer()));
                stopIfInterrupted(e);
            }
        }
        return round;
    }

    private void waitAfter(Round round) throws SQLException {
        SQLException failure = round.failure();
        long left = left().toNanos();
        if (!plan.retry().enabled() || round.stays || left < LAST_CALL) {
            throw counted(failure);
        }
        long wait = Math.min(backoff.next(pacer.random()), left / 2);
        LOGGER.log(Level.FINE, "carpool: attempt {0} at {1} failed with SQLSTATE {2}, next in {3} ms", new Object[] {
            attempts, plan, failure.getSQLState(), Duration.ofNanos(wait).toMillis()
        });
        try {
            pacer.pause(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(failure);
        }
    }

    /** pgjdbc reports an interrupt as an unexpected error and leaves the flag set. */
    private void stopIfInterrupted(SQLException failure) throws SQLException {
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted(failure);
        }
    }

    private SQLException interrupted(SQLException last) {
        return new SQLException(
                "carpool: interrupted while connecting to " + plan, SqlStates.QUERY_CANCELED, counted(last));
    }

    private SQLException counted(SQLException failure) {
        if (attempts > 1) {
            Duration taken = Duration.ofNanos(pacer.nanoTime() - start);
            failure.addSuppressed(new SQLException(
                    "carpool: " + attempts + " attempts in " + DurationText.format(taken) + " to connect to " + plan,
                    failure.getSQLState()));
        }
        return failure;
    }

    private Duration left() {
        long left = plan.timeout().retryWindow().toNanos() - (pacer.nanoTime() - start);
        return Duration.ofNanos(Math.max(0, left));
    }

    /** The outcome of one pass. The failure to report is the first that stays, else the last; the others are suppressed. */
    private static final class Round {
        private @Nullable Connection connection;
        private @Nullable SQLException failure;
        private boolean stays;

        void add(SQLException next, boolean mayPass) {
            @Nullable SQLException former = failure;
            if (former == null) {
                failure = next;
            } else if (stays) {
                former.addSuppressed(next);
            } else {
                next.addSuppressed(former);
                failure = next;
            }
            stays |= !mayPass;
        }

        SQLException failure() {
            return Objects.requireNonNull(failure);
        }
    }
}

package dev.carpool.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.carpool.config.Secret;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and remembers what {@code auth_query} says about users; the caller runs the query. Thread-safe and bounded;
 * every call is cheap.
 */
public final class AuthQuery {
    /** How long a user without a secret is remembered at most: somebody may be creating that user just now. */
    private static final Duration LONGEST_ABSENCE = Duration.ofSeconds(5);

    /**
     * Who was asked for, and where.
     *
     * @param server host and port
     * @param database where the query runs
     */
    public record Key(String server, String database, String user) {}

    /**
     * What is known about a user.
     *
     * @param secret null for a user who does not exist, may not log in, or has no password: a login then goes on with
     *     {@link MockVerifiers} and fails
     */
    public record Answer(@Nullable StoredSecret secret) {
        public Optional<StoredSecret> found() {
            return Optional.ofNullable(secret);
        }
    }

    /** {@code auth_query} is not as it must be: an operator's mistake. Contains no secret. */
    public static final class BadResult extends Exception {
        BadResult(String message) {
            super(message, null, false, false);
        }
    }

    private final int scramIterations;
    private final Cache<Key, Answer> answers;

    /**
     * @param timeToLive of a secret; zero to ask for every login
     * @param maximumSize users remembered at most
     * @param scramIterations of verifiers that are made from plain secrets
     */
    public AuthQuery(Duration timeToLive, int maximumSize, int scramIterations) {
        this(timeToLive, maximumSize, scramIterations, Ticker.systemTicker());
    }

    AuthQuery(Duration timeToLive, int maximumSize, int scramIterations, Ticker ticker) {
        this.scramIterations = scramIterations;
        Duration absence = timeToLive.compareTo(LONGEST_ABSENCE) < 0 ? timeToLive : LONGEST_ABSENCE;
        this.answers = Caffeine.newBuilder()
                .expireAfter(Expiry.<Key, Answer>writing((key, answer) -> answer.secret == null ? absence : timeToLive))
                .maximumSize(maximumSize)
                .executor(Runnable::run)
                .ticker(ticker)
                .build();
    }

    /** What was answered lately; empty when the query has to run. */
    public Optional<Answer> remembered(Key key) {
        return Optional.ofNullable(answers.getIfPresent(key));
    }

    /**
     * Reads the result of the query and remembers it.
     *
     * @param rows the values of each row; SQL NULL is null
     * @throws BadResult when it is not at most one row of the user's name and secret
     */
    public Answer answer(Key key, List<? extends List<@Nullable Secret>> rows) throws BadResult {
        Answer answer = read(key.user, rows);
        answers.put(key, answer);
        return answer;
    }

    private Answer read(String user, List<? extends List<@Nullable Secret>> rows) throws BadResult {
        if (rows.isEmpty()) {
            return new Answer(null);
        }
        if (rows.size() > 1) {
            throw new BadResult("auth_query returned " + rows.size() + " rows instead of one");
        }
        List<@Nullable Secret> row = rows.get(0);
        if (row.size() != 2) {
            throw new BadResult("auth_query returned " + row.size() + " columns instead of the user and the secret");
        }
        Secret name = row.get(0);
        if (name == null || !name.matches(user)) {
            throw new BadResult("auth_query returned another user than the one it was asked for");
        }
        Secret secret = row.get(1);
        return new Answer(secret == null || secret.isEmpty() ? null : StoredSecret.of(user, secret, scramIterations));
    }

    /**
     * Forgets one user. To be called when a login failed against a remembered secret: it may have been changed since,
     * and the next login then asks anew.
     */
    public void forget(Key key) {
        answers.invalidate(key);
    }

    /** Forgets a user of a server, wherever the query runs; null for all users. */
    void forget(String server, @Nullable String user) {
        answers.asMap().keySet().removeIf(key -> key.server.equals(server) && (user == null || key.user.equals(user)));
    }

    public void forgetAll() {
        answers.invalidateAll();
    }

    @Override
    public String toString() {
        return "AuthQuery[" + answers.estimatedSize() + " users]";
    }
}

package dev.carpool.auth;

import dev.carpool.config.AuthConfig;
import dev.carpool.config.AuthType;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.Secret;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Everything about proving clients that outlives one login. Thread-safe. */
public final class AuthService {
    private static final int MOST_USERS = 100_000;
    private static final Duration QUERIED_FOR = Duration.ofSeconds(10);

    /** What a configuration and its files say, replaced as a whole. */
    private record Rules(
            AuthConfig config, UserList users, @Nullable HbaRules hba) {}

    private volatile Rules rules;
    private volatile MockVerifiers mocks;
    private volatile PassthroughCache passthrough;
    private volatile AuthQuery queries;
    private volatile LoginThrottle throttle;
    private final LongAdder failures = new LongAdder();
    private final AtomicInteger changes = new AtomicInteger();

    /**
     * Reads the files the configuration names; not for an event loop.
     *
     * @throws AuthFileProblems when one of them cannot be read or understood
     */
    public AuthService(AuthConfig config) throws AuthFileProblems {
        this.rules = read(config, UserList.empty());
        this.mocks = new MockVerifiers(config.scramIterations());
        this.passthrough = newPassthrough(config);
        this.queries = newQueries(config);
        this.throttle = newThrottle(config);
    }

    private static PassthroughCache newPassthrough(AuthConfig config) {
        return new PassthroughCache(config.passthroughTtl(), MOST_USERS, config.scramIterations());
    }

    private static AuthQuery newQueries(AuthConfig config) {
        return new AuthQuery(QUERIED_FOR, MOST_USERS, config.scramIterations());
    }

    private static LoginThrottle newThrottle(AuthConfig config) {
        return new LoginThrottle(config.failureLimit(), config.failureWindow());
    }

    private static Rules read(AuthConfig config, UserList before) throws AuthFileProblems {
        Path file = config.file();
        Path hba = config.hbaFile();
        UserList users = file == null ? UserList.empty() : before.reread(file, config.scramIterations());
        return new Rules(config, users, hba == null ? null : HbaRules.read(hba));
    }

    /**
     * Puts new settings in force and reads the files again; keeps the old ones when these are bad. What was remembered
     * under settings that have changed is forgotten.
     *
     * @throws AuthFileProblems when a file cannot be read or understood
     */
    public synchronized void reload(AuthConfig next) throws AuthFileProblems {
        AuthConfig before = rules.config;
        rules = read(next, rules.users);
        boolean sameIterations = next.scramIterations() == before.scramIterations();
        if (!sameIterations) {
            mocks = mocks.withIterations(next.scramIterations());
        }
        if (!sameIterations || !next.passthroughTtl().equals(before.passthroughTtl())) {
            passthrough = newPassthrough(next);
        }
        if (next.failureLimit() != before.failureLimit()
                || !next.failureWindow().equals(before.failureWindow())) {
            throttle = newThrottle(next);
        }
        queries = newQueries(next);
    }

    /** How a client has to prove who it is; never {@link AuthType#HBA}. */
    public AuthType method(InetSocketAddress address, String database, String user, boolean tls, boolean replication) {
        Rules now = rules;
        AuthType type = now.config.type();
        if (type != AuthType.HBA) {
            return type;
        }
        HbaRules hba = now.hba;
        if (hba == null) {
            return AuthType.REJECT;
        }
        return hba.match(new HbaRules.Client(address.getAddress(), database, user, tls, replication))
                .flatMap(match -> match.method().authType())
                .orElse(AuthType.REJECT);
    }

    /** The user's secret in auth_file; null for none. */
    public @Nullable StoredSecret stored(String user) {
        return rules.users.find(user).orElse(null);
    }

    /** Whether a user is in auth_file; anybody is when there is none, or when a rule decides instead. */
    public boolean knows(String user) {
        Rules now = rules;
        return now.config.type() != AuthType.TRUST
                || now.config.file() == null
                || now.users.find(user).isPresent();
    }

    /** Whether secrets of a database's users are looked up in PostgreSQL. */
    public boolean queries(CarpoolConfig current, DatabaseConfig database) {
        return current.auth(database).user() != null;
    }

    /** What auth_query has answered lately. */
    public AuthQuery queries() {
        return queries;
    }

    /** What an unknown user is asked for: MD5 when that is what known users are asked for. */
    public boolean prefersMd5() {
        return rules.users.users().stream()
                .findFirst()
                .flatMap(rules.users::find)
                .map(StoredSecret::canCheckMd5)
                .orElse(false);
    }

    /** A verifier for a user that does not exist. */
    public ScramVerifier mock(String user) {
        return mocks.of(user);
    }

    public boolean isConsoleToken(CarpoolConfig current, Secret password) {
        Secret token = current.admin().token();
        return token != null && token.equals(password);
    }

    /** How long a server that asks for no secret is believed to go on so. */
    public Duration trustTtl() {
        return rules.config.passthroughTtl();
    }

    /** Under which name a passthrough user of a database is remembered. */
    public static PassthroughCache.Key key(DatabaseConfig database, String user) {
        return new PassthroughCache.Key(database.host() + ":" + database.port(), user, database.dbname());
    }

    /** What a password proved earlier is good for at the server; null when it was not. Expensive. */
    public @Nullable ServerCredentials proved(PassthroughCache.Key key, Secret password) {
        return passthrough.check(key, password).orElse(null);
    }

    /**
     * Remembers a password that PostgreSQL accepted, as a salted verifier. Expensive.
     *
     * @param asOf {@link #changes} before PostgreSQL was asked
     */
    public void remember(PassthroughCache.Key key, Secret password, ServerCredentials reusable, int asOf) {
        if (!(reusable instanceof ServerCredentials.None)) {
            passthrough.remember(key, password, reusable);
            if (asOf != changes()) {
                passthrough.forget(key);
            }
        }
    }

    /**
     * A server has refused what the proxy knows of a user: a password has changed, or a role is gone. The next client proves
     * itself anew. What auth_query has found in another database is forgotten by itself, seconds later.
     *
     * @param server host and port
     */
    public void refused(String server, String database, String user) {
        passthrough.forget(new PassthroughCache.Key(server, user, database));
        queries.forget(new AuthQuery.Key(server, database, user));
    }

    /**
     * A role of a server has been changed: what is known of it may be wrong.
     *
     * @param server host and port
     * @param user null for all
     */
    public void changed(String server, @Nullable String user) {
        changes.incrementAndGet();
        passthrough.forget(server, user);
        queries.forget(server, user);
    }

    /** Differs when {@link #changed} was called meanwhile. */
    public int changes() {
        return changes.get();
    }

    /** Failed logins since the start. */
    public long failures() {
        return failures.sum();
    }

    /** How long a user must not try to log in from an address; zero for not at all. */
    public Duration blockedFor(InetSocketAddress address, String user, long now) {
        return throttle.refusedFor(address.getAddress(), user, now);
    }

    /** A login has failed. */
    public void failed(InetSocketAddress address, String user, long now) {
        failures.increment();
        throttle.failed(address.getAddress(), user, now);
    }

    /** A login has succeeded. */
    public void succeeded(InetSocketAddress address, String user, long now) {
        throttle.succeeded(address.getAddress(), user, now);
    }
}

package dev.carpool.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.carpool.config.Secret;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Passwords that a server has accepted lately, so that not every login has to ask it again. Keeps no password, only a
 * salted verifier and what later logins to the server need; the one exception is a server that demands the password in
 * clear text. Thread-safe, bounded, forgets after its time to live.
 *
 * <p>A login asks {@link #check}. When that is empty, the caller proves the password with a login to the server and
 * calls {@link #remember}; so a password that was changed on the server works at once, and the old one at most for the
 * time to live. Sessions keep the credentials they got, whatever happens here.
 */
public final class PassthroughCache {
    /**
     * Who has been proved, and where.
     *
     * @param server host and port
     * @param database empty when the server admits a user to all databases alike
     */
    public record Key(String server, String user, String database) {}

    private record Proved(ScramVerifier verifier, ServerCredentials credentials) {}

    private final boolean enabled;
    private final int scramIterations;
    private final Cache<Key, Proved> proved;

    /**
     * @param timeToLive zero to remember nothing
     * @param maximumSize users remembered at most
     * @param scramIterations of verifiers made here
     */
    public PassthroughCache(Duration timeToLive, int maximumSize, int scramIterations) {
        this(timeToLive, maximumSize, scramIterations, Ticker.systemTicker());
    }

    PassthroughCache(Duration timeToLive, int maximumSize, int scramIterations, Ticker ticker) {
        this.enabled = !timeToLive.isZero() && !timeToLive.isNegative();
        this.scramIterations = scramIterations;
        this.proved = Caffeine.newBuilder()
                .expireAfterWrite(enabled ? timeToLive : Duration.ZERO)
                .maximumSize(maximumSize)
                .executor(Runnable::run)
                .ticker(ticker)
                .build();
    }

    /** Whether {@link #check} has anything to look at; cheap. When not, go on with the login to the server at once. */
    public boolean knows(Key key) {
        return enabled && proved.getIfPresent(key) != null;
    }

    /**
     * What logs in to the server, if this password was accepted lately; empty says nothing about the password.
     * Expensive (see {@link ScramVerifier#ofPassword}) when {@link #knows} is true, otherwise cheap.
     */
    public Optional<ServerCredentials> check(Key key, Secret password) {
        Proved known = enabled ? proved.getIfPresent(key) : null;
        return known != null && known.verifier.matches(password) ? Optional.of(known.credentials) : Optional.empty();
    }

    /**
     * Remembers a password that the server has just accepted. Cheap with {@link ServerCredentials.Scram}, otherwise
     * expensive like {@link ScramVerifier#ofPassword}.
     *
     * @param credentials what later logins need: {@link ServerCredentials.Scram} of the login's keys,
     *     {@link ServerCredentials.Md5Hash}, or {@link ServerCredentials.Plain} only when the server asked for that.
     *     {@link ServerCredentials.None} proves nothing and is refused
     * @throws IllegalArgumentException for credentials that prove nothing
     */
    public void remember(Key key, Secret password, ServerCredentials credentials) {
        if (credentials instanceof ServerCredentials.None) {
            throw new IllegalArgumentException("a server that asked for nothing has proved nothing");
        }
        if (enabled) {
            proved.put(key, new Proved(verifierFor(password, credentials), credentials));
        }
    }

    private ScramVerifier verifierFor(Secret password, ServerCredentials credentials) {
        return credentials instanceof ServerCredentials.Scram scram
                ? scram.keys().verifier()
                : ScramVerifier.ofPassword(password, scramIterations);
    }

    /** Forgets one user: the server has refused what was remembered. */
    public void forget(Key key) {
        proved.invalidate(key);
    }

    /** Forgets a user of a server in all databases; null for all users. */
    void forget(String server, @Nullable String user) {
        proved.asMap().keySet().removeIf(key -> key.server.equals(server) && (user == null || key.user.equals(user)));
    }

    public void forgetAll() {
        proved.invalidateAll();
    }

    /** Entries at the moment, for monitoring; roughly. */
    public long size() {
        return proved.estimatedSize();
    }

    @Override
    public String toString() {
        return "PassthroughCache[" + size() + " entries]";
    }
}

package dev.carpool.auth;

import dev.carpool.config.Secret;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class PassthroughCacheTest {
    private static final PassthroughCache.Key ALICE = new PassthroughCache.Key("db:5432", "alice", "");
    private static final Secret PASSWORD = Secret.of("secret");
    private static final Secret WRONG = Secret.of("wrong");
    private static final ServerCredentials MD5 = new ServerCredentials.Md5Hash(Md5Password.stored(PASSWORD, "alice"));

    private final AtomicLong now = new AtomicLong();
    private final PassthroughCache cache = new PassthroughCache(Duration.ofMinutes(5), 10, 64, now::get);

    @Test
    void remembersWhatTheServerHasAccepted() {
        assertFalse(cache.knows(ALICE));
        assertEquals(Optional.empty(), cache.check(ALICE, PASSWORD));
        cache.remember(ALICE, PASSWORD, MD5);
        assertTrue(cache.knows(ALICE));
        assertEquals(Optional.of(MD5), cache.check(ALICE, PASSWORD));
        assertEquals(Optional.empty(), cache.check(ALICE, WRONG));
        assertEquals(Optional.empty(), cache.check(new PassthroughCache.Key("db:5433", "alice", ""), PASSWORD));
        assertEquals(Optional.empty(), cache.check(new PassthroughCache.Key("db:5432", "alice", "app"), PASSWORD));
    }

    @Test
    void keysOfTheServerLoginServeAsVerifier() {
        ScramKeys keys = ScramKeys.derive(PASSWORD.bytes(), new byte[] {1, 2, 3}, 64);
        ServerCredentials credentials = new ServerCredentials.Scram(keys);
        cache.remember(ALICE, PASSWORD, credentials);
        assertEquals(Optional.of(credentials), cache.check(ALICE, PASSWORD));
        assertEquals(Optional.empty(), cache.check(ALICE, WRONG));
    }

    @Test
    void forgetsAfterItsTimeAndWhenTold() {
        cache.remember(ALICE, PASSWORD, MD5);
        now.addAndGet(Duration.ofMinutes(5).toNanos() - 1);
        assertTrue(cache.knows(ALICE));
        now.addAndGet(1);
        assertFalse(cache.knows(ALICE));
        cache.remember(ALICE, PASSWORD, MD5);
        cache.forget(ALICE);
        assertFalse(cache.knows(ALICE));
        cache.remember(ALICE, PASSWORD, MD5);
        cache.forgetAll();
        assertFalse(cache.knows(ALICE));
    }

    @Test
    void isBounded() {
        for (int i = 0; i < 1000; i++) {
            ScramKeys keys = ScramKeys.derive(PASSWORD.bytes(), new byte[] {1}, 1);
            cache.remember(
                    new PassthroughCache.Key("db:5432", "user" + i, ""), PASSWORD, new ServerCredentials.Scram(keys));
        }
        assertTrue(cache.size() <= 10);
    }

    @Test
    void withoutTimeToLiveRemembersNothing() {
        PassthroughCache off = new PassthroughCache(Duration.ZERO, 10, 64);
        off.remember(ALICE, PASSWORD, MD5);
        assertFalse(off.knows(ALICE));
        assertEquals(Optional.empty(), off.check(ALICE, PASSWORD));
    }

    @Test
    void refusesCredentialsThatProveNothing() {
        assertThrows(IllegalArgumentException.class, () -> cache.remember(ALICE, PASSWORD, ServerCredentials.none()));
    }
}

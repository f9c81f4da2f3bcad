package dev.carpool.auth;

import dev.carpool.config.AuthConfig;
import dev.carpool.config.ConfigReader;
import dev.carpool.config.Secret;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class AuthServiceTest {
    private static final PassthroughCache.Key ALICE = new PassthroughCache.Key("db:5432", "alice", "app");
    private static final AuthQuery.Key QUERIED = new AuthQuery.Key("db:5432", "app", "alice");
    private static final Secret PASSWORD = Secret.of("secret");
    private static final ServerCredentials MD5 = new ServerCredentials.Md5Hash(Md5Password.stored(PASSWORD, "alice"));
    private static final InetSocketAddress CLIENT = new InetSocketAddress("127.0.0.1", 1);

    private AuthService auth;

    @BeforeEach
    void start() throws AuthFileProblems {
        auth = new AuthService(config());
    }

    private static AuthConfig config(String... settings) {
        ConfigReader reader =
                ConfigReader.create().with("upstream=postgresql://db:5432").with("scram_iterations=64");
        for (String setting : settings) {
            reader = reader.with(setting);
        }
        return reader.read().configOrThrow().auth();
    }

    @Test
    void aReloadAppliesTheTimeToLive() throws AuthFileProblems {
        auth.remember(ALICE, PASSWORD, MD5, auth.changes());
        auth.reload(config());
        assertNotNull(auth.proved(ALICE, PASSWORD), "nothing has changed");
        auth.reload(config("auth_passthrough_ttl=0"));
        auth.remember(ALICE, PASSWORD, MD5, auth.changes());
        assertNull(auth.proved(ALICE, PASSWORD));
        auth.reload(config());
        auth.remember(ALICE, PASSWORD, MD5, auth.changes());
        assertNotNull(auth.proved(ALICE, PASSWORD));
    }

    @Test
    void aReloadAppliesTheThrottle() throws AuthFileProblems {
        auth.failed(CLIENT, "app", 0);
        assertEquals(Duration.ZERO, auth.blockedFor(CLIENT, "app", 0));
        auth.reload(config("auth_failure_limit=1"));
        auth.failed(CLIENT, "app", 0);
        auth.failed(CLIENT, "app", 0);
        assertFalse(auth.blockedFor(CLIENT, "app", 0).isZero());
        auth.reload(config("auth_failure_limit=1"));
        assertFalse(auth.blockedFor(CLIENT, "app", 0).isZero(), "nothing has changed");
        auth.reload(config("auth_failure_limit=0"));
        assertTrue(auth.blockedFor(CLIENT, "app", 0).isZero());
    }

    @Test
    void aReloadAppliesTheIterations() throws AuthFileProblems {
        ScramVerifier before = auth.mock("nobody");
        auth.reload(config("scram_iterations=128"));
        assertEquals(128, auth.mock("nobody").iterations());
        assertArrayEquals(before.salt(), auth.mock("nobody").salt());
    }

    @Test
    void whatAServerRefusesIsForgotten() throws AuthQuery.BadResult {
        auth.remember(ALICE, PASSWORD, MD5, auth.changes());
        auth.queries().answer(QUERIED, List.of(List.of(Secret.of("alice"), PASSWORD)));
        auth.refused("db:5432", "other", "alice");
        auth.refused("db:5432", "app", "bob");
        assertNotNull(auth.proved(ALICE, PASSWORD));
        assertTrue(auth.queries().remembered(QUERIED).isPresent());
        auth.refused("db:5432", "app", "alice");
        assertNull(auth.proved(ALICE, PASSWORD));
        assertTrue(auth.queries().remembered(QUERIED).isEmpty());
    }

    @Test
    void whatIsKnownOfAChangedRoleIsForgotten() throws AuthQuery.BadResult {
        auth.remember(ALICE, PASSWORD, MD5, auth.changes());
        auth.queries().answer(QUERIED, List.of(List.of(Secret.of("alice"), PASSWORD)));
        auth.changed("db:5432", "bob");
        auth.changed("other:5432", "alice");
        assertNotNull(auth.proved(ALICE, PASSWORD));
        assertTrue(auth.queries().remembered(QUERIED).isPresent());
        auth.changed("db:5432", "alice");
        assertNull(auth.proved(ALICE, PASSWORD));
        assertTrue(auth.queries().remembered(QUERIED).isEmpty());
    }

    @Test
    void aPasswordProvedBeforeAChangeIsNotRememberedBehindIt() {
        int before = auth.changes();
        auth.changed("db:5432", null);
        auth.remember(ALICE, PASSWORD, MD5, before);
        assertNull(auth.proved(ALICE, PASSWORD));
    }
}

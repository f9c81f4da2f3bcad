package dev.carpool.auth;

import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class StoredSecretTest {
    private static final byte[] SALT = {1, 2, 3, (byte) 0xFE};
    private static final String MD5 = "md54a0a68b43b6cd5cf266fa02f196e2371";
    private static final Secret MD5_RESPONSE = Secret.of("md556592c7d3e04bf4285656239c81b2e30");
    private static final String SCRAM =
            "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$bpSY5Ze9NUH+I35LC3gVq+DpBfK46iXBxvhAKqVu9pE="
                    + ":VpYlBuxyzeCI1KnctrefdljpB1mk3Gp7sBI/t11+NkQ=";

    private static final StoredSecret PLAIN_SECRET = stored("secret");
    private static final StoredSecret MD5_SECRET = stored(MD5);
    private static final StoredSecret SCRAM_SECRET = stored(SCRAM);

    @Test
    void everyFormAcceptsThePasswordAndOnlyThat() {
        for (StoredSecret stored : List.of(PLAIN_SECRET, MD5_SECRET, SCRAM_SECRET)) {
            assertTrue(stored.matches(Secret.of("secret")), stored::toString);
            assertFalse(stored.matches(Secret.of("Secret")), stored::toString);
            assertFalse(stored.matches(Secret.of("")), stored::toString);
            assertFalse(stored.matches(Secret.of(MD5)), stored::toString);
            assertFalse(stored.matches(Secret.of(SCRAM)), stored::toString);
        }
    }

    @Test
    void md5LoginWorksForPlainAndMd5() {
        assertEquals(Secret.of(MD5), Md5Password.stored(Secret.of("secret"), "alice"));
        for (StoredSecret stored : List.of(PLAIN_SECRET, MD5_SECRET)) {
            assertTrue(stored.canCheckMd5());
            assertTrue(stored.matchesMd5(SALT, MD5_RESPONSE));
            assertFalse(stored.matchesMd5(new byte[4], MD5_RESPONSE));
            assertFalse(stored.matchesMd5(SALT, Secret.of(MD5)));
        }
        assertFalse(SCRAM_SECRET.canCheckMd5());
        assertFalse(SCRAM_SECRET.matchesMd5(SALT, MD5_RESPONSE));
        assertFalse(stored("").canCheckMd5());
    }

    @Test
    void md5HashMayBeInUpperCase() {
        StoredSecret stored = stored("md5" + MD5.substring(3).toUpperCase(java.util.Locale.ROOT));
        assertTrue(stored.matches(Secret.of("secret")));
        assertTrue(stored.matchesMd5(SALT, MD5_RESPONSE));
    }

    @Test
    void scramLoginWorksForPlainAndVerifier() {
        ScramVerifier made = PLAIN_SECRET.scramVerifier().orElseThrow();
        assertTrue(made.matches(Secret.of("secret")));
        assertSame(made, PLAIN_SECRET.scramVerifier().orElseThrow());
        assertEquals(
                Secret.of(SCRAM), SCRAM_SECRET.scramVerifier().orElseThrow().text());
        assertEquals(Optional.empty(), MD5_SECRET.scramVerifier());
        assertEquals(Optional.empty(), stored("").scramVerifier());
    }

    @Test
    void serverCredentialsAnswerWhatTheyCan() throws ScramFailure {
        ServerCredentials plain = PLAIN_SECRET.serverCredentials();
        assertEquals(Optional.of(Secret.of("secret")), plain.cleartext());
        assertEquals(Optional.of(MD5_RESPONSE), plain.md5("alice", SALT));
        assertTrue(scram(plain).isPresent());

        ServerCredentials md5 = MD5_SECRET.serverCredentials();
        assertEquals(Optional.empty(), md5.cleartext());
        assertEquals(Optional.of(MD5_RESPONSE), md5.md5("alice", SALT));
        assertFalse(scram(md5).isPresent());

        assertEquals(ServerCredentials.none(), SCRAM_SECRET.serverCredentials());
        assertEquals(Optional.empty(), ServerCredentials.none().cleartext());
        assertEquals(Optional.empty(), ServerCredentials.none().md5("alice", SALT));
        assertFalse(scram(ServerCredentials.none()).isPresent());

        ScramKeys keys = ScramKeys.derive(Secret.of("secret").bytes(), SALT, 64);
        assertTrue(scram(new ServerCredentials.Scram(keys)).isPresent());
    }

    private static Optional<ScramClient> scram(ServerCredentials credentials) throws ScramFailure {
        return credentials.scram(ScramMechanism.offered(false), ChannelBinding.PREFER, null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SCRAM-SHA-256$",
                "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
                "SCRAM-SHA-256$0:AAAA$bpSY5Ze9NUH+I35LC3gVq+DpBfK46iXBxvhAKqVu9pE=:VpYlBuxyzeCI1KnctrefdljpB1mk3Gp7sBI/t11+NkQ=",
                "SCRAM-SHA-256$9999999999:AAAA$bpSY5Ze9NUH+I35LC3gVq+DpBfK46iXBxvhAKqVu9pE=:VpYlBuxyzeCI1KnctrefdljpB1mk3Gp7sBI/t11+NkQ=",
                "md54a0a68b43b6cd5cf266fa02f196e237",
                "md5za0a68b43b6cd5cf266fa02f196e2371",
                "MD54a0a68b43b6cd5cf266fa02f196e2371"
            })
    void whatHasNoKnownFormIsAPlainPassword(String text) {
        assertTrue(stored(text).matches(Secret.of(text)));
    }

    @Test
    void passwordOfAnyEncodingWorks() {
        Secret latin1 = Secret.ofBytes(new byte[] {'p', (byte) 0xE4, 's', 's'});
        ScramVerifier verifier = ScramVerifier.ofPassword(latin1, 64);
        assertTrue(verifier.matches(latin1));
        assertFalse(verifier.matches(Secret.of("päss")));
        assertFalse(verifier.matches(Secret.of(latin1.reveal())));
    }

    private static StoredSecret stored(String secret) {
        return StoredSecret.of("alice", Secret.of(secret), 64);
    }
}

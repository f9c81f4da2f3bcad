package dev.carpool.config;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class SecretTest {
    @Test
    void printsAsStars() {
        assertEquals("***", Secret.of("hidden").toString());
        assertEquals("a *** b", "a %s b".formatted(Secret.of("hidden")));
    }

    @Test
    void comparesByContent() {
        assertEquals(Secret.of("a"), Secret.of("a"));
        assertEquals(Secret.of("a").hashCode(), Secret.of("a").hashCode());
        assertNotEquals(Secret.of("a"), Secret.of("b"));
        assertTrue(Secret.of("a").matches("a"));
        assertFalse(Secret.of("a").matches("ab"));
    }

    @Test
    void keepsBytesThatAreNoUtf8() {
        byte[] latin1 = {'p', (byte) 0xE4};
        Secret secret = Secret.ofBytes(latin1);
        latin1[0] = 'x';
        assertArrayEquals(new byte[] {'p', (byte) 0xE4}, secret.bytes());
        assertNotEquals(secret, Secret.of(secret.reveal()));
    }

    @Test
    void modesKnowTheirNames() {
        for (SslMode mode : SslMode.values()) {
            assertEquals(mode, SslMode.of(mode.text()).orElseThrow());
        }
        assertEquals("verify-full", SslMode.VERIFY_FULL.text());
        assertTrue(SslMode.of("VERIFY-FULL").isEmpty());
        assertTrue(ChannelBinding.of("require").isPresent());
        assertTrue(ChannelBinding.of("always").isEmpty());
    }
}

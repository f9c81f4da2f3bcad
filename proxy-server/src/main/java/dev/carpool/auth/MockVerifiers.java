package dev.carpool.auth;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Verifiers for users who do not exist or have no password, so that a login cannot find out who does: the same user
 * always gets the same salt, and no proof fits. PostgreSQL does the same. Thread-safe; cheap.
 */
public final class MockVerifiers {
    private final byte[] processSecret;
    private final int iterations;

    /** @param iterations of the real verifiers, so that mocks look the same */
    public MockVerifiers(int iterations) {
        this(new byte[ScramFormulas.KEY_LENGTH], iterations);
        new SecureRandom().nextBytes(processSecret);
    }

    private MockVerifiers(byte[] processSecret, int iterations) {
        this.processSecret = processSecret;
        this.iterations = iterations;
    }

    /** The same verifiers with other iterations. */
    MockVerifiers withIterations(int others) {
        return new MockVerifiers(processSecret, others);
    }

    /** A verifier that no password matches. */
    public ScramVerifier of(String user) {
        byte[] salt = Arrays.copyOf(derive("salt", user), ScramVerifier.SALT_LENGTH);
        return new ScramVerifier(salt, iterations, derive("StoredKey", user), derive("ServerKey", user));
    }

    private byte[] derive(String purpose, String user) {
        return ScramFormulas.hmac(processSecret, (purpose + ":" + user).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "MockVerifiers[iterations=" + iterations + "]";
    }
}

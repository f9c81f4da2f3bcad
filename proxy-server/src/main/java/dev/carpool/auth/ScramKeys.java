package dev.carpool.auth;

import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What proves a user to a PostgreSQL server without the password: the ClientKey, and the ServerKey to check the answer
 * (RFC 5802 section 3). Good only while the server keeps the same salt and iteration count for that user, so a new
 * password makes it worthless. Immutable; prints without keys.
 */
public final class ScramKeys {
    private final byte[] salt;
    private final int iterations;
    private final byte[] clientKey;
    private final byte[] serverKey;

    ScramKeys(byte[] salt, int iterations, byte[] clientKey, byte[] serverKey) {
        this.salt = salt;
        this.iterations = iterations;
        this.clientKey = clientKey;
        this.serverKey = serverKey;
    }

    /** Derives the keys from a password. Expensive: see {@link ScramVerifier#ofPassword}. */
    static ScramKeys derive(byte[] password, byte[] salt, int iterations) {
        byte[] salted = ScramFormulas.saltedPassword(SaslPrep.prepare(password), salt, iterations);
        return new ScramKeys(salt, iterations, ScramFormulas.clientKey(salted), ScramFormulas.serverKey(salted));
    }

    /** The verifier that belongs to these keys. Cheap. */
    public ScramVerifier verifier() {
        return new ScramVerifier(salt, iterations, ScramFormulas.storedKey(clientKey), serverKey);
    }

    boolean fit(byte[] otherSalt, int otherIterations) {
        return iterations == otherIterations && MessageDigest.isEqual(salt, otherSalt);
    }

    byte[] clientKey() {
        return clientKey;
    }

    byte[] serverKey() {
        return serverKey;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ScramKeys keys
                && fit(keys.salt, keys.iterations)
                && MessageDigest.isEqual(clientKey, keys.clientKey)
                && MessageDigest.isEqual(serverKey, keys.serverKey);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(salt);
    }

    @Override
    public String toString() {
        return "ScramKeys[iterations=" + iterations + "]";
    }
}

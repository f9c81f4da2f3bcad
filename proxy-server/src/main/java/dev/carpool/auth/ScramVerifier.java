package dev.carpool.auth;

import dev.carpool.config.Secret;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a server keeps to check a SCRAM-SHA-256 login: {@code SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey}, the
 * form of {@code pg_authid.rolpassword}. Immutable; prints without keys, because whoever has it can try passwords.
 */
public final class ScramVerifier {
    /** PostgreSQL's default of {@code scram_iterations}. */
    public static final int DEFAULT_ITERATIONS = 4096;

    static final int SALT_LENGTH = 16;
    static final String PREFIX = "SCRAM-SHA-256$";

    private static final Pattern FORM =
            Pattern.compile("SCRAM-SHA-256\\$([0-9]{1,10}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");
    private static final SecureRandom RANDOM = new SecureRandom();

    private final byte[] salt;
    private final int iterations;
    private final byte[] storedKey;
    private final byte[] serverKey;

    ScramVerifier(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {
        this.salt = salt;
        this.iterations = iterations;
        this.storedKey = storedKey;
        this.serverKey = serverKey;
    }

    /** Reads the text form; empty when it is anything else. */
    public static Optional<ScramVerifier> parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        try {
            int iterations = Integer.parseInt(parts.group(1));
            byte[] salt = Base64.getDecoder().decode(parts.group(2));
            byte[] storedKey = Base64.getDecoder().decode(parts.group(3));
            byte[] serverKey = Base64.getDecoder().decode(parts.group(4));
            boolean sound = iterations > 0
                    && salt.length > 0
                    && storedKey.length == ScramFormulas.KEY_LENGTH
                    && serverKey.length == ScramFormulas.KEY_LENGTH;
            return sound ? Optional.of(new ScramVerifier(salt, iterations, storedKey, serverKey)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * A verifier with a new random salt. Expensive: {@code 2 * iterations} hashes, a few milliseconds with
     * {@link #DEFAULT_ITERATIONS}; not for an event loop.
     */
    public static ScramVerifier ofPassword(Secret password, int iterations) {
        byte[] salt = new byte[SALT_LENGTH];
        RANDOM.nextBytes(salt);
        return ofPassword(password, salt, iterations);
    }

    static ScramVerifier ofPassword(Secret password, byte[] salt, int iterations) {
        return ScramKeys.derive(password.bytes(), salt, iterations).verifier();
    }

    /** Whether this is the password. Expensive, like {@link #ofPassword}. */
    public boolean matches(Secret password) {
        return isVerifierOf(ScramKeys.derive(password.bytes(), salt, iterations));
    }

    /** Whether these keys were made from the same password, salt and iteration count. Cheap. */
    public boolean isVerifierOf(ScramKeys keys) {
        return equals(keys.verifier());
    }

    /** The text form, as {@code pg_authid} keeps it. Never pass it to a log, an error or a {@code toString}. */
    public Secret text() {
        Base64.Encoder base64 = Base64.getEncoder();
        return Secret.of(PREFIX + iterations + ":" + base64.encodeToString(salt) + "$"
                + base64.encodeToString(storedKey) + ":" + base64.encodeToString(serverKey));
    }

    byte[] salt() {
        return salt;
    }

    int iterations() {
        return iterations;
    }

    byte[] storedKey() {
        return storedKey;
    }

    byte[] serverKey() {
        return serverKey;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ScramVerifier verifier
                && iterations == verifier.iterations
                && MessageDigest.isEqual(salt, verifier.salt)
                && MessageDigest.isEqual(storedKey, verifier.storedKey)
                && MessageDigest.isEqual(serverKey, verifier.serverKey);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(salt);
    }

    @Override
    public String toString() {
        return "ScramVerifier[iterations=" + iterations + "]";
    }
}

package dev.carpool.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A password, key or token. Prints as {@code ***} wherever it appears; compares in constant time.
 * Held as bytes, because PostgreSQL does not demand that a password is valid UTF-8.
 */
public final class Secret {
    private final byte[] value;

    private Secret(byte[] value) {
        this.value = value;
    }

    public static Secret of(String value) {
        return new Secret(value.getBytes(StandardCharsets.UTF_8));
    }

    /** A secret as it arrived on the wire, in any encoding; the array is copied. */
    public static Secret ofBytes(byte[] value) {
        return new Secret(value.clone());
    }

    /** The secret itself, read as UTF-8. Never pass it to a log, an error or a {@code toString}. */
    public String reveal() {
        return new String(value, StandardCharsets.UTF_8);
    }

    /** The secret itself, byte for byte: a copy. */
    public byte[] bytes() {
        return value.clone();
    }

    public boolean isEmpty() {
        return value.length == 0;
    }

    /** Whether {@code candidate} is this secret; the time taken does not depend on where they differ. */
    public boolean matches(String candidate) {
        return MessageDigest.isEqual(value, candidate.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Secret secret && MessageDigest.isEqual(value, secret.value);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return "***";
    }
}

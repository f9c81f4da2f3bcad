package dev.carpool.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The functions of RFC 5802 section 3 with SHA-256 (RFC 7677). */
final class ScramFormulas {
    static final int KEY_LENGTH = 32;

    private static final byte[] CLIENT_KEY = ascii("Client Key");
    private static final byte[] SERVER_KEY = ascii("Server Key");

    private ScramFormulas() {}

    /** Hi(password, salt, iterations): PBKDF2 with one block. Expensive: {@code 2 * iterations} hashes. */
    static byte[] saltedPassword(byte[] preparedPassword, byte[] salt, int iterations) {
        Mac mac = mac(preparedPassword);
        mac.update(salt);
        mac.update(new byte[] {0, 0, 0, 1});
        byte[] last = mac.doFinal();
        byte[] sum = last.clone();
        try {
            for (int i = 1; i < iterations; i++) {
                mac.update(last);
                mac.doFinal(last, 0);
                for (int b = 0; b < sum.length; b++) {
                    sum[b] ^= last[b];
                }
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return sum;
    }

    static byte[] clientKey(byte[] saltedPassword) {
        return hmac(saltedPassword, CLIENT_KEY);
    }

    static byte[] serverKey(byte[] saltedPassword) {
        return hmac(saltedPassword, SERVER_KEY);
    }

    static byte[] storedKey(byte[] clientKey) {
        return sha256(clientKey);
    }

    static byte[] hmac(byte[] key, byte[] message) {
        return mac(key).doFinal(message);
    }

    static byte[] sha256(byte[] message) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(message);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] xor(byte[] left, byte[] right) {
        byte[] result = left.clone();
        for (int i = 0; i < result.length; i++) {
            result[i] ^= right[i];
        }
        return result;
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            // HMAC pads keys with zeros, so one zero byte is the same key as none, which the JDK refuses.
            mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

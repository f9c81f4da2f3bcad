package dev.carpool.auth;

import dev.carpool.config.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;

/**
 * MD5 passwords (PostgreSQL manual, "Password Authentication" and AuthenticationMD5Password). A stored one is
 * {@code md5} and the hex of {@code md5(password user)}; whoever has it can log in. Every call is cheap.
 */
public final class Md5Password {
    /** Bytes of salt in AuthenticationMD5Password. */
    public static final int SALT_LENGTH = 4;

    private static final String PREFIX = "md5";
    private static final int STORED_LENGTH = 35;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Md5Password() {}

    /** Whether {@code secret} has the form of a stored MD5 password. */
    public static boolean isStored(String secret) {
        return secret.length() == STORED_LENGTH
                && secret.startsWith(PREFIX)
                && secret.chars().skip(PREFIX.length()).allMatch(HexFormat::isHexDigit);
    }

    /** The stored form of a password. */
    public static Secret stored(Secret password, String user) {
        return Secret.of(PREFIX + hash(password.bytes(), user.getBytes(StandardCharsets.UTF_8)));
    }

    public static byte[] newSalt() {
        byte[] salt = new byte[SALT_LENGTH];
        RANDOM.nextBytes(salt);
        return salt;
    }

    /** What a client answers to AuthenticationMD5Password: {@code md5} and the hex of {@code md5(stored hash, salt)}. */
    public static Secret response(Secret stored, byte[] salt) {
        String hex = stored.reveal().substring(PREFIX.length()).toLowerCase(Locale.ROOT);
        return Secret.of(PREFIX + hash(hex.getBytes(StandardCharsets.US_ASCII), salt));
    }

    /** Whether {@code response} is right, in constant time. */
    static boolean verify(Secret stored, byte[] salt, Secret response) {
        return response(stored, salt).equals(response);
    }

    private static String hash(byte[] first, byte[] second) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(first);
            return HexFormat.of().formatHex(md5.digest(second));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

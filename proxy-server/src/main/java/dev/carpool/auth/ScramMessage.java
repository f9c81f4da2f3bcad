package dev.carpool.auth;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;

/** Reads the attributes of one SCRAM message in the order RFC 5802 section 7 demands, and nothing else. */
final class ScramMessage {
    /** Random bytes in a nonce, as in PostgreSQL. */
    private static final int NONCE_LENGTH = 18;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final String text;
    private int position;

    ScramMessage(byte[] bytes) throws ScramFailure {
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw ScramFailure.malformed("SCRAM message is not UTF-8");
        }
        if (text.indexOf('\0') >= 0) {
            throw ScramFailure.malformed("SCRAM message contains a zero byte");
        }
    }

    static String newNonce() {
        byte[] random = new byte[NONCE_LENGTH];
        RANDOM.nextBytes(random);
        return Base64.getEncoder().encodeToString(random);
    }

    /** Whether the next attribute has this name. */
    boolean nextIs(char name) {
        return text.startsWith(name + "=", position);
    }

    /** The value of the next attribute, which must have this name. */
    String attribute(char name) throws ScramFailure {
        if (!nextIs(name)) {
            throw ScramFailure.malformed("SCRAM message lacks attribute \"" + name + "\"");
        }
        position += 2;
        return field();
    }

    /** Everything up to the next comma. */
    String field() throws ScramFailure {
        if (atEnd()) {
            throw ScramFailure.malformed("SCRAM message is too short");
        }
        int comma = text.indexOf(',', position);
        int end = comma < 0 ? text.length() : comma;
        String value = text.substring(position, end);
        position = end + 1;
        return value;
    }

    byte[] base64Attribute(char name) throws ScramFailure {
        String value = attribute(name);
        try {
            byte[] decoded = Base64.getDecoder().decode(value);
            // The JDK lets missing padding pass; there must be one spelling only.
            if (Base64.getEncoder().encodeToString(decoded).equals(value)) {
                return decoded;
            }
        } catch (IllegalArgumentException e) {
            // falls through to the same failure
        }
        throw ScramFailure.malformed("SCRAM attribute \"" + name + "\" is not base64");
    }

    String nonceAttribute() throws ScramFailure {
        String nonce = attribute('r');
        boolean printable = nonce.chars().allMatch(c -> c > 0x20 && c < 0x7F);
        if (nonce.isEmpty() || !printable) {
            throw ScramFailure.malformed("SCRAM nonce is empty or not printable");
        }
        return nonce;
    }

    /** Skips attributes that RFC 5802 lets us ignore, until one with this name is next or the message ends. */
    void skipExtensionsUntil(char name) throws ScramFailure {
        while (!atEnd() && !nextIs(name)) {
            extension();
        }
    }

    void skipExtensions() throws ScramFailure {
        while (!atEnd()) {
            extension();
        }
    }

    private void extension() throws ScramFailure {
        boolean named =
                position + 1 < text.length() && isLetter(text.charAt(position)) && text.charAt(position + 1) == '=';
        if (!named) {
            throw ScramFailure.malformed("SCRAM message has something that is no attribute");
        }
        if (text.charAt(position) == 'm') {
            throw ScramFailure.malformed("SCRAM message demands an extension that is not known");
        }
        field();
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    /** Behind the last attribute; a comma at the end does not count as an end. */
    boolean atEnd() {
        return position > text.length();
    }

    /** The message from here on. */
    String rest() {
        return atEnd() ? "" : text.substring(position);
    }

    /** The message so far, with the comma behind the last attribute that was read. */
    String upToHere() {
        return text.substring(0, Math.min(position, text.length()));
    }
}

package dev.carpool.auth;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import org.jspecify.annotations.Nullable;

/**
 * SASLprep (RFC 4013) of passwords, as PostgreSQL does it: a password that is not UTF-8 or contains what SASLprep
 * prohibits is used as it is, so that every password works on both sides.
 */
final class SaslPrep {
    private SaslPrep() {}

    /** The bytes that go into the hash; pure ASCII is never changed. */
    static byte[] prepare(byte[] password) {
        if (isAscii(password)) {
            return password;
        }
        String text = decode(password);
        String prepared = text == null ? null : prepare(text);
        return prepared == null ? password : prepared.getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isAscii(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable String decode(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static @Nullable String prepare(String text) {
        StringBuilder mapped = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> nonAsciiSpace(c) ? ' ' : c)
                .filter(c -> !mappedToNothing(c))
                .forEach(mapped::appendCodePoint);
        // PostgreSQL checks the characters before they are normalised; so do we.
        int[] codePoints = mapped.codePoints().toArray();
        if (codePoints.length == 0 || prohibited(codePoints) || mixedDirections(codePoints)) {
            return null;
        }
        return Normalizer.normalize(mapped, Normalizer.Form.NFKC);
    }

    private static boolean prohibited(int[] codePoints) {
        for (int c : codePoints) {
            if (prohibited(c) || UnassignedCodePoints.contains(c)) {
                return true;
            }
        }
        return false;
    }

    /** RFC 3454 section 6: text from right to left must be so at both ends and contain nothing from left to right. */
    private static boolean mixedDirections(int[] codePoints) {
        boolean rightToLeft = false;
        boolean leftToRight = false;
        for (int c : codePoints) {
            rightToLeft |= isRightToLeft(c);
            leftToRight |= Character.getDirectionality(c) == Character.DIRECTIONALITY_LEFT_TO_RIGHT;
        }
        return rightToLeft
                && (leftToRight || !isRightToLeft(codePoints[0]) || !isRightToLeft(codePoints[codePoints.length - 1]));
    }

    private static boolean isRightToLeft(int c) {
        byte direction = Character.getDirectionality(c);
        return direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT
                || direction == Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC;
    }

    /** RFC 3454 table B.1 without U+200B. */
    private static boolean mappedToNothing(int c) {
        return c == 0x00AD
                || c == 0x034F
                || c == 0x1806
                || within(c, 0x180B, 0x180D)
                || within(c, 0x200C, 0x200D)
                || c == 0x2060
                || within(c, 0xFE00, 0xFE0F)
                || c == 0xFEFF;
    }

    /** RFC 3454 table C.1.2; U+200B is in table B.1 as well, where PostgreSQL does not look for it. */
    private static boolean nonAsciiSpace(int c) {
        return c == 0x00A0 || c == 0x1680 || within(c, 0x2000, 0x200B) || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    /** RFC 3454 tables C.2.1 to C.9. */
    private static boolean prohibited(int c) {
        return within(c, 0x0000, 0x001F)
                || within(c, 0x007F, 0x009F)
                || c == 0x0340
                || c == 0x0341
                || c == 0x06DD
                || c == 0x070F
                || c == 0x180E
                || within(c, 0x200C, 0x200F)
                || within(c, 0x2028, 0x202E)
                || within(c, 0x2060, 0x2063)
                || within(c, 0x206A, 0x206F)
                || within(c, 0x2FF0, 0x2FFB)
                || within(c, 0xD800, 0xF8FF)
                || within(c, 0xFDD0, 0xFDEF)
                || c == 0xFEFF
                || within(c, 0xFFF9, 0xFFFD)
                || (c & 0xFFFE) == 0xFFFE
                || within(c, 0x1D173, 0x1D17A)
                || c == 0xE0001
                || within(c, 0xE0020, 0xE007F)
                || c >= 0xF0000;
    }

    private static boolean within(int c, int first, int last) {
        return first <= c && c <= last;
    }
}

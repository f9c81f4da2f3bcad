package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Reads the protocol's basic types (PostgreSQL manual, "Message Data Types"). */
public final class WireReader {
    private WireReader() {}

    /**
     * Reads a zero-terminated string as UTF-8 and moves behind its terminator.
     *
     * @throws ProtocolViolation when the terminator is missing
     */
    public static String cstring(ByteBuf in) {
        int length = in.bytesBefore((byte) 0);
        if (length < 0) {
            throw new ProtocolViolation("string without terminator");
        }
        String text = in.toString(in.readerIndex(), length, StandardCharsets.UTF_8);
        in.skipBytes(length + 1);
        return text;
    }

    /**
     * Reads a zero-terminated string as it is, one character (0 to 255) for each byte, and moves behind its terminator:
     * for text in an encoding of the client's own, which goes back to somebody byte for byte.
     *
     * @throws ProtocolViolation when the terminator is missing
     */
    public static String byteString(ByteBuf in) {
        int length = in.bytesBefore((byte) 0);
        if (length < 0) {
            throw new ProtocolViolation("string without terminator");
        }
        String bytes = in.toString(in.readerIndex(), length, StandardCharsets.ISO_8859_1);
        in.skipBytes(length + 1);
        return bytes;
    }

    /** What a {@link #byteString} says if its bytes are UTF-8. */
    public static String text(String byteString) {
        return new String(byteString.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** The index of the zero byte that ends the string at {@code from}, or -1 when there is none before {@code to}. */
    public static int endOfString(ByteBuf in, int from, int to) {
        return in.indexOf(from, to, (byte) 0);
    }
}

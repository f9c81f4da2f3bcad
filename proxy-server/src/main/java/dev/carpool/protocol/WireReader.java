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

    /** The index of the zero byte that ends the string at {@code from}, or -1 when there is none before {@code to}. */
    public static int endOfString(ByteBuf in, int from, int to) {
        return in.indexOf(from, to, (byte) 0);
    }
}

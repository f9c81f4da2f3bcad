package dev.carpool.relay;

import dev.carpool.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Finds the strings in messages: bytes up to a zero (PostgreSQL manual, "Message Data Types"). */
final class MessageStrings {
    private MessageStrings() {}

    /**
     * Where the string ends that begins at {@code from}: the index of its zero.
     *
     * @throws ProtocolViolation when there is none in front of {@code to}
     */
    static int end(ByteBuf in, int from, int to) {
        int end = in.indexOf(from, to, (byte) 0);
        if (end < 0) {
            throw new ProtocolViolation("invalid string in message");
        }
        return end;
    }

    /** The bytes of {@code in[from, to)}, a character (0 to 255) for each. */
    static String latin1(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.ISO_8859_1);
    }
}

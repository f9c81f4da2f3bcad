package dev.carpool.relay;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads parameters of a Bind message (PostgreSQL manual, "Message Formats", Bind). */
final class BindParameters {
    private static final int LONGEST = 200;

    private BindParameters() {}

    /**
     * The text of one parameter, which looks the same in text and binary format. Null if it is NULL, long, not there or
     * not here.
     *
     * @param from where the number of format codes stands
     * @param to the end of what is here
     * @param wanted number of the parameter, from 0
     */
    static @Nullable String text(ByteBuf in, int from, int to, int wanted) {
        int at = value(in, from, to, wanted);
        return at < 0 ? null : in.toString(at, in.getInt(at - 4), StandardCharsets.UTF_8);
    }

    /** Where the value of a parameter begins, its length before it; -1 if it is NULL, long, not there or not here. */
    static int value(ByteBuf in, int from, int to, int wanted) {
        if (to - from < 2) {
            return -1;
        }
        int at = from + 2 + 2 * in.getUnsignedShort(from);
        if (to - at < 2 || wanted >= in.getUnsignedShort(at)) {
            return -1;
        }
        at += 2;
        for (int i = 0; to - at >= 4; i++) {
            int length = in.getInt(at);
            at += 4;
            if (i == wanted) {
                boolean readable = length >= 0 && length <= LONGEST && length <= to - at;
                return readable ? at : -1;
            }
            if (length > to - at) {
                return -1;
            }
            at += Math.max(0, length);
        }
        return -1;
    }

    /** Whether a parameter that {@link #value} has found is in binary format. */
    static boolean isBinary(ByteBuf in, int from, int wanted) {
        int formats = in.getUnsignedShort(from);
        int format = formats == 1 ? 0 : wanted;
        return format < formats && in.getShort(from + 2 + 2 * format) == 1;
    }
}

package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;

/** Finds a Terminate in what a client has sent: it wants what stands before it carried out, and no answers. */
public final class Farewell {
    private Farewell() {}

    /** Whether there is one in the messages from index {@code at} on. */
    public static boolean isIn(ByteBuf in, int at) {
        int end = in.writerIndex();
        long next = at;
        while (end - next >= 5) {
            int here = (int) next;
            if (in.getByte(here) == FrontendMessageType.TERMINATE) {
                return true;
            }
            int length = in.getInt(here + 1);
            if (length < 4) {
                return false;
            }
            next += 1L + length;
        }
        return false;
    }
}

package dev.carpool.prepared;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/**
 * What the result of a statement looks like, as a number: the names, types and type modifiers of its columns. These are what
 * PostgreSQL compares to find that a cached plan would change its result type, as far as a RowDescription tells them.
 */
public final class ResultShape {
    /** Nobody has been told. */
    public static final long UNKNOWN = 0;

    /** No result (NoData). */
    public static final long NONE = 1;

    /** It cannot be compared. */
    public static final long UNREAD = 2;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    /** Behind the name of a column: table, its column, type, length, modifier, format (manual, "Message Formats"). */
    private static final int BEHIND_NAME = 18;

    private ResultShape() {}

    /** Of the body of a RowDescription, {@code in[from, to)}. */
    public static long of(ByteBuf in, int from, int to) {
        if (to - from < 2) {
            return UNREAD;
        }
        long hash = FNV_OFFSET;
        int at = from + 2;
        for (int left = in.getUnsignedShort(from); left > 0; left--) {
            int nameEnd = ByteBufUtil.indexOf(in, at, to, (byte) 0);
            if (nameEnd < at || to - nameEnd - 1 < BEHIND_NAME) {
                return UNREAD;
            }
            hash = add(hash, in, at, nameEnd + 1);
            hash = add(hash, in, nameEnd + 7, nameEnd + 11);
            hash = add(hash, in, nameEnd + 13, nameEnd + 17);
            at = nameEnd + 1 + BEHIND_NAME;
        }
        return hash >= 0 && hash <= UNREAD ? FNV_OFFSET : hash;
    }

    private static long add(long hash, ByteBuf in, int from, int to) {
        long more = hash;
        for (int i = from; i < to; i++) {
            more = (more ^ in.getByte(i)) * FNV_PRIME;
        }
        return more;
    }

    /** Whether a client that was told one must not get the other. */
    public static boolean differ(long told, long there) {
        return told != there && told != UNREAD && there != UNREAD;
    }
}

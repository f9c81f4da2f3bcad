package dev.carpool.relay;

import dev.carpool.prepared.ClientStatements.Mapping;
import dev.carpool.prepared.StatementName;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** The portal of the last Bind, and which statement of the client it is of: a Describe of it tells of that. */
final class LastBound {
    private static final byte[] UNNAMED = {};

    private byte[] portal = UNNAMED;
    private @Nullable Mapping mapping;
    private @Nullable StatementName names;

    /** A portal is bound whose name is {@code in[from, to)}, of a named statement. */
    void bound(ByteBuf in, int from, int to, @Nullable Mapping of, StatementName as) {
        portal = from == to ? UNNAMED : ByteBufUtil.getBytes(in, from, to - from);
        mapping = of;
        names = as;
    }

    /** Another statement has been bound, or a link begins. */
    void forget() {
        mapping = null;
        names = null;
    }

    /** The statement of the portal whose name is {@code in[from, to)}; null if it is not known. */
    @Nullable
    Mapping of(ByteBuf in, int from, int to) {
        boolean same = to - from == portal.length
                && (from == to || ByteBufUtil.equals(in, from, Unpooled.wrappedBuffer(portal), 0, to - from));
        return same ? mapping : null;
    }

    /** The names of that statement on the server. */
    @Nullable
    StatementName names() {
        return names;
    }
}

package dev.carpool.server;

import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;

/** DISCARD SEQUENCES as extended requests of the proxy's own that leave nothing behind. */
final class SequenceDiscard {
    static final String SQL = "DISCARD SEQUENCES";
    private static final String NAME = OwnNames.of("discard");

    private SequenceDiscard() {}

    static void inBatch(ByteBuf out, OutstandingRequests outstanding, ServerSequences sequences) {
        int at = WireWriter.begin(out, FrontendMessageType.PARSE);
        WireWriter.cstring(out, NAME);
        WireWriter.cstring(out, SQL);
        out.writeShort(0);
        WireWriter.end(out, at);
        outstanding.push(OutstandingRequests.PARSE | OutstandingRequests.SWALLOW);
        at = WireWriter.begin(out, FrontendMessageType.BIND);
        WireWriter.cstring(out, NAME);
        WireWriter.cstring(out, NAME);
        out.writeShort(0).writeShort(0).writeShort(0);
        WireWriter.end(out, at);
        outstanding.push(OutstandingRequests.BIND | OutstandingRequests.SWALLOW);
        at = WireWriter.begin(out, FrontendMessageType.EXECUTE);
        WireWriter.cstring(out, NAME);
        out.writeInt(0);
        WireWriter.end(out, at);
        // When the server skips it, what it knows of sequences is still anybody's.
        outstanding.push(OutstandingRequests.EXECUTE | OutstandingRequests.SWALLOW, sequences::taken);
        close(out, 'P', outstanding);
        close(out, 'S', outstanding);
    }

    private static void close(ByteBuf out, char what, OutstandingRequests outstanding) {
        int at = WireWriter.begin(out, FrontendMessageType.CLOSE);
        out.writeByte(what);
        WireWriter.cstring(out, NAME);
        WireWriter.end(out, at);
        outstanding.push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW);
    }
}

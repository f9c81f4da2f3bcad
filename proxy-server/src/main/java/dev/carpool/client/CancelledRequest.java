package dev.carpool.client;

import dev.carpool.protocol.FrontendMessageType;
import io.netty.buffer.ByteBuf;

/** A request that was cancelled before it reached a server. */
final class CancelledRequest {
    private CancelledRequest() {}

    /** Whether the rest of a message is still to come. */
    static boolean endsInMessage(ByteBuf request) {
        int at = request.readerIndex();
        int end = request.writerIndex();
        while (end - at >= 5) {
            int length = request.getInt(at + 1);
            if (length < 4) {
                return false;
            }
            if (length > end - at - 1) {
                return true;
            }
            at += 1 + length;
        }
        return at < end;
    }

    /**
     * How many ReadyForQuery messages the client expects for the bytes; -1 when they end in the middle of a message or a
     * batch, so that the session cannot go on. Every message after the first failing one is skipped up to Sync.
     */
    static int expectedReady(ByteBuf request) {
        int at = request.readerIndex();
        int end = request.writerIndex();
        int ready = 0;
        boolean complete = true;
        while (at < end) {
            if (end - at < 5) {
                return -1;
            }
            byte type = request.getByte(at);
            int length = request.getInt(at + 1);
            if (length < 4 || length > end - at - 1) {
                return -1;
            }
            complete = type == FrontendMessageType.QUERY
                    || type == FrontendMessageType.SYNC
                    || type == FrontendMessageType.FUNCTION_CALL;
            if (complete) {
                ready++;
            }
            at += 1 + length;
        }
        return complete && ready == 1 ? 1 : -1;
    }
}

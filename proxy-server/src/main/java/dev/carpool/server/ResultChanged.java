package dev.carpool.server;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import static dev.carpool.protocol.BackendMessageType.ERROR_RESPONSE;

/** What PostgreSQL says where a statement's result is not any more what it was; drivers know it by SQLSTATE and routine. */
public final class ResultChanged {
    /** SQLSTATE of "cached plan must not change result type" (feature_not_supported). */
    static final String SQL_STATE = "0A000";

    public static final OutstandingRequests.Replacement ERROR = new OutstandingRequests.Replacement(message());

    private ResultChanged() {}

    private static byte[] message() {
        String fields = "SERROR\0VERROR\0C" + SQL_STATE
                + "\0Mcached plan must not change result type\0Fplancache.c\0RRevalidateCachedQuery\0\0";
        ByteBuffer message = ByteBuffer.allocate(1 + Integer.BYTES + fields.length());
        message.put(ERROR_RESPONSE).putInt(message.capacity() - 1);
        return message.put(fields.getBytes(StandardCharsets.US_ASCII)).array();
    }
}

package dev.carpool.protocol;

/**
 * Type bytes of the messages a client sends (PostgreSQL manual, "Message Formats", marked F).
 * Bytes instead of an enum: they are compared once per forwarded message.
 */
public final class FrontendMessageType {
    public static final byte BIND = 'B';
    public static final byte CLOSE = 'C';
    public static final byte COPY_DATA = 'd';
    public static final byte COPY_DONE = 'c';
    public static final byte COPY_FAIL = 'f';
    public static final byte DESCRIBE = 'D';
    public static final byte EXECUTE = 'E';
    public static final byte FLUSH = 'H';
    public static final byte FUNCTION_CALL = 'F';
    public static final byte PARSE = 'P';
    /** PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse share this byte. */
    public static final byte PASSWORD = 'p';

    public static final byte QUERY = 'Q';
    public static final byte SYNC = 'S';
    public static final byte TERMINATE = 'X';

    /** Longest message that PostgreSQL accepts where it may carry data (PQ_LARGE_MESSAGE_LIMIT). */
    public static final int LARGE_LIMIT = 0x3fffffff;

    /** Longest message that PostgreSQL accepts elsewhere (PQ_SMALL_MESSAGE_LIMIT). */
    public static final int SMALL_LIMIT = 10_000;

    private FrontendMessageType() {}

    /** The largest length PostgreSQL accepts for this type after login, or 0 when it knows no such type. */
    public static int limit(byte type) {
        return switch (type) {
            case BIND, COPY_DATA, FUNCTION_CALL, PARSE, QUERY -> LARGE_LIMIT;
            case CLOSE, COPY_DONE, COPY_FAIL, DESCRIBE, EXECUTE, FLUSH, SYNC, TERMINATE -> SMALL_LIMIT;
            default -> 0;
        };
    }
}

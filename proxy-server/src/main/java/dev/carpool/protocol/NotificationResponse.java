package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * A NotificationResponse (PostgreSQL manual, "Message Formats"), kept as it came.
 *
 * @param processId the server process that has notified
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record NotificationResponse(int processId, String channel, byte[] message) {
    private static final int CHANNEL_AT = 9;

    /** Reads a whole message; {@code at} is the index of its type byte. */
    public static NotificationResponse decode(ByteBuf in, int at, int end) {
        int channelEnd = end - at > CHANNEL_AT ? in.indexOf(at + CHANNEL_AT, end, (byte) 0) : -1;
        if (channelEnd < 0) {
            throw new ProtocolViolation("invalid NotificationResponse");
        }
        byte[] message = new byte[end - at];
        in.getBytes(at, message);
        String channel = in.toString(at + CHANNEL_AT, channelEnd - at - CHANNEL_AT, StandardCharsets.UTF_8);
        return new NotificationResponse(in.getInt(at + 5), channel, message);
    }

    /** The same with another process as the one that has notified. */
    public NotificationResponse from(int otherProcessId) {
        if (otherProcessId == processId) {
            return this;
        }
        byte[] changed = message.clone();
        changed[5] = (byte) (otherProcessId >>> 24);
        changed[6] = (byte) (otherProcessId >>> 16);
        changed[7] = (byte) (otherProcessId >>> 8);
        changed[8] = (byte) otherProcessId;
        return new NotificationResponse(otherProcessId, channel, changed);
    }
}

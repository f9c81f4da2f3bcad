package dev.carpool.listen;

import dev.carpool.protocol.NotificationResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A notification that parts what a session is told by its own server connection, which listens too, from what the shared
 * listener tells it: PostgreSQL sends notifications to all that listen in the same order, so what comes in front of it has
 * come by the one, and what comes behind it will come by the other. Nothing is lost and nothing comes twice, however late
 * either of the two is.
 *
 * @param channel on which the listener listens for all its sessions; nobody else knows it
 * @param payload tells which handover it is
 */
record Handover(String channel, String payload) {
    /** Where the channel begins in a NotificationResponse. */
    private static final int CHANNEL_AT = 9;

    /** What this notification says, if it is one on the channel of handovers. */
    static Handover of(NotificationResponse notification) {
        byte[] message = notification.message();
        String text = new String(message, CHANNEL_AT, message.length - CHANNEL_AT, StandardCharsets.UTF_8);
        int payload = notification.channel().length() + 1;
        return new Handover(notification.channel(), text.substring(payload, Math.max(payload, text.length() - 1)));
    }

    /** What the session's server connection has to be asked, one after the other, outside a transaction. */
    List<String> sql() {
        return List.of(
                "SET LOCAL synchronous_commit TO off;LISTEN \"" + channel + "\";NOTIFY \"" + channel + "\", '" + payload
                        + "'",
                "UNLISTEN \"" + channel + '"');
    }
}

package dev.carpool.relay;

import dev.carpool.error.ErrorReply;
import dev.carpool.params.ParameterValues;
import io.netty.buffer.ByteBuf;

/** The client session's side of a {@link Link}. All calls happen on the session's event loop. */
public interface ClientEnd {
    /** Writes reply bytes without flushing; takes ownership. */
    void reply(ByteBuf run);

    void flushReplies();

    boolean isWritable();

    /** Backpressure: whether requests are read from the client. */
    void readRequests(boolean on);

    /** The settings the session has, as it will have them on any server connection. */
    ParameterValues wanted();

    void wanted(ParameterValues values);

    /** RESET or DISCARD ALL: what the session has not set since goes back to what its client started with. */
    void settingsWentBack();

    /** What the link has let wait can go on: calls {@link Link#resume} and ends the session when it is to end. */
    void resumeRequests();

    /** The link has ended as it should; the session is ready for its next request. */
    void unlinked();

    /** The link has ended with an error; {@code serverMessage} is sent in place of the reply when there is one. */
    void linkFailed(ErrorReply reply);

    /** The server connection was lost; the error has the severity the session must take. */
    void serverLost(ErrorReply reply, boolean sessionGoesOn);

    /** The link has ended in the middle of a reply: nothing can be said any more. */
    void linkTorn();

    /** How log lines name the session. */
    String label();
}

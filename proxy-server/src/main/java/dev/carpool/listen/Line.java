package dev.carpool.listen;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.NotificationResponse;

/** The server connection of a {@link ListenerHub}, from the wish for one to its end. On the hub's event loop. */
interface Line {
    /** Sets it up; {@link Events#opened} or {@link Events#refused} follows, perhaps before this returns. */
    void open();

    /** Sends a simple query; one {@link Events#answered} follows, or {@link Events#lost}. */
    void ask(String sql);

    /** Whether it should be closed and opened again: RECONNECT, changed settings, PAUSE. */
    boolean isOutdated();

    /** Closes it, or gives up the wish; nothing is told any more. */
    void close();

    /** What happens on it. */
    interface Events {
        void opened();

        /** There is none to be had; the end of this line. */
        void refused(ErrorReply reply);

        /** The query has failed; {@link #answered} follows. */
        void failed(ErrorReply reply);

        void answered();

        void notified(NotificationResponse notification);

        /** The end of this line. */
        void lost();
    }

    /** Makes lines. */
    interface Maker {
        /** @param like whose login is used */
        Line make(ServerPool like, Events events);

        /** Whether connections are handed out at all. */
        boolean mayOpen(ServerPool like);
    }
}

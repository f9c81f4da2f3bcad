package dev.carpool.listen;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import java.util.List;
import java.util.concurrent.Executor;

/** A client session as the shared listener sees it. All calls but those marked happen on its event loop. */
public interface ListeningSession {
    /** Runs what belongs on the session's event loop. Any thread. */
    Executor executor();

    /** Where the session's server connections come from: the listener logs in as it does. Any thread. */
    ServerPool pool();

    /** Something waits in {@link Subscription#take}. Called once until that has been emptied. */
    void notificationsWait();

    /** The session has not taken its notifications and has lost some: it must end. */
    void overflowed(ErrorReply reply);

    /** What a change of channels has come to; one of these is called, once. */
    interface Answer {
        /** Whatever is committed from now on on these channels will be delivered. */
        void listening();

        /**
         * The same holds for what comes behind this: the server connection that listens meanwhile must be asked it outside a
         * transaction. {@link Subscription#handedOver} or {@link Subscription#keepsOwn} follows.
         */
        void handOver(List<String> sql);

        /** There is no listener; the channels that were new are as they were before. */
        void refused(ErrorReply reply);
    }
}

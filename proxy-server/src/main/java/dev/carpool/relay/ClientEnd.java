package dev.carpool.relay;

import dev.carpool.error.ErrorReply;
import dev.carpool.params.CustomSettings;
import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.ClusterChange;
import dev.carpool.suspicion.Effects;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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

    /**
     * The session gets a server connection with these {@link ServerConnection#defaults}. Where they are not those it has
     * begun with, it wants the latter from now on: its client was told so.
     */
    void meets(ParameterValues defaults);

    /** The settings the client has asked for at its login. */
    ParameterValues started();

    /** What the session knows of sequences. */
    SequenceState sequences();

    /** Custom settings that sessions have used. */
    CustomSettings customSettings();

    /** RESET or DISCARD ALL: what the session has not set since goes back to what its client started with. */
    void settingsWentBack();

    /** What the link has let wait can go on: calls {@link Link#resume} and ends the session when it is to end. */
    void resumeRequests();

    /** The process id the client was told. */
    int processId();

    /** The channels that the shared listener serves for the session; empty for most. */
    Set<String> channels();

    /**
     * What the session listens on from now on, by way of the shared listener; the answer may come before this returns. In
     * vain it stays as it was, but for channels given up.
     */
    void listen(Set<String> channels, ListenAnswer answer);

    /** What has become of {@link #listen}; one of these is called, unless the session ends. */
    interface ListenAnswer {
        /** What is committed from now on is delivered by the shared listener. */
        void listening();

        /**
         * The same holds for what comes behind this, which the server connection that listens must be asked outside a
         * transaction: {@link ClientEnd#handedOver} or {@link ClientEnd#keepsOwn} says what has become of it.
         */
        void handOver(List<String> sql);

        /** There is no listener: the server connection that listens has to be kept. */
        void refused(ErrorReply reply);
    }

    /** The server connection has been asked, or is gone: the rest is left to the shared listener. */
    void handedOver();

    /** It could not be asked: what the session listens on besides is left to its server connection. */
    void keepsOwn();

    /** Runs {@code then} when {@link #deliver} has the notifications of everything committed before this call. */
    void catchUp(Runnable then);

    /** Writes the notifications that wait; the client must be between transactions and messages. */
    void deliver();

    /**
     * Runs {@code then}, later, when everybody has been told what was notified before this call. Returns false, and does
     * nothing, if nobody listens.
     */
    boolean passOn(Runnable then);

    /**
     * A notification on the server connection itself; what of it goes to the client, null for nothing.
     *
     * @param working whether a request is being answered: {@link #deliver} or {@link #deliverEarly} will follow
     * @param caughtUp whether the listener may have been asked already for what it tells in front of that answer
     */
    byte @Nullable [] notified(NotificationResponse notification, boolean working, boolean caughtUp);

    /** Writes what {@link #notified} has kept. */
    void deliverEarly();

    /**
     * A transaction has ended, and the session keeps its server connection.
     *
     * @param fresh the reasons that are new since it was last said
     * @return with what to end the session because it may not; null if it may
     */
    @Nullable
    ErrorReply pinned(Pin pin, List<PinReason> fresh);

    /** What {@link #pinned} has said does not hold any more: the link has ended. */
    void unpinned();

    /** Whether {@link #ran} wants to know of statements. */
    boolean isReporting();

    /** A statement, or its beginning, is being run. */
    void ran(Effects effects, String statement, boolean standardStrings);

    /**
     * A statement that is to be sent needs databases for itself: the proxy closes what nobody uses of them, and opens
     * nothing there until {@link #leaveDatabases}. Runs {@code then} later, never before this returns.
     */
    void emptyDatabases(Set<String> databases, Runnable then);

    /** The statement has ended. */
    void leaveDatabases();

    /**
     * A request that is to be sent names sessions by the process ids that their clients were told. Those that it signals stay
     * on the server connections they have, or get one, until {@link #letSessionsGo}. Runs {@code then} later, never before
     * this returns, with the server's process ids by those told, as far as there are such sessions and they have a server
     * connection.
     */
    void serverProcesses(ToldIds ids, Consumer<Map<Integer, Integer>> then);

    /** The request that signals has ended. */
    void letSessionsGo();

    /** Roles or databases have been changed, and it is committed; called before the client is told so. */
    void clusterChanged(List<ClusterChange> changes);

    /** The link has ended as it should; the session is ready for its next request. */
    void unlinked();

    /** The server connection was lost before it has seen these requests: they are dealt with anew. Takes ownership. */
    void requestsLeft(List<ByteBuf> requests);

    /** The link has ended with an error; {@code serverMessage} is sent in place of the reply when there is one. */
    void linkFailed(ErrorReply reply);

    /** The server connection was lost; the error has the severity the session must take. */
    void serverLost(ErrorReply reply, boolean sessionGoesOn);

    /** The link has ended in the middle of a reply: nothing can be said any more. */
    void linkTorn();

    /** How log lines name the session. */
    String label();
}

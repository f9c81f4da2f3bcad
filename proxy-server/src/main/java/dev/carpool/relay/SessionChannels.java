package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.error.ErrorReply;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.protocol.WireReader;
import dev.carpool.server.ListenSql;
import dev.carpool.suspicion.Suspicion;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a link does for a session that listens: brings its channels along, gives those a probe has found to the shared
 * listener, and holds ReadyForQuery back, and UNLISTEN, until the client has been told what was notified before it; and for
 * one that notifies: keeps its server connection until others have been told. Begins anew with each link; confined to the
 * session's event loop.
 */
final class SessionChannels {
    private static final Logger log = LoggerFactory.getLogger(SessionChannels.class);

    /** The server connection listens on channels of the session: brought along, or found by a probe. */
    private boolean listens;

    /** They are to be brought along when the connection has the settings of the session. */
    private boolean brings;

    /** The shared listener has been asked to take over. */
    private boolean joining;

    /** The client has been told nevertheless that it listens. */
    private boolean toldEarly;

    /** How often it has been. */
    private int joins;

    /** What the server connection is to be asked for that when nothing else is; null for nothing. */
    private @Nullable List<String> handover;

    /** It has been asked. */
    private boolean handingOver;

    /** In vain. */
    private boolean handoverFailed;

    /** The last ReadyForQuery has been kept back until the client has been told what comes before it. */
    private boolean readyHeld;

    /** The status of that ReadyForQuery. */
    private byte heldStatus;

    /** What comes before it are settings as well. */
    private boolean tellsSettings;

    /** It waits for what was notified, and for nothing else. */
    private boolean catchingUp;

    /** How often that has happened to the session. */
    private int catchUps;

    /** What the session has notified is on its way to others. */
    private boolean passingOn;

    private enum Telling {
        NOTHING,
        RUNNING,
        DONE
    }

    /** What was notified before a request that may give channels up. */
    private Telling telling = Telling.NOTHING;

    /** A link begins: the session finds the channels it listens on, and adds to them, on whatever connection it has. */
    void begin(Link link) {
        Set<String> channels = link.client().channels();
        listens = !channels.isEmpty() && link.mode() != PoolingMode.SESSION;
        joining = false;
        toldEarly = false;
        handover = null;
        handingOver = false;
        readyHeld = false;
        tellsSettings = false;
        catchingUp = false;
        passingOn = false;
        telling = Telling.NOTHING;
        brings = listens;
        if (!link.requests().isPaused()) {
            bring(link);
        }
    }

    /** The server connection has the settings of the session, and gets its channels. */
    void bring(Link link) {
        if (brings) {
            brings = false;
            link.server().ask(ListenSql.listen(link.client().channels()));
        }
    }

    /** Whether the server connection listens on channels of the session. */
    boolean areOnServer() {
        return listens;
    }

    /** Whether the shared listener has been asked to take over and has not done so. */
    boolean isJoining() {
        return joining;
    }

    /** Whether it may never do so, and the server connection alone listens. */
    boolean areInDoubt() {
        return joining && handover == null && !handingOver;
    }

    /** Whether the client has been told nevertheless that the session listens. */
    boolean isToldEarly() {
        return toldEarly;
    }

    /** A probe has been answered with these channels: the shared listener takes over, or the session keeps the connection. */
    void learn(Set<String> found, Link link) {
        listens = !found.isEmpty();
        Set<String> channels = new HashSet<>();
        found.forEach(channel -> channels.add(WireReader.text(channel)));
        if (listens && !isUtf8(link)) {
            link.state().foundPin(PinReason.LISTEN, link); // the shared listener speaks UTF-8
            channels.retainAll(link.client().channels());
            join(channels, link);
        } else if (!joining && channels.equals(link.client().channels())) {
            link.unlinkIfNothingIsAsked();
        } else {
            join(channels, link);
        }
    }

    private static boolean isUtf8(Link link) {
        String encoding = link.server().reported().get("client_encoding");
        return encoding == null || encoding.equals("UTF8") || encoding.equals("SQL_ASCII");
    }

    private void join(Set<String> channels, Link link) {
        joining = true;
        handover = null;
        handingOver = false;
        int number = ++joins;
        link.client().listen(channels, new ClientEnd.ListenAnswer() {
            private boolean isLast() {
                return !link.hasEnded() && number == joins;
            }

            @Override
            public void listening() {
                if (isLast()) {
                    joining = false;
                    link.unlinkIfNothingIsAsked();
                }
            }

            @Override
            public void handOver(List<String> sql) {
                if (link.hasEnded()) {
                    link.client().handedOver();
                } else if (isLast()) {
                    handover = sql;
                    link.unlinkIfNothingIsAsked();
                }
            }

            @Override
            public void refused(ErrorReply reply) {
                if (isLast()) {
                    joining = false;
                    keepConnection(reply.message(), link);
                    link.unlinkIfNothingIsAsked();
                }
            }
        });
    }

    private static void keepConnection(String why, Link link) {
        log.info("{}: keeps its server connection: {}", link.client().label(), why);
        link.state().foundPin(PinReason.LISTEN, link);
    }

    /**
     * Between transactions: has the shared listener take over where the server connection says so. Returns whether that is
     * being asked.
     */
    boolean handOver(Link link) {
        List<String> sql = handover;
        if (sql != null) {
            handover = null;
            handingOver = true;
            handoverFailed = false;
            sql.forEach(one -> link.server().ask(one, () -> handoverFailed = true));
            link.server().flush();
            return true;
        }
        if (handingOver) {
            handingOver = false;
            joining = false;
            if (handoverFailed) {
                link.client().keepsOwn();
                keepConnection("the shared listener cannot take over", link);
            } else {
                link.client().handedOver();
            }
        }
        return false;
    }

    /** The link has ended. */
    void end(ClientEnd client) {
        if (handover != null || handingOver) {
            handover = null;
            handingOver = false;
            client.handedOver();
        }
    }

    /**
     * Whether the last ReadyForQuery is held, which comes with this status: PostgreSQL tells a session in front of it what
     * was notified meanwhile, its own notifications above all; and with it a client knows that LISTEN has taken effect.
     *
     * @param listening whether the session may have begun to listen
     * @param telling whether the client is to be told of settings first
     */
    boolean holdReady(byte status, boolean listening, boolean telling, Link link) {
        boolean concerned = listening || !link.client().channels().isEmpty();
        readyHeld = telling || (concerned && status == TransactionStatus.IDLE && link.mode() != PoolingMode.SESSION);
        heldStatus = status;
        tellsSettings = telling;
        return readyHeld;
    }

    boolean isReadyHeld() {
        return readyHeld;
    }

    byte heldStatus() {
        return heldStatus;
    }

    /** The status that the ReadyForQuery comes with that is held. */
    void heldStatus(byte status) {
        heldStatus = status;
    }

    /** Whether the client is to be told of settings before the ReadyForQuery that is held. */
    boolean isTellingSettings() {
        return readyHeld && tellsSettings;
    }

    /** Whether a ReadyForQuery waits for what was notified, and for nothing else. */
    boolean isCatchingUp() {
        return catchingUp;
    }

    /** Sends the ReadyForQuery that is held when the client has been told what was notified. */
    void catchUp(Link link) {
        if (catchingUp) {
            return;
        }
        catchingUp = true;
        int mine = ++catchUps;
        link.client().catchUp(() -> {
            if (!link.hasEnded() && catchingUp && mine == catchUps) {
                link.client().deliver();
                link.sendReady();
                link.unlinkIfNothingIsAsked();
                link.repliesRead();
            }
        });
    }

    /**
     * Whether a request may give up channels of the session, with which it is not known yet of what the client is to be told.
     *
     * @param bits of {@link Suspicion}, of what is not part of a batch begun before
     */
    static boolean mayGiveUp(int bits, Link link) {
        return (bits & (Suspicion.LISTEN | Suspicion.DISCARD)) != 0
                && !link.client().channels().isEmpty()
                && link.mode() != PoolingMode.SESSION
                && !link.server().outstanding().isUnsynced();
    }

    /**
     * Whether such a request has to wait until the client has been told what was notified before it; {@link
     * ClientEnd#resumeRequests} follows. In a transaction nobody is told anything: what is given up there is given up.
     */
    boolean mustTell(Link link) {
        if (telling == Telling.DONE) {
            telling = Telling.NOTHING;
            return false;
        }
        if (telling == Telling.RUNNING) {
            return true;
        }
        if (link.server().transactionStatus() != TransactionStatus.IDLE) {
            return false;
        }
        telling = Telling.RUNNING;
        link.client().catchUp(() -> {
            if (!link.hasEnded() && telling == Telling.RUNNING) {
                telling = Telling.DONE;
                link.client().deliver();
                link.client().resumeRequests();
            }
        });
        return true;
    }

    /**
     * Between transactions: whether what the session has notified is still on its way to others. Its server connection is
     * kept so long, because they are told who it was by who has that.
     */
    boolean passesOn(Link link) {
        boolean told = !link.client().channels().isEmpty(); // before its ReadyForQuery
        if (!passingOn && link.state().takeNotified() && !told) {
            passingOn = link.client().passOn(() -> {
                if (!link.hasEnded()) {
                    passingOn = false;
                    link.unlinkIfNothingIsAsked();
                }
            });
        }
        return passingOn;
    }

    /** Whether what the session has notified is on its way to others. */
    boolean isPassingOn() {
        return passingOn;
    }

    /** The ReadyForQuery that was held is being sent. */
    void readySent() {
        toldEarly = areInDoubt();
        readyHeld = false;
        catchingUp = false;
    }
}

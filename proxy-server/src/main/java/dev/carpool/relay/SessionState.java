package dev.carpool.relay;

import dev.carpool.config.PoolingMode;
import dev.carpool.params.ParameterValues;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.SessionProbe;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a client session may have left on the server connection it is linked with: told by its statements and their command
 * tags, and where these cannot tell, by the server ({@link SessionProbe}). Begins anew with each link; confined to the
 * session's event loop, but for {@link #pin}.
 */
final class SessionState {
    private static final Logger log = LoggerFactory.getLogger(SessionState.class);

    /** SQLSTATE query_canceled. */
    private static final String CANCELLED = "57014";

    /** How many probes may be cancelled in a row before the session keeps the connection. */
    private static final int TOLERATED_CANCELS = 5;

    /** Bits of {@link Suspicion} that only the server's answer clears up. */
    private static final int ASKED = Suspicion.SQL_PREPARE
            | Suspicion.LISTEN
            | Suspicion.TEMP
            | Suspicion.ADVISORY_LOCK
            | Suspicion.HELD_CURSOR
            | Suspicion.DO_OR_CALL
            | Suspicion.UNCLEAR
            | Suspicion.UNKNOWN_CALL
            | Suspicion.DISCARD
            | Suspicion.SET_CONFIG
            | Suspicion.SET
            | Suspicion.WENT_BACK;

    /** Those among them of which it cannot be hoped that they leave nothing. */
    private static final int DOUBTFUL = ASKED & ~Suspicion.UNKNOWN_CALL;

    private final Pins pins = new Pins();
    private final SessionSettings settings = new SessionSettings();
    private final ClusterWork cluster = new ClusterWork();
    private final ToldProcesses processes = new ToldProcesses();

    /** Bits of {@link Suspicion}: what may have been left on the connection and has to be asked for. */
    private int suspicion;

    /** Bits of {@link Suspicion}: the same, and the answer is on its way. */
    private int probed;

    /** Tags of {@link Suspicion} seen since the last transaction ended. */
    private int tags;

    /** The server has reported since that a setting is what it is without the client, who has started with another value. */
    private boolean seenGoingBack;

    /** What has been sent may make or change functions that act where no statement names them. */
    private boolean defines;

    /** How many transactions have ended with a tag since. */
    private int endings;

    /** A request has failed since. */
    private boolean failed;

    /** How many transactions have ended since the server was last asked. */
    private int unasked;

    /** How many had, of which it has been asked and has not answered. */
    private int asked;

    /** A statement that is not answered may have changed a setting that decides what texts mean. */
    private boolean meaningOwed;

    /** This transaction may have changed one that PostgreSQL does not report. */
    private boolean meaningUnseen;

    /** How often settings of that kind may have changed in the life of the session. */
    private long meaningChanges;

    /** The beginning of the last suspicious statement; null for none. */
    private @Nullable String suspect;

    /** The connection holds what only DISCARD ALL clears. */
    private boolean resetNeeded;

    /** How many probes have failed in a row. */
    private int probeFailures;

    /** A link begins: nothing has been left. */
    void begin() {
        pins.begin();
        settings.begin();
        cluster.begin();
        processes.begin();
        suspicion = Suspicion.NONE;
        probed = Suspicion.NONE;
        tags = Suspicion.NONE;
        defines = false;
        seenGoingBack = false;
        endings = 0;
        failed = false;
        unasked = 0;
        asked = 0;
        meaningOwed = false;
        meaningUnseen = false;
        suspect = null;
        resetNeeded = false;
        probeFailures = 0;
    }

    /** The link has ended. */
    void end(Link link) {
        ClientEnd client = link.client();
        if (defines) {
            link.server().lookForHiddenEffectsSoon(); // what has been sent may be committed still
        }
        suspect = null;
        pins.end(client);
        cluster.end(client);
        processes.end(client);
    }

    /** The process ids that clients were told, in what the statements ask. */
    ToldProcesses processes() {
        return processes;
    }

    /** Another session is about to signal the server process. */
    void hold() {
        pins.hold();
    }

    /** It is not any more. */
    void letGo() {
        pins.letGo();
    }

    /** What the statements do to roles and databases. */
    ClusterWork cluster() {
        return cluster;
    }

    /** That the session keeps the connection between transactions, null when it does not. Any thread. */
    @Nullable
    Pin pin() {
        return pins.pin();
    }

    /** Whether the session keeps the connection between transactions. */
    boolean isPinned() {
        return !pins.isEmpty();
    }

    /** A transaction has ended, and the session keeps the connection. */
    void staysPinned(Link link) {
        pins.tell(link);
    }

    /** The last probe has found a reason to keep the connection. */
    void foundPin(PinReason reason, Link link) {
        pins.found(reason, suspect, link);
    }

    /** Whether a statement of this link may have left one of these behind and nothing has cleared that up: bits. */
    boolean isSuspected(int bits) {
        return (suspicion & bits) != 0;
    }

    /** Whether a statement may have notified others since the last call. */
    boolean takeNotified() {
        boolean notified = isSuspected(Suspicion.NOTIFY);
        suspicion &= ~Suspicion.NOTIFY;
        return notified;
    }

    /** Whether the connection holds what only DISCARD ALL clears. */
    boolean isResetNeeded() {
        return resetNeeded;
    }

    /** Whether the session holds what nothing but the end of the connection clears. */
    boolean isBeyondReset() {
        return pins.has(PinReason.HIDDEN_STATE);
    }

    /** Whether anything may have been left that the next session must not find. */
    boolean isSuspicious() {
        return isPinned() || resetNeeded || settings.areTouched() || isSuspected(Suspicion.STATEFUL);
    }

    /** Whether all the session holds is known, and no more than what any connection can be given. */
    boolean isMovable() {
        return pins.isEmpty() && ((probed | suspicion) & DOUBTFUL) == 0 && !settings.areUncertain();
    }

    /** Whether a transaction that has ended may have left what is not known, with which a later one may reckon. */
    boolean isLeftInDoubt() {
        int left = unasked > 0 ? probed | suspicion : probed;
        return (left & DOUBTFUL) != 0 || (unasked > 0 && settings.areUncertain());
    }

    /** Whether that may be others than the last one that has ended. */
    boolean areSeveralInDoubt() {
        return asked + unasked > 1;
    }

    /** Whether it is in doubt what settings the session wants. */
    boolean isDoubtful(ServerConnection server) {
        return server.isProbing() || isSuspected(ASKED) || settings.areDoubtful();
    }

    // What requests do

    /** Notes what a statement may leave behind. */
    void suspect(int bits, Link link) {
        ClientEnd client = link.client();
        if (client.isReporting()) {
            client.ran((bits & Suspicion.STATEFUL) == 0 ? Effects.NONE : Effects.unread(bits), "", true);
        }
        suspicion |= bits;
        settings.goesOn();
        if ((bits & Suspicion.UNSEEN_SETTINGS) != 0) {
            settings.askForAll();
        }
    }

    /** The connection gets what only DISCARD ALL clears. */
    void needsReset() {
        resetNeeded = true;
    }

    /**
     * A request that has to do with sequences goes to the server next. Returns whether the server must discard what it
     * knows of sequences before.
     */
    boolean usesSequences(int bits, Link link) {
        if ((bits & Suspicion.USES_SEQUENCES) == 0 || link.mode() == PoolingMode.SESSION) {
            return false;
        }
        SequenceState sequences = link.client().sequences();
        boolean discards = sequences.uses(bits, link.server());
        if (sequences.needs(link.server())) {
            pins.add(PinReason.SEQUENCE, suspect, link);
        }
        return discards;
    }

    /** The same for a request whose text is not known before it is sent. */
    boolean usesUnseenSequences(Link link) {
        return link.mode() != PoolingMode.SESSION && link.client().sequences().usesUnseen(link.server());
    }

    /**
     * Notes what a suspicious statement does; called before its request is queued.
     *
     * @param simple whether the request ends with it (simple query), not with a Sync to come
     * @param settled whether it changes no settings
     */
    void effects(Effects effects, String statement, boolean simple, boolean settled, Link link) {
        ClientEnd client = link.client();
        ServerConnection server = link.server();
        if (client.isReporting()) {
            client.ran(effects, statement, server.hasStandardStrings());
        }
        suspect = statement;
        suspicion |= effects.bits() | (effects.doubtful().isEmpty() ? Suspicion.NONE : Suspicion.WENT_BACK);
        if ((effects.bits() & (Suspicion.HIDDEN_STATE | Suspicion.LOAD)) != 0) {
            pins.add(PinReason.HIDDEN_STATE, suspect, link);
        }
        if ((effects.bits() & Suspicion.BACKEND_PID) != 0) {
            pins.add(PinReason.BACKEND_PID, suspect, link);
            server.toldProcessId(server.processId()); // now the client knows this one, and will look for it
        }
        if (!settled) {
            settings.add(effects, simple, link);
        }
    }

    /** A statement leaves something behind that only the end of the connection clears. */
    void hides(String statement, Link link) {
        suspect = statement;
        pins.add(PinReason.HIDDEN_STATE, suspect, link);
    }

    /** A setting may change whose name a bind parameter gives. */
    void changesSetting(String name) {
        settings.ask(name);
    }

    /** A setting may change that decides what texts mean, for the transaction alone perhaps. */
    void changesMeaning(boolean reported) {
        meaningChanges++;
        meaningOwed = true;
        meaningUnseen |= !reported;
    }

    /** Changes when they may have changed. */
    long meaningChanges() {
        return meaningChanges;
    }

    /** Whether the settings that decide what the next text means are those that are known. */
    boolean isMeaningKnown(ServerConnection server) {
        if (meaningOwed && isAnswered(server)) {
            meaningOwed = false;
        }
        return !meaningOwed && !meaningUnseen;
    }

    /** PostgreSQL reports settings in front of ReadyForQuery. */
    private static boolean isAnswered(ServerConnection server) {
        return server.outstanding().isEmpty() && !server.outstanding().isUnsynced();
    }

    /** A statement may make or change functions, triggers and the like without its command tag telling. */
    void mayDefine() {
        defines = true;
    }

    /** A Sync is being sent. */
    void synced(Link link) {
        settings.synced(link);
    }

    // What replies tell

    /**
     * A statement has ended.
     *
     * @param bits of its command tag
     */
    void completed(int bits, Link link) {
        // Of SET and the like the text tells more than the tag.
        suspicion |= bits & Suspicion.LISTEN;
        if ((bits & Suspicion.SQL_PREPARE) != 0) {
            preparedInSql((bits & Suspicion.DEALLOCATED_ALL) != 0, link);
        }
        if ((bits & Suspicion.DISCARD) != 0 && link.channels().areOnServer()) {
            suspicion |= Suspicion.LISTEN;
        }
        tags |= bits;
        boolean temporary = (bits & Suspicion.TABLE) != 0 && isSuspected(Suspicion.TEMP);
        defines |= !temporary && (bits & Suspicion.DEFINES) != 0;
        if ((bits & Suspicion.ROLLED_BACK) != 0) {
            meaningChanges++;
        }
        boolean unbinds = (bits & (Suspicion.DROPPED | Suspicion.DISCARD)) != 0;
        if (unbinds && (pins.has(PinReason.TEMP) || pins.has(PinReason.HELD_CURSOR))) {
            suspicion |= Suspicion.TEMP;
        } else if ((bits & Suspicion.WENT_BACK) != 0 && isPinned()) {
            suspicion |= Suspicion.TEMP;
        }
        if ((bits & (Suspicion.COMMITTED | Suspicion.ROLLED_BACK)) != 0) {
            endings++;
        }
        if ((bits & Suspicion.SEQUENCES_DISCARDED) != 0) {
            link.client().sequences().discarded(link.server());
            pins.remove(PinReason.SEQUENCE);
        }
    }

    /** PREPARE or DEALLOCATE has completed. */
    private void preparedInSql(boolean all, Link link) {
        boolean followed =
                all || link.requests().sql().completed(link.server(), settings.areTouched() ? null : link.wanted());
        if (!followed || pins.has(PinReason.SQL_PREPARE)) {
            suspicion |= Suspicion.SQL_PREPARE;
        }
    }

    /** A request of the client has failed, or what the proxy has put in front of it. */
    void requestFailed() {
        failed = true;
    }

    /** A request has ended of which not everything is known that it has prepared. */
    void preparedUnseen() {
        suspicion |= Suspicion.SQL_PREPARE;
    }

    /** Whether the client is not told yet of this value, because the request in progress may have sent the setting back. */
    boolean withholds(String name, String value, Link link) {
        return settings.withholds(name, value, link);
    }

    /** Writes what the client has not been told, see {@link #withholds}. */
    void tellWithheld(ServerConnection server, ByteBuf out) {
        settings.tellWithheld(server, out);
    }

    /** The same when the connection is lost: the client's own values are those that hold. */
    void tellOwn(Link link, ByteBuf out) {
        settings.tellOwn(link, out);
    }

    /** A request has ended in a transaction that goes on, with this status. Returns whether an answer is to be waited for. */
    boolean restore(byte status, Link link) {
        return settings.restore(status, link);
    }

    /** The server has reported a setting. */
    void reported(Link link) {
        ServerConnection server = link.server();
        ParameterValues applied = server.applied();
        ParameterValues explicit = SessionSettings.explicit(applied, link);
        if (explicit != applied) {
            server.settle(explicit);
            seenGoingBack = true;
        }
        link.client().wanted(explicit);
    }

    /**
     * Whether the client is to be told of settings before the ReadyForQuery that comes with this status: what goes back,
     * goes back to what it has started with. Inside a transaction that may fail, and the ReadyForQuery tells.
     */
    boolean tellsFirst(byte status, Link link) {
        if (status != TransactionStatus.IDLE) {
            return settings.areRestored() && link.requests().isPausedForAnswers();
        }
        boolean goesBack = seenGoingBack || settings.areRestored() || ((tags | suspicion) & Suspicion.WENT_BACK) != 0;
        return goesBack && link.client().started().any(name -> link.isReported(name) || name.equals("role"));
    }

    /** A transaction has ended. */
    void transactionEnded(Link link) {
        unasked++;
        meaningOwed |= meaningUnseen; // until the server has been asked what holds now, if it has to be
        meaningUnseen &= !isAnswered(link.server());
        int seen = tags;
        int ended = endings;
        boolean error = failed;
        tags = Suspicion.NONE;
        seenGoingBack = false;
        endings = 0;
        failed = false;
        cluster.transactionEnded(seen, error, link.client());
        lookForHiddenEffects(link.server());
        if (!settings.areTouched()) {
            return;
        }
        boolean committed = ended == 0 ? !error : (seen & Suspicion.COMMITTED) != 0;
        // In a batch DISCARD ALL commits at once, whatever fails behind it.
        boolean discarding = error && (seen & Suspicion.DEALLOCATED_ALL) != 0;
        boolean untold = settings.areUncertain()
                || ended > 1
                || (seen & Suspicion.SAVEPOINT) != 0
                || (committed && error)
                || discarding;
        if (untold) {
            settings.cannotBeTold();
            suspicion |= seen & Suspicion.WENT_BACK;
        } else {
            boolean discarded = settings.transactionEnded(committed, link);
            resetNeeded |= discarded && (seen & Suspicion.DEALLOCATED_ALL) == 0;
        }
    }

    /** What a transaction has defined is there for others, and to be found, when it has ended. */
    private void lookForHiddenEffects(ServerConnection server) {
        if (defines) {
            defines = !isAnswered(server);
            server.lookForHiddenEffects();
        }
    }

    /** Nothing waits any more for settings to be restored. */
    void restoresNothing() {
        settings.restoresNothing();
    }

    // Asking the server

    /** Between transactions: asks what the session holds if that is in doubt; returns whether it has asked. */
    boolean ask(Link link) {
        ServerConnection server = link.server();
        if (unasked > 0 && server.probesCatalog(link.queryStartedAt())) {
            return true;
        }
        if (unasked > 0 && server.hasHiddenEffects()) {
            suspect(Suspicion.UNKNOWN_CALL, link);
        } else if (unasked > 0 && server.mayHaveNewFunctions()) {
            server.resetDue(); // whatever is new in the database: what it has set is at least nobody else's
        }
        int ended = unasked;
        unasked = 0;
        if (!settings.areTouched() && !isSuspected(ASKED)) {
            return false;
        }
        SettingsJournal doubtful = settings.take();
        asked += ended;
        probed = suspicion;
        suspicion &= ~ASKED;
        boolean all = (doubtful != null && doubtful.isSweep()) || (probed & Suspicion.WENT_BACK) != 0;
        Set<String> names = new LinkedHashSet<>();
        if (doubtful != null) {
            names.addAll(doubtful.names());
        }
        // A value asked for by name does not tell whether it is the session's own: only a sweep does.
        boolean sweep = all || names.stream().anyMatch(name -> name.indexOf('.') < 0);
        names.removeIf(name -> name.indexOf('.') < 0);
        names.add("role");
        if (all) {
            ClientEnd client = link.client();
            client.customSettings().addAllTo(names);
            client.wanted().names().stream()
                    .filter(name -> name.indexOf('.') > 0)
                    .forEach(names::add);
        }
        link.stats().sessionState().probe(sweep);
        server.probe(names, sweep);
        return true;
    }

    /** Whether the server's answer may tell that settings have gone back, so that the client's own have to follow. */
    boolean mayHaveGoneBack(Link link) {
        int bits = probed | suspicion;
        return (bits & Suspicion.WENT_BACK) != 0
                || settings.areLookedUp(link.client().started())
                || ((bits & Suspicion.UNSEEN_SETTINGS) != 0
                        && link.client().started().any(name -> !link.isReported(name)));
    }

    /** Takes what the server has answered, but for channels. */
    void learn(SessionProbe answer, Link link) {
        probeFailures = 0;
        pins.probed();
        if ((answer.held() & SessionProbe.ADVISORY_LOCKS) != 0) {
            foundPin(PinReason.ADVISORY_LOCK, link);
        }
        if ((answer.held() & SessionProbe.TEMPORARY_OBJECTS) != 0) {
            foundPin(PinReason.TEMP, link);
        }
        if ((answer.held() & SessionProbe.HELD_CURSORS) != 0) {
            foundPin(PinReason.HELD_CURSOR, link);
        }
        if (!link.requests().sql().learn(answer.prepared(), link.server())) {
            foundPin(PinReason.SQL_PREPARE, link);
        }
        settings.learn(answer, link);
        if ((probed & Suspicion.WENT_BACK) != 0) {
            link.client().settingsWentBack();
        }
        if ((probed & Suspicion.UNSEEN_SETTINGS) != 0) {
            link.server().resetDue();
        }
        probed = Suspicion.NONE;
        asked = 0;
    }

    /**
     * The server has not answered: what the session holds is not known, and the next transaction's end asks again. Returns
     * whether to ask again at once; else the session keeps the connection.
     */
    boolean probeFailed(String sqlState, Link link) {
        link.stats().sessionState().probeFailed();
        suspicion |= probed | Suspicion.UNCLEAR;
        settings.askForAll();
        probed = Suspicion.NONE;
        unasked += asked;
        asked = 0;
        // A cancel was meant for the client's query before; a statement_timeout looks the same, and does not go away.
        int tolerated = sqlState.equals(CANCELLED) ? TOLERATED_CANCELS : 1;
        if (++probeFailures <= tolerated) {
            return true;
        }
        log.warn(
                "{}: the state of the session cannot be read: {}", link.client().label(), sqlState);
        pins.add(PinReason.UNKNOWN, suspect, link);
        staysPinned(link);
        return false;
    }
}

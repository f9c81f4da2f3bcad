package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.listen.ListeningSession;
import dev.carpool.params.CustomSettings;
import dev.carpool.params.ParameterValues;
import dev.carpool.pool.EmptyDatabases;
import dev.carpool.pool.Welcome;
import dev.carpool.prepared.ClientStatements;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.WireReader;
import dev.carpool.relay.ClientEnd;
import dev.carpool.relay.Pin;
import dev.carpool.relay.PinReason;
import dev.carpool.relay.RequestRelay;
import dev.carpool.relay.SequenceState;
import dev.carpool.relay.ToldIds;
import dev.carpool.suspicion.ClusterChange;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.LanguageSettings;
import dev.carpool.suspicion.SettingNames;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The client session's side of its links, from the end of the login on: what of the session outlives each of them, and
 * the way of what they say to the client. Confined to the session's event loop.
 */
final class SessionSide implements ClientEnd {
    private final ClientSession session;
    private final ProxyContext context;
    private final Channel channel;
    private final RequestRelay requests;
    private final SequenceState sequences;
    private final SessionPins pins;

    /** What the client asked for at login; RESET goes back to it. */
    private ParameterValues started;

    /** What the settings are that are not wanted otherwise, as far as the client was told. */
    private ParameterValues defaults;

    private ParameterValues wanted;

    /** What has no schema is looked for and made in the temporary schema first: {@code current_schema()} makes that. */
    private boolean temporaryFirst;

    /** Whether a backslash in a plain string is an ordinary character. */
    private boolean standardStrings;

    /** The session may have a temporary schema: it is not noticed any more that a connection has one. */
    private boolean hasHadSchema;

    /** Sessions that are kept on their server connections for a signal; null for none. */
    private @Nullable SignalledSessions held;

    /** Databases that are kept empty for a statement; null for none. */
    private @Nullable EmptyDatabases emptied;

    /** Null until the session listens for the first time. */
    private @Nullable SessionNotifications notifications;

    /** @param welcome what the client is told */
    SessionSide(ClientSession session, ProxyContext context, Welcome welcome) {
        this.session = session;
        this.context = context;
        this.channel = session.channel();
        this.started = welcome.wanted();
        this.wanted = started;
        this.defaults = welcome.defaults();
        this.pins = new SessionPins(session);
        this.sequences = new SequenceState(session.pool().sequenceReaders());
        this.requests = new RequestRelay(
                channel.alloc(),
                context.statements(),
                session.pool().key(),
                new ClientStatements(context.config().limits().maxClientPreparedBytes()),
                context.config().limits().maxPreparedStatements() > 0,
                (int) Math.min(context.config().limits().maxPacketSize(), Integer.MAX_VALUE));
        noteWanted();
        context.customSettings().add(started.names());
    }

    /** What the connection must not have that serves this first part of a request; null for any. */
    @Nullable
    ServerChoice choice(ByteBuf in) {
        boolean reads = !customSettings().isEmpty() && !requests.customNames().isFull();
        SettingNames named = requests.settingNames(in, reads, standardStrings);
        boolean schema = temporaryFirst && !hasHadSchema;
        if (named.isEmpty() && !schema) {
            return null;
        }
        Set<String> foreign = new HashSet<>();
        for (String name : named.read()) {
            if (requests.customNames().contains(name)) {
                wanted = wanted.contains(name) ? wanted : wanted.with(name, "");
            } else if (!wanted.contains(name)
                    && customSettings().contains(name)
                    && !session.pool().bornWith().contains(name)) {
                foreign.add(name);
            }
        }
        String library = LanguageSettings.ofLibrary(named.made());
        if ((foreign.isEmpty() && library == null && !schema) || !session.pool().mayReplace(System.nanoTime())) {
            return null;
        }
        hasHadSchema |= schema;
        return new ServerChoice(foreign, library == null ? Set.of() : Set.of(library), schema);
    }

    /** The client's side of the relay. */
    RequestRelay requests() {
        return requests;
    }

    @Override
    public void reply(ByteBuf run) {
        session.reply(run);
    }

    @Override
    public void flushReplies() {
        channel.flush();
    }

    @Override
    public boolean isWritable() {
        return session.isWritable();
    }

    @Override
    public void readRequests(boolean on) {
        session.readRequests(on);
    }

    @Override
    public ParameterValues wanted() {
        return wanted;
    }

    @Override
    public void wanted(ParameterValues values) {
        wanted = values;
        noteWanted();
        String name = values.value("application_name");
        session.applicationName(name == null ? "" : WireReader.text(name));
    }

    private void noteWanted() {
        String path = wanted.value("search_path");
        temporaryFirst = path != null && path.startsWith("pg_temp");
        standardStrings = !"off".equals(wanted.value("standard_conforming_strings"));
    }

    @Override
    public void meets(ParameterValues others) {
        if (others == defaults) {
            return;
        }
        ParameterValues.difference(others, defaults, (name, value) -> {
            if (value != null) {
                started = started.contains(name) ? started : started.with(name, value);
                wanted = wanted.contains(name) ? wanted : wanted.with(name, value);
            }
        });
        defaults = others;
    }

    @Override
    public ParameterValues started() {
        return started;
    }

    @Override
    public void settingsWentBack() {
        // What RESET leaves of a custom setting is empty.
        ParameterValues values = wanted;
        wanted(started.withAll(values.only(
                name -> name.indexOf('.') < 0 || !started.contains(name) || !"".equals(values.value(name)))));
    }

    @Override
    public SequenceState sequences() {
        return sequences;
    }

    @Override
    public CustomSettings customSettings() {
        return context.customSettings();
    }

    @Override
    public void resumeRequests() {
        if (session.phase() instanceof LinkedPhase linked) {
            session.guarded(linked::resume);
        }
    }

    @Override
    public int processId() {
        return session.processId();
    }

    @Override
    public Set<String> channels() {
        SessionNotifications mine = notifications;
        return mine == null ? Set.of() : mine.channels();
    }

    @Override
    public void listen(Set<String> channels, ListenAnswer answer) {
        SessionNotifications mine = notifications;
        if (mine == null) {
            if (channels.isEmpty()) {
                answer.listening();
                return;
            }
            mine = new SessionNotifications(session);
            notifications = mine;
        }
        mine.subscription().listen(channels, new ListeningSession.Answer() {
            @Override
            public void listening() {
                answer.listening();
            }

            @Override
            public void handOver(List<String> sql) {
                answer.handOver(sql);
            }

            @Override
            public void refused(ErrorReply reply) {
                answer.refused(reply);
            }
        });
    }

    @Override
    public void handedOver() {
        SessionNotifications mine = notifications;
        if (mine != null) {
            mine.subscription().handedOver();
        }
    }

    @Override
    public void keepsOwn() {
        SessionNotifications mine = notifications;
        if (mine != null) {
            mine.subscription().keepsOwn();
        }
    }

    @Override
    public void catchUp(Runnable then) {
        SessionNotifications mine = notifications;
        if (mine == null) {
            then.run();
            return;
        }
        mine.subscription().catchUp(then);
    }

    @Override
    public void deliver() {
        SessionNotifications mine = notifications;
        if (mine != null) {
            mine.deliver();
        }
    }

    @Override
    public boolean passOn(Runnable then) {
        return context.listeners()
                .catchUp(
                        session.pool().key().database(),
                        () -> channel.eventLoop().execute(then));
    }

    @Override
    public byte @Nullable [] notified(NotificationResponse notification, boolean working, boolean caughtUp) {
        SessionNotifications mine = notifications;
        if (mine != null && (mine.takesOver(notification) || mine.hides(notification))) {
            return null;
        }
        if (mine != null && mine.channels().contains(notification.channel())) {
            if (!caughtUp) {
                mine.passed();
            }
            return null; // the shared listener delivers it
        }
        byte[] message = notification
                .from(session.pool().toldProcessId(notification.processId()))
                .message();
        return working && mine != null && mine.keeps(message) ? null : message;
    }

    @Override
    public void deliverEarly() {
        SessionNotifications mine = notifications;
        if (mine != null) {
            mine.deliverEarly();
        }
    }

    @Override
    public @Nullable ErrorReply pinned(Pin pin, List<PinReason> fresh) {
        hasHadSchema |= fresh.contains(PinReason.TEMP);
        return pins.pinned(pin, fresh);
    }

    @Override
    public void unpinned() {
        pins.unpinned();
    }

    @Override
    public boolean isReporting() {
        return context.config().log().report();
    }

    @Override
    public void ran(Effects effects, String statement, boolean standardStrings) {
        context.report().ran(session.reportedAs(), effects, statement, standardStrings);
    }

    @Override
    public void serverProcesses(ToldIds ids, Consumer<Map<Integer, Integer>> then) {
        if (ids.signalled().isEmpty()) {
            SignalledSessions.find(session, ids, null, then);
        } else {
            held = SignalledSessions.find(session, ids, held, then);
        }
    }

    @Override
    public void letSessionsGo() {
        SignalledSessions mine = held;
        if (mine != null) {
            held = null;
            mine.letGo();
        }
    }

    @Override
    public void emptyDatabases(Set<String> databases, Runnable then) {
        leaveDatabases(); // of a request before
        emptied = context.pools()
                .empty(
                        session.pool().target(),
                        databases,
                        () -> context.sessions().withoutServer(databases, session),
                        channel.eventLoop(),
                        then);
    }

    @Override
    public void leaveDatabases() {
        EmptyDatabases mine = emptied;
        if (mine != null) {
            emptied = null;
            mine.end();
        }
    }

    @Override
    public void clusterChanged(List<ClusterChange> changes) {
        new ClusterChanges(context, session.pool().target()).apply(changes, session);
    }

    @Override
    public void unlinked() {
        session.goOn();
    }

    @Override
    public void requestsLeft(List<ByteBuf> left) {
        unlinked();
        left.forEach(request -> session.guarded(() -> session.phase().bytesArrived(request)));
        session.phase().bytesRead();
    }

    @Override
    public void linkFailed(ErrorReply reply) {
        session.fail(reply);
    }

    @Override
    public void serverLost(ErrorReply reply, boolean sessionGoesOn) {
        if (sessionGoesOn) {
            session.answer(reply, 1);
        } else {
            session.fail(reply);
        }
    }

    @Override
    public void linkTorn() {
        session.close("the server connection was lost in the middle of a reply");
    }

    @Override
    public String label() {
        return SessionLog.label(session);
    }

    /** Nothing is said to the client any more. */
    void close() {
        if (notifications != null) {
            notifications.subscription().close();
        }
        requests.close();
    }
}

package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.ListenSql;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.EventExecutor;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shared listener of one database: one server connection that listens on every channel some session listens on.
 *
 * <p>Everything it asks is one simple query at a time. PostgreSQL sends what was notified before a query's end in front
 * of its ReadyForQuery, so an answer is also the proof that everything committed before the question has been passed on
 * ({@link #catchUp}). That is why a session's own notifications reach it by this way, too: in the order of the commits,
 * once each, and before its request is answered.
 *
 * <p>Confined to its executor, an event loop.
 */
final class ListenerHub implements Line.Events {
    private static final Logger log = LoggerFactory.getLogger(ListenerHub.class);

    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 5000;

    /** How long an answer may take before the connection is given up. */
    private static final long LONGEST_ANSWER = TimeUnit.SECONDS.toNanos(10);

    /** A connection that has been silent so long is asked whether it is there. */
    private static final long LONGEST_SILENCE = TimeUnit.SECONDS.toNanos(30);

    private static final byte[] GAP = gap();

    /** What nobody can guess need not be kept from anybody. */
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Says to a subscription that the connection listens on the channels it has asked for, or will not. */
    interface Joined {
        /** @param handover what is passed on begins behind it; null if there is nothing to pass on */
        void listening(@Nullable Handover handover);

        void refused(ErrorReply reply);
    }

    /** A session that waits for channels. */
    private static final class Joining {
        private final Subscription subscription;
        private final Set<String> channels;
        private final Joined answer;

        private Joining(Subscription subscription, Set<String> channels, Joined answer) {
            this.subscription = subscription;
            this.channels = channels;
            this.answer = answer;
        }
    }

    private final String name;
    private final EventExecutor executor;
    private final Line.Maker maker;
    private final UnaryOperator<NotificationResponse> sender;
    private final Map<String, Set<Subscription>> listeners = new LinkedHashMap<>();

    /** Channels the connection listens on, or will when what is asked is answered. */
    private final Set<String> listened = new HashSet<>();

    /** Channel of the {@link Handover}s, which the connection listens on besides. */
    private final String handovers;

    /** Sessions whose handover is awaited, by its payload. */
    private final Map<String, Subscription> handingOver = new HashMap<>();

    private @Nullable Line line;
    private volatile boolean open;
    private boolean pausing;
    private int failures;

    /** Sessions may have missed something: the connection was lost. */
    private boolean missed;

    private List<Joining> joining = new ArrayList<>();
    private List<Runnable> catchingUp = new ArrayList<>();

    /** What the query in flight answers; null when there is none. */
    private @Nullable List<Joining> joiningAsked;

    private List<Runnable> catchingUpAsked = List.of();
    private long askedAt;
    private long heardAt;
    private @Nullable ErrorReply failure;

    /** @param sender puts the process id that clients know in place of the server's */
    ListenerHub(String name, EventExecutor executor, Line.Maker maker, UnaryOperator<NotificationResponse> sender) {
        this.name = name;
        this.executor = executor;
        this.maker = maker;
        this.sender = sender;
        this.handovers = "carpool_" + HexFormat.of().toHexDigits(RANDOM.nextLong());
    }

    /** Any thread. */
    boolean isHandover(NotificationResponse notification) {
        return notification.channel().equals(handovers);
    }

    /** Any thread. */
    void execute(Runnable task) {
        executor.execute(task);
    }

    /** What a session listens on from now on; {@code answer} is null when there is nothing new. */
    void change(Subscription subscription, Set<String> channels, @Nullable Joined answer) {
        if (subscription.ended) {
            return;
        }
        Set<String> before = subscription.heard;
        subscription.heard = channels;
        subscription.active.retainAll(channels);
        if (answer == null) {
            await(subscription, null, Set.of());
        }
        before.forEach(channel -> forget(channel, subscription));
        channels.forEach(channel -> listeners
                .computeIfAbsent(channel, missing -> new LinkedHashSet<>(2))
                .add(subscription));
        if (answer != null) {
            joining.add(new Joining(subscription, channels, answer));
        }
        proceed();
    }

    private void forget(String channel, Subscription subscription) {
        Set<Subscription> of = listeners.get(channel);
        if (of != null && !subscription.heard.contains(channel)) {
            of.remove(subscription);
            if (of.isEmpty()) {
                listeners.remove(channel);
            }
        }
    }

    void leave(Subscription subscription) {
        change(subscription, Set.of(), null);
        subscription.ended = true;
    }

    /** What the session's own server connection tells from now on is for nobody. */
    void handedOver(Subscription subscription, Handover handover) {
        if (!handover.equals(subscription.awaited)) {
            return;
        }
        catchUp(() -> {
            if (handover.equals(subscription.awaited)) {
                takeOver(subscription);
                subscription.offer(null, GAP); // it was lost with a connection
            }
        });
    }

    private void await(Subscription subscription, @Nullable Handover handover, Set<String> channels) {
        Handover before = subscription.awaited;
        if (before != null) {
            handingOver.remove(before.payload());
        }
        subscription.awaited = handover;
        subscription.handed = channels;
        if (handover != null) {
            handingOver.put(handover.payload(), subscription);
        }
    }

    private void takeOver(Subscription subscription) {
        Set<String> channels = new HashSet<>(subscription.handed);
        channels.retainAll(subscription.heard);
        subscription.active.addAll(channels);
        subscription.takenOver();
        await(subscription, null, Set.of());
    }

    /** Runs {@code then} when everything committed so far has been passed on. */
    void catchUp(Runnable then) {
        if (open) {
            catchingUp.add(then);
            proceed();
        } else {
            then.run();
        }
    }

    /** Does what can be done next. */
    private void proceed() {
        if (listeners.isEmpty()) {
            rest();
        } else if (line == null) {
            connect();
        } else if (open && joiningAsked == null) {
            ask();
        }
    }

    /** Nobody listens. */
    private void rest() {
        Line last = line;
        if (last != null) {
            end();
            last.close();
        }
        missed = false;
        failures = 0;
        // Who waits for channels it has given up meanwhile has what it wants.
        List<Joining> satisfied = joining;
        joining = new ArrayList<>();
        satisfied.forEach(one -> one.answer.listening(null));
    }

    private void connect() {
        if (pausing) {
            return;
        }
        ServerPool like =
                listeners.values().iterator().next().iterator().next().session().pool();
        if (maker.mayOpen(like)) {
            Line next = maker.make(like, this);
            line = next;
            next.open();
        } else {
            refuse(CarpoolError.LISTENER_UNAVAILABLE.reply(name, "the database is paused"));
            tryAgainLater();
        }
    }

    private void ask() {
        StringBuilder sql = new StringBuilder();
        if (listened.isEmpty()) {
            ListenSql.append(sql, "LISTEN", handovers);
        }
        for (String channel : listeners.keySet()) {
            if (listened.add(channel)) {
                ListenSql.append(sql, "LISTEN", channel);
            }
        }
        for (String channel : List.copyOf(listened)) {
            if (!listeners.containsKey(channel)) {
                listened.remove(channel);
                ListenSql.append(sql, "UNLISTEN", channel);
            }
        }
        if (sql.isEmpty() && joining.isEmpty() && catchingUp.isEmpty()) {
            return;
        }
        ask(sql.toString());
    }

    private void ask(String sql) {
        Line to = line;
        if (to == null) {
            return;
        }
        joiningAsked = joining;
        catchingUpAsked = catchingUp;
        joining = new ArrayList<>();
        catchingUp = new ArrayList<>();
        askedAt = System.nanoTime();
        to.ask(sql);
    }

    // The connection

    @Override
    public void opened() {
        open = true;
        heardAt = System.nanoTime();
        proceed();
    }

    @Override
    public void notified(NotificationResponse notification) {
        heardAt = System.nanoTime();
        if (isHandover(notification)) {
            Subscription next = handingOver.get(Handover.of(notification).payload());
            if (next != null) {
                takeOver(next);
            }
            return;
        }
        Set<Subscription> of = listeners.get(notification.channel());
        if (of == null) {
            return;
        }
        byte[] message = sender.apply(notification).message();
        for (Subscription subscription : of) {
            if (subscription.active.contains(notification.channel())) {
                subscription.offer(notification.channel(), message);
            }
        }
    }

    @Override
    public void failed(ErrorReply reply) {
        failure = reply;
    }

    @Override
    public void answered() {
        heardAt = System.nanoTime();
        List<Joining> joined = joiningAsked == null ? List.of() : joiningAsked;
        List<Runnable> caughtUp = catchingUpAsked;
        joiningAsked = null;
        catchingUpAsked = List.of();
        ErrorReply problem = failure;
        failure = null;
        if (problem != null) {
            joining.addAll(0, joined);
            catchingUp.addAll(0, caughtUp);
            giveUp(problem);
            return;
        }
        failures = 0;
        if (missed) {
            missed = false;
            log.info("{}: the listener listens again", name);
            Set<Subscription> all = new LinkedHashSet<>();
            listeners.values().forEach(all::addAll);
            all.stream().filter(one -> !one.active.isEmpty()).forEach(one -> one.offer(null, GAP));
        }
        for (Joining one : joined) {
            if (one.subscription.ended) {
                continue;
            }
            Handover handover = new Handover(handovers, HexFormat.of().toHexDigits(RANDOM.nextLong()));
            await(one.subscription, handover, one.channels);
            one.answer.listening(handover);
        }
        caughtUp.forEach(Runnable::run);
        proceed();
    }

    @Override
    public void refused(ErrorReply reply) {
        giveUp(reply);
    }

    @Override
    public void lost() {
        log.warn("{}: the listener's connection was lost", name);
        end();
        tryAgainLater();
    }

    private void giveUp(ErrorReply reply) {
        log.warn("{}: no listener: {}", name, reply.message());
        Line last = line;
        end();
        if (last != null) {
            last.close();
        }
        refuse(CarpoolError.LISTENER_UNAVAILABLE.reply(name, reply.message()));
        tryAgainLater();
    }

    /** The connection is gone; what was asked of it is asked of the next one. */
    private void end() {
        line = null;
        open = false;
        missed |= listeners.values().stream().anyMatch(all -> all.stream().anyMatch(one -> !one.active.isEmpty()));
        listened.clear();
        failure = null;
        if (joiningAsked != null) {
            joining.addAll(0, joiningAsked);
            joiningAsked = null;
        }
        List<Runnable> released = new ArrayList<>(catchingUpAsked);
        released.addAll(catchingUp);
        catchingUpAsked = List.of();
        catchingUp = new ArrayList<>();
        released.forEach(Runnable::run);
    }

    private void refuse(ErrorReply reply) {
        List<Joining> refused = joining;
        joining = new ArrayList<>();
        for (Joining one : refused) {
            Subscription subscription = one.subscription;
            Set<String> kept = new HashSet<>(subscription.heard);
            kept.removeIf(channel -> one.channels.contains(channel) && !subscription.active.contains(channel));
            Set<String> before = subscription.heard;
            subscription.heard = Set.copyOf(kept);
            before.forEach(channel -> forget(channel, subscription));
            one.answer.refused(reply);
        }
    }

    private void tryAgainLater() {
        if (listeners.isEmpty()) {
            failures = 0;
            missed = false;
            return;
        }
        if (pausing) {
            return;
        }
        pausing = true;
        long pause = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(10, failures));
        failures++;
        executor.schedule(
                () -> {
                    pausing = false;
                    proceed();
                },
                pause,
                TimeUnit.MILLISECONDS);
    }

    /** Periodic: gives up a connection that is not to be used any more, or does not answer. */
    void tick(long now) {
        Line current = line;
        if (current == null || !open) {
            return;
        }
        boolean mute = joiningAsked != null && now - askedAt > LONGEST_ANSWER;
        if (mute || current.isOutdated()) {
            current.close();
            lost();
        } else if (joiningAsked == null && now - heardAt > LONGEST_SILENCE) {
            ask("");
        }
    }

    /** Whether there is a connection for {@link #tick} to look at. Any thread. */
    boolean isOpen() {
        return open;
    }

    private static byte[] gap() {
        ByteBuf out = Unpooled.buffer();
        WireWriter.notice(
                out,
                "WARNING",
                "carpool: notifications may have been missed: the listener's server connection was lost",
                "it listens again");
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }
}

package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The hub with a server connection that does what the test says; time passes when the test says so. */
class ListenerHubTest {
    private static final int LIMIT = 2000;

    private final EmbeddedChannel clock = new EmbeddedChannel();
    private final List<FakeLine> lines = new ArrayList<>();
    private boolean paused;
    private final ListenerHub hub = new ListenerHub(
            "app",
            clock.eventLoop(),
            new Line.Maker() {
                @Override
                public Line make(ServerPool like, Line.Events events) {
                    FakeLine line = new FakeLine(events);
                    lines.add(line);
                    return line;
                }

                @Override
                public boolean mayOpen(ServerPool like) {
                    return !paused;
                }
            },
            notification -> notification.processId() == 7 ? notification.from(70) : notification);

    private final List<Session> sessions = new ArrayList<>();
    private final Session a = new Session();
    private final Session b = new Session();

    private static final Pattern HANDOVERS = Pattern.compile("LISTEN \"(carpool_[^\"]*)\";");

    private static final class FakeLine implements Line {
        final Events events;
        final List<String> asked = new ArrayList<>();
        String handovers = "";
        boolean opening;
        boolean closed;
        boolean outdated;

        FakeLine(Events events) {
            this.events = events;
        }

        @Override
        public void open() {
            opening = true;
        }

        @Override
        public void ask(String sql) {
            Matcher first = HANDOVERS.matcher(sql);
            handovers = first.lookingAt() ? first.group(1) : handovers;
            asked.add(first.replaceFirst(""));
        }

        @Override
        public boolean isOutdated() {
            return outdated;
        }

        @Override
        public void close() {
            closed = true;
        }

        String last() {
            return asked.get(asked.size() - 1);
        }
    }

    private final class Session implements ListeningSession {
        final Subscription subscription = new Subscription(hub, this, LIMIT);
        final List<String> answers = new ArrayList<>();
        String handover = "";
        int announced;

        Session() {
            sessions.add(this);
        }

        /** What both server connections are told where the listener is to take over. */
        NotificationResponse handover() {
            return notification(1, line().handovers, handover);
        }

        Session listen(String... channels) {
            subscription.listen(Set.of(channels), new Answer() {
                @Override
                public void listening() {
                    answers.add("listening");
                }

                @Override
                public void handOver(List<String> sql) {
                    handover = sql.get(0).replaceFirst(".*'(.*)'", "$1");
                }

                @Override
                public void refused(ErrorReply reply) {
                    answers.add("refused");
                }
            });
            run();
            return this;
        }

        @Override
        public Executor executor() {
            return clock.eventLoop();
        }

        @Override
        public ServerPool pool() {
            return null;
        }

        @Override
        public void notificationsWait() {
            announced++;
        }

        @Override
        public void overflowed(ErrorReply reply) {
            answers.add("overflowed " + reply.sqlState());
        }

        String taken() {
            run();
            StringBuilder text = new StringBuilder();
            for (ByteBuf in = subscription.take(UnpooledByteBufAllocator.DEFAULT);
                    in != null;
                    in = subscription.take(UnpooledByteBufAllocator.DEFAULT)) {
                while (in.isReadable()) {
                    byte type = in.readByte();
                    ByteBuf body = in.readSlice(in.readInt() - 4);
                    text.append(text.isEmpty() ? "" : " ");
                    if (type == 'A') {
                        text.append(body.readInt())
                                .append(':')
                                .append(WireReader.cstring(body))
                                .append('=')
                                .append(WireReader.cstring(body));
                    } else {
                        text.append((char) type);
                    }
                }
                in.release();
            }
            return text.toString();
        }
    }

    private void run() {
        clock.runPendingTasks();
    }

    private void pass(long millis) {
        clock.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        clock.runScheduledPendingTasks();
        run();
    }

    private FakeLine line() {
        return lines.get(lines.size() - 1);
    }

    private void opened() {
        line().events.opened();
        run();
    }

    /** An answer, and the handovers that follow. */
    private void answered() {
        line().events.answered();
        run();
        for (Session one : sessions) {
            if (!one.handover.isEmpty()) {
                line().events.notified(one.handover());
                assertTrue(one.subscription.takesOver(one.handover()));
                one.subscription.handedOver();
                one.handover = "";
                one.answers.add("listening");
            }
        }
        run();
    }

    private static NotificationResponse notification(int processId, String channel, String payload) {
        ByteBuf out = Unpooled.buffer();
        int at = WireWriter.begin(out, (byte) 'A');
        out.writeInt(processId);
        WireWriter.cstring(out, channel);
        WireWriter.cstring(out, payload);
        WireWriter.end(out, at);
        return NotificationResponse.decode(out, 0, out.writerIndex());
    }

    private void notified(int processId, String channel, String payload) {
        line().events.notified(notification(processId, channel, payload));
        run();
    }

    /** Both listen on news, a alone on more. */
    private void bothListen() {
        a.listen("news", "more");
        opened();
        answered();
        b.listen("news");
        answered();
        a.answers.clear();
        b.answers.clear();
    }

    @Test
    void theServerIsAskedOnceForEachChannel() {
        a.listen("news");
        assertTrue(line().opening);
        opened();
        assertEquals(List.of("LISTEN \"news\";"), line().asked);
        assertEquals(List.of(), a.answers);
        answered();
        assertEquals(List.of("listening"), a.answers);
        assertEquals(Set.of("news"), a.subscription.channels());
        b.listen("news");
        answered();
        assertEquals(List.of("listening"), b.answers);
        a.listen();
        assertEquals(List.of("LISTEN \"news\";", ""), line().asked);
        b.listen("other");
        assertEquals("LISTEN \"other\";UNLISTEN \"news\";", line().last());
        assertEquals(1, lines.size());
    }

    @Test
    void theListenerTakesOverWhereBothAreToldSo() {
        a.listen("news");
        opened();
        line().events.answered();
        run();
        notified(9, "news", "1");
        NotificationResponse here = a.handover();
        line().events.notified(here);
        notified(9, "news", "2");
        assertEquals(Set.of(), a.subscription.channels());
        assertTrue(a.subscription.takesOver(here));
        assertEquals(Set.of("news"), a.subscription.channels());
        a.subscription.handedOver();
        assertEquals("9:news=2", a.taken());
        assertEquals(1, line().asked.size());
    }

    @Test
    void anotherHandoverIsNone() {
        a.listen("news");
        b.listen("news");
        opened();
        line().events.answered();
        run();
        assertFalse(a.subscription.takesOver(b.handover()));
        line().events.notified(b.handover());
        line().events.notified(notification(1, line().handovers, "none"));
        notified(9, "news", "1");
        assertEquals("", a.taken());
        assertEquals("9:news=1", b.taken());
    }

    @Test
    void aHandoverThatIsLostWithTheConnectionHasTakenPlace() {
        a.listen("news");
        opened();
        line().events.answered();
        run();
        line().events.lost();
        pass(100);
        opened();
        line().events.answered();
        run();
        a.subscription.handedOver();
        run();
        assertEquals("", line().last());
        line().events.answered();
        assertEquals("N", a.taken());
        notified(9, "news", "1");
        assertEquals("9:news=1", a.taken());
    }

    @Test
    void whatTheSessionIsToldByItsOwnConnectionAloneIsNotTheListeners() {
        bothListen();
        b.listen("news", "more");
        line().events.answered();
        run();
        b.subscription.keepsOwn();
        run();
        line().events.notified(b.handover());
        notified(9, "more", "1");
        notified(9, "news", "2");
        assertEquals("9:news=2", b.taken());
        assertEquals(Set.of("news"), b.subscription.channels());
    }

    @Test
    void nothingCountsThatComesBehindTheHandover() {
        bothListen();
        notified(9, "news", "1");
        b.listen("news", "more");
        notified(9, "news", "2");
        answered();
        notified(9, "news", "3");
        assertEquals(2, b.subscription.waiting());
        assertEquals("9:news=1 9:news=2 9:news=3", b.taken());
        assertEquals(0, b.subscription.waiting());
    }

    @Test
    void channelsAreQuoted() {
        a.listen("My \"own\"; channel");
        opened();
        assertEquals("LISTEN \"My \"\"own\"\"; channel\";", line().last());
    }

    @Test
    void whoListensGetsWhatIsNotifiedFromThenOn() {
        bothListen();
        notified(1, "news", "x");
        notified(1, "more", "y");
        notified(1, "none", "z");
        assertEquals("1:news=x 1:more=y", a.taken());
        assertEquals("1:news=x", b.taken());
        assertEquals("", a.taken());
        assertEquals(1, a.announced);
    }

    @Test
    void whatWasNotifiedBeforeTheServersAnswerIsNotDelivered() {
        a.listen("news");
        opened();
        answered();
        b.listen("news");
        notified(1, "news", "early");
        answered();
        notified(1, "news", "late");
        assertEquals("1:news=early 1:news=late", a.taken());
        assertEquals("1:news=late", b.taken());
    }

    @Test
    void unlistenTakesEffectAtOnceAndForWhatWaits() {
        bothListen();
        notified(1, "more", "waiting");
        notified(1, "news", "stays");
        a.listen("news");
        notified(1, "more", "later");
        assertEquals("1:news=stays", a.taken());
        assertEquals(List.of("listening"), a.answers);
        assertEquals("UNLISTEN \"more\";", line().last());
    }

    @Test
    void theProcessIdIsTheOneClientsKnow() {
        bothListen();
        notified(7, "news", "x");
        assertEquals("70:news=x", b.taken());
    }

    @Test
    void theConnectionIsClosedWhenNobodyListens() {
        bothListen();
        a.listen();
        assertFalse(line().closed);
        b.subscription.close();
        run();
        assertTrue(line().closed);
        b.listen("news");
        assertEquals(1, lines.size());
        a.listen("news");
        assertEquals(2, lines.size());
    }

    @Test
    void catchingUpIsAnsweredBehindWhatCameBefore() {
        bothListen();
        List<String> order = new ArrayList<>();
        a.subscription.catchUp(() -> order.add(a.taken()));
        b.subscription.catchUp(() -> order.add("b"));
        run();
        a.subscription.catchUp(() -> order.add("second"));
        run();
        assertEquals("", line().last());
        notified(1, "news", "x");
        answered();
        assertEquals(List.of("1:news=x"), order);
        answered();
        assertEquals(List.of("1:news=x", "b", "second"), order);
        assertEquals(4, line().asked.size());
    }

    @Test
    void afterALossItListensAgainAndSaysThatSomethingMayBeMissing() {
        bothListen();
        List<String> caughtUp = new ArrayList<>();
        a.subscription.catchUp(() -> caughtUp.add("a"));
        run();
        line().events.lost();
        run();
        assertEquals(List.of("a"), caughtUp);
        a.subscription.catchUp(() -> caughtUp.add("at once"));
        run();
        assertEquals(List.of("a", "at once"), caughtUp);
        assertEquals(1, lines.size());
        pass(100);
        assertEquals(2, lines.size());
        line().events.refused(CarpoolError.SERVER_UNREACHABLE.reply("app", "down"));
        pass(199);
        assertEquals(2, lines.size());
        pass(1);
        assertEquals(3, lines.size());
        opened();
        assertEquals(
                Set.of("LISTEN \"news\"", "LISTEN \"more\""),
                Set.of(line().last().split(";")));
        answered();
        notified(1, "news", "x");
        assertEquals("N 1:news=x", a.taken());
        assertEquals("N 1:news=x", b.taken());
        assertEquals(List.of(), a.answers);
    }

    @Test
    void aSessionThatJoinsWhileTheConnectionIsLostWaitsForTheNext() {
        bothListen();
        Session c = new Session();
        c.listen("third");
        assertEquals("LISTEN \"third\";", line().last());
        line().events.lost();
        pass(100);
        opened();
        assertEquals(List.of(), c.answers);
        assertTrue(line().last().contains("LISTEN \"third\";"));
        answered();
        assertEquals(List.of("listening"), c.answers);
        assertEquals("", c.taken());
        assertEquals("N", a.taken());
    }

    @Test
    void whoCannotBeServedIsToldAndForgotten() {
        a.listen("news");
        line().events.refused(CarpoolError.SERVER_UNREACHABLE.reply("app", "full"));
        run();
        assertEquals(List.of("refused"), a.answers);
        assertEquals(Set.of(), a.subscription.channels());
        pass(10_000);
        assertEquals(1, lines.size());
        a.listen("news");
        opened();
        answered();
        assertEquals(List.of("refused", "listening"), a.answers);
    }

    @Test
    void aServerThatRefusesToListenIsLeftAlone() {
        a.listen("news");
        opened();
        line().events.failed(CarpoolError.SERVER_UNREACHABLE.reply("app", "cannot execute LISTEN during recovery"));
        answered();
        assertEquals(List.of("refused"), a.answers);
        assertTrue(line().closed);
    }

    @Test
    void aRefusedChannelLeavesTheOthers() {
        bothListen();
        a.listen("news", "third");
        assertEquals("LISTEN \"third\";UNLISTEN \"more\";", line().last());
        line().events.failed(CarpoolError.SERVER_UNREACHABLE.reply("app", "no"));
        answered();
        assertEquals(List.of("refused"), a.answers);
        assertEquals(Set.of("news"), a.subscription.channels());
        pass(100);
        opened();
        assertEquals("LISTEN \"news\";", line().last());
        answered();
        notified(1, "news", "x");
        assertEquals("N 1:news=x", a.taken());
    }

    @Test
    void pausedDatabasesAreLeftAlone() {
        bothListen();
        paused = true;
        line().outdated = true;
        hub.tick(System.nanoTime());
        assertTrue(line().closed);
        b.listen("news", "third");
        pass(30_000);
        assertEquals(1, lines.size());
        assertEquals(List.of("refused"), b.answers);
        paused = false;
        pass(5000);
        assertEquals(2, lines.size());
    }

    @Test
    void aConnectionThatDoesNotAnswerIsGivenUp() {
        bothListen();
        long now = System.nanoTime();
        hub.tick(now);
        assertEquals(2, line().asked.size());
        hub.tick(now + TimeUnit.SECONDS.toNanos(31));
        assertEquals(3, line().asked.size());
        hub.tick(now + TimeUnit.SECONDS.toNanos(9));
        assertFalse(line().closed);
        hub.tick(now + TimeUnit.SECONDS.toNanos(12));
        assertTrue(line().closed);
        pass(100);
        assertEquals(2, lines.size());
    }

    @Test
    void aSessionThatTakesNothingEndsAndHoldsUpNobody() {
        bothListen();
        String payload = "x".repeat(800);
        notified(1, "news", payload);
        assertEquals(1, b.announced);
        notified(1, "news", payload);
        assertEquals(List.of(), b.answers);
        a.taken();
        notified(1, "news", payload);
        assertEquals(List.of("overflowed 53400"), b.answers);
        assertEquals("", b.taken());
        notified(1, "news", "more");
        assertEquals("1:news=" + payload + " 1:news=more", a.taken());
        assertEquals(List.of(), a.answers);
        assertEquals(List.of("overflowed 53400"), b.answers);
    }

    @Test
    void nothingIsToldToASessionThatHasEnded() {
        a.listen("news");
        opened();
        a.subscription.close();
        answered();
        assertEquals(List.of(), a.answers);
        assertTrue(line().closed);
    }

    @Test
    void aRepeatedListenIsAnsweredAtOnce() {
        bothListen();
        a.listen("news", "more");
        assertEquals(List.of("listening"), a.answers);
        assertEquals(2, line().asked.size());
    }
}

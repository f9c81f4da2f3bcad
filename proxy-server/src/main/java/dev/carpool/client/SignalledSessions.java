package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolCheckout;
import dev.carpool.pool.ServerPool;
import dev.carpool.relay.Link;
import dev.carpool.relay.ToldIds;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerTarget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that another one names by the process ids that their clients were told. Those that it signals stay on the server
 * connections they have, or get one, so that PostgreSQL itself judges the signal, and it reaches nobody else; of the others it
 * is only told which server process they have, if any. Confined to the event loop of the session that asks, but for what says so.
 */
final class SignalledSessions {
    /** How long it may take until a session has a server connection. */
    private static final Duration LONGEST = Duration.ofSeconds(2);

    private static final int PAUSE_MILLIS = 5;

    /** A session and its server connection; the link is null where it is not to be kept, or belongs together anyway. */
    private record Held(ClientSession session, @Nullable Link link, ServerConnection server) {}

    private interface Answer {
        void is(@Nullable Held held);
    }

    private final ClientSession by;
    private final Consumer<Map<Integer, Integer>> then;
    private final Map<Integer, Integer> processes = new HashMap<>();
    private final List<Held> all = new ArrayList<>();
    private int missing;

    /** Those of signals before that are let go together with these; null for none. */
    private final @Nullable SignalledSessions earlier;

    /** The signals are sent, or will not be. */
    private boolean done;

    private SignalledSessions(
            ClientSession by, int missing, @Nullable SignalledSessions earlier, Consumer<Map<Integer, Integer>> then) {
        this.by = by;
        this.missing = missing;
        this.earlier = earlier;
        this.then = then;
    }

    /** @param earlier let go together with these; null for none */
    static SignalledSessions find(
            ClientSession by, ToldIds ids, @Nullable SignalledSessions earlier, Consumer<Map<Integer, Integer>> then) {
        int missing = ids.signalled().size() + ids.seen().size();
        SignalledSessions found = new SignalledSessions(by, missing, earlier, then);
        for (int id : ids.signalled()) {
            found.ask(id, true);
        }
        for (int id : ids.seen()) {
            found.ask(id, false);
        }
        return found;
    }

    private void ask(int id, boolean signalled) {
        ClientSession meant = by.context().cancelKeys().told(id);
        ServerPool pool = meant == null ? null : meant.serverPool();
        ServerTarget mine = by.pool().target();
        if (meant == null || pool == null || !pool.target().isOnServerOf(mine)) {
            by.channel().eventLoop().execute(() -> answered(id, null));
            return;
        }
        long deadline = System.nanoTime() + LONGEST.toNanos();
        Answer answer = held -> by.channel().eventLoop().execute(() -> answered(id, held));
        meant.channel().eventLoop().execute(() -> {
            if (signalled) {
                find(meant, deadline, answer);
            } else {
                ServerConnection server = serverOf(meant);
                answer.is(server == null ? null : new Held(meant, null, server));
            }
        });
    }

    private void answered(int id, @Nullable Held held) {
        if (held != null) {
            processes.put(id, held.server.processId());
            if (held.link != null) {
                all.add(held);
            }
            if (done) {
                letAllGo();
            }
        }
        if (--missing == 0 && !done) {
            then.accept(Map.copyOf(processes));
        }
    }

    /** What the session has at the moment; on its own loop. */
    private static @Nullable ServerConnection serverOf(ClientSession session) {
        if (session.phase() instanceof LinkedPhase linked) {
            return linked.link().server();
        }
        return session.phase() instanceof ReplicationPhase replicating ? replicating.server() : null;
    }

    /** On the loop of the session that is meant. */
    private static void find(ClientSession meant, long deadline, Answer answer) {
        if (meant.phase() instanceof LinkedPhase linked) {
            linked.link().hold();
            answer.is(new Held(meant, linked.link(), linked.link().server()));
        } else if (meant.phase() instanceof ReplicationPhase replicating && replicating.server() != null) {
            answer.is(new Held(meant, null, replicating.server()));
        } else if (meant.phase() instanceof ClosedPhase || System.nanoTime() - deadline >= 0) {
            answer.is(null);
        } else if (meant.phase() instanceof ReadyPhase) {
            new Arrival(meant, deadline, answer).begin();
        } else {
            again(meant, deadline, answer);
        }
    }

    private static void again(ClientSession meant, long deadline, Answer answer) {
        meant.channel().eventLoop().schedule(() -> find(meant, deadline, answer), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The signals are sent: the sessions go on as ever when those that are to end have done so. */
    void letGo() {
        for (SignalledSessions each = this; each != null && !each.done; each = each.earlier) {
            each.done = true;
            each.letAllGo();
        }
    }

    private void letAllGo() {
        for (Held held : all) {
            Link link = held.link;
            if (link != null) {
                held.session.channel().eventLoop().execute(link::letGo);
            }
        }
        all.clear();
    }

    /** Gets a server connection for a session that has none. Confined to that session's event loop. */
    private static final class Arrival extends PoolCheckout {
        private final ClientSession meant;
        private final long deadline;
        private final Answer answer;

        Arrival(ClientSession meant, long deadline, Answer answer) {
            super(meant.pool(), meant.loop());
            this.meant = meant;
            this.deadline = deadline;
            this.answer = answer;
        }

        void begin() {
            queue(LONGEST);
        }

        @Override
        public void granted(ServerConnection server, long now) {
            if (meant.phase() instanceof ReadyPhase) {
                LinkedPhase linked = meant.link(server, now);
                if (linked == null) {
                    answer.is(null);
                    return;
                }
                linked.link().hold();
                server.flush();
                answer.is(new Held(meant, linked.link(), server));
            } else {
                pool().release(server, null);
                again(meant, deadline, answer);
            }
        }

        @Override
        public void refused(ErrorReply reply, byte @Nullable [] serverMessage) {
            answer.is(null);
        }
    }
}

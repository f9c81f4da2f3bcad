package dev.carpool.pool;

import dev.carpool.error.ErrorReply;
import dev.carpool.server.ServerConnection;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Databases of one server that a statement needs for itself (DROP DATABASE, CREATE DATABASE … TEMPLATE, ALTER DATABASE …
 * RENAME): PostgreSQL refuses it while others are connected. Connections that nobody uses are closed, and none is opened
 * until {@link #end}. But a client session is connected, whether it holds a server connection at the moment or not: as
 * many connections stay as there are such sessions, at least one, and PostgreSQL refuses the statement in its own words.
 * Confined to one event loop.
 */
public final class EmptyDatabases {
    /** How long it may take until what is closed is gone. PostgreSQL itself waits for 5 seconds. */
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(2);

    /** How long nothing is opened at most. */
    private static final Duration LONGEST_HOLD = Duration.ofSeconds(30);

    private static final int PAUSE_MILLIS = 2;

    private final Supplier<List<ServerPool>> pools;
    private final Supplier<List<ServerPool>> sessions;
    private final EventLoop loop;
    private final Runnable then;
    private final long deadline = System.nanoTime() + LONGEST;
    private @Nullable Presence presence;
    private boolean ended;

    private EmptyDatabases(
            Supplier<List<ServerPool>> pools, Supplier<List<ServerPool>> sessions, EventLoop loop, Runnable then) {
        this.pools = pools;
        this.sessions = sessions;
        this.loop = loop;
        this.then = then;
    }

    static EmptyDatabases begin(
            Supplier<List<ServerPool>> pools, Supplier<List<ServerPool>> sessions, EventLoop loop, Runnable then) {
        EmptyDatabases begun = new EmptyDatabases(pools, sessions, loop, then);
        loop.execute(begun::step);
        return begun;
    }

    private void step() {
        if (ended) {
            return;
        }
        List<ServerPool> present = sessions.get();
        int keep = present.size();
        int linked = 0;
        int others = 0;
        for (ServerPool pool : pools.get()) {
            pool.holdOpens(present.isEmpty(), LONGEST_HOLD);
            int kept = pool.closeIdle(keep);
            keep -= kept;
            int inUse = pool.linked();
            linked += kept + inUse;
            others += Math.max(0, pool.open() - kept - inUse);
        }
        boolean absent = !present.isEmpty() && linked == 0;
        if (absent && presence == null) {
            presence = new Presence(present.get(0));
        }
        boolean waits = absent ? presence != null && !presence.answered : others > 0;
        if (waits && System.nanoTime() - deadline < 0) {
            loop.schedule(this::step, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } else {
            then.run();
        }
    }

    /** The statement has ended: connections are opened again when they are needed. */
    public void end() {
        if (!ended) {
            ended = true;
            pools.get().forEach(pool -> pool.holdOpens(false, LONGEST_HOLD));
        }
    }

    /** Stands for sessions that have no server connection, none of their pool being open: gets one opened. */
    private final class Presence extends PoolCheckout {
        private boolean answered;

        Presence(ServerPool pool) {
            super(pool, pool.host().indexOf(loop));
            queue(Duration.ofNanos(LONGEST));
        }

        @Override
        public void granted(ServerConnection server, long now) {
            answered = true;
            pool().release(server, null);
        }

        @Override
        public void refused(ErrorReply reply, byte @Nullable [] serverMessage) {
            answered = true;
        }
    }
}

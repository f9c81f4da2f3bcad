package dev.carpool.client;

import dev.carpool.error.CarpoolError;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.Farewell;
import dev.carpool.server.ServerConnection;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A request has come and no server connection is free: the session queues. */
final class WaitingPhase extends CheckoutPhase {
    /** Bytes gathered while waiting before reading stops. */
    private static final int MOST_GATHERED = 64 * 1024;

    /** The only connection that will do, null for any. */
    private final @Nullable ServerConnection wanted;

    private final long since;
    private @Nullable ByteBuf request;

    /** Not any connection will do; null if it will. */
    private final @Nullable ServerChoice choice;

    /** A cancel request has come in the middle of a message: it takes effect when that has come as a whole. */
    private boolean cancelled;

    WaitingPhase(ClientSession session, ServerPool pool, @Nullable ServerConnection wanted, ByteBuf request, long now) {
        this(session, pool, wanted, null, request, now);
    }

    WaitingPhase(ClientSession session, ServerPool pool, ServerChoice choice, ByteBuf request, long now) {
        this(session, pool, null, choice, request, now);
    }

    private WaitingPhase(
            ClientSession session,
            ServerPool pool,
            @Nullable ServerConnection wanted,
            @Nullable ServerChoice choice,
            ByteBuf request,
            long now) {
        super(session, pool);
        this.wanted = wanted;
        this.choice = choice;
        this.request = request;
        this.since = now;
    }

    long since() {
        return since;
    }

    @Override
    void entered() {
        ServerConnection free = choice == null ? null : another();
        if (free != null) {
            granted(free, since);
        } else {
            queue();
        }
    }

    /** Waits for its turn. */
    void queue() {
        pool.checkout(this, wanted, session.timeouts().queryWait(), since);
    }

    /** One that is idle, at once; null for none. */
    @Nullable
    ServerConnection another() {
        return pool.take(session.loop(), session.side().wanted(), System.nanoTime());
    }

    @Override
    void bytesArrived(ByteBuf in) {
        ByteBuf gathered = request;
        if (gathered == null) {
            request = in;
            return;
        }
        ByteBuf both = in.alloc().directBuffer(gathered.readableBytes() + in.readableBytes());
        both.writeBytes(gathered).writeBytes(in);
        gathered.release();
        in.release();
        request = both;
        if (cancelled) {
            cancelled();
        } else if (both.readableBytes() > MOST_GATHERED) {
            session.readRequests(false);
        }
    }

    @Override
    public void granted(ServerConnection server, long now) {
        ByteBuf bytes = request;
        if (!isCurrent() || bytes == null) {
            pool.release(server, null);
            return;
        }
        ServerChoice choosing = choice;
        if (choosing != null && choosing.asks(server, this)) {
            return;
        }
        request = null;
        session.readRequests(true);
        session.guarded(() -> session.link(server, bytes, since, now));
        session.phase().bytesRead();
    }

    /** What is wanted of one connection is there no more when another session has begun to keep it: any other will do. */
    @Override
    void tick(long now) {
        ByteBuf bytes = request;
        if (wanted == null
                || bytes == null
                || cancelled
                || session.side().sequences().home() == wanted) {
            return;
        }
        request = null;
        pool.withdraw(this);
        session.enter(new WaitingPhase(session, pool, (ServerConnection) null, bytes, since));
    }

    /** A cancel request while queued: the request ends before it began. */
    void cancelled() {
        ByteBuf bytes = request;
        if (bytes != null && bytes.readableBytes() <= MOST_GATHERED && CancelledRequest.endsInMessage(bytes)) {
            cancelled = true;
            return;
        }
        request = null;
        pool.withdraw(this);
        session.cancelledInQueue(bytes, CarpoolError.CANCELED_IN_QUEUE.reply());
    }

    @Override
    boolean needsNoClient() {
        ByteBuf bytes = request;
        return bytes != null && Farewell.isIn(bytes, bytes.readerIndex());
    }

    @Override
    void clientGone() {
        pool.withdraw(this);
    }

    @Override
    void left() {
        if (request != null) {
            request.release();
            request = null;
            pool.withdraw(this);
        }
    }

    @Override
    boolean mayNotify() {
        return true;
    }

    @Override
    String state() {
        return "waiting";
    }
}

package dev.carpool.listen;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolCheckout;
import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.server.CloseReason;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerState;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A {@link Line} by way of a temporary pool: it counts like any server connection. */
final class PooledLine extends PoolCheckout implements Line, ServerConnection.Owner {
    /** How long it queues for room and a login; sessions wait for it meanwhile, and may hold the room themselves. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

    private final Events events;
    private @Nullable ServerConnection server;
    private boolean closed;

    /** @param pool a temporary one */
    PooledLine(ServerPool pool, int loop, Events events) {
        super(pool, loop);
        this.events = events;
    }

    @Override
    public void open() {
        queue(LONGEST_WAIT);
    }

    @Override
    public void granted(ServerConnection connection, long now) {
        if (closed) {
            pool().release(connection, null);
            return;
        }
        server = connection;
        connection.own(this, ServerState.LINKED, now);
        events.opened();
    }

    @Override
    public void refused(ErrorReply reply, byte @Nullable [] serverMessage) {
        if (!closed) {
            closed = true;
            events.refused(reply);
        }
    }

    @Override
    public void ask(String sql) {
        ServerConnection connection = server;
        if (connection != null) {
            connection.ask(sql);
            connection.flush();
        }
    }

    @Override
    public boolean isOutdated() {
        ServerConnection connection = server;
        return connection != null
                && (pool().snapshot().paused() || pool().isDisabled() || pool().closesAtRelease(connection));
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        ServerConnection connection = server;
        server = null;
        if (connection == null) {
            pool().withdraw(this);
        } else {
            connection.close(CloseReason.NOBODY_LISTENS);
        }
    }

    @Override
    public byte @Nullable [] notified(NotificationResponse notification) {
        if (!closed) {
            events.notified(notification);
        }
        return null;
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {
        if (!closed) {
            events.failed(new ErrorReply(CarpoolError.Severity.ERROR, fields.sqlState(), fields.message(), ""));
        }
    }

    @Override
    public void proxyRequestAnswered(byte status) {
        if (!closed) {
            events.answered();
        }
    }

    @Override
    public void serverLost(@Nullable ErrorFields lastWords) {
        if (!closed) {
            closed = true;
            server = null;
            events.lost();
        }
    }

    @Override
    public void reply(ByteBuf run) {
        run.release();
    }
}

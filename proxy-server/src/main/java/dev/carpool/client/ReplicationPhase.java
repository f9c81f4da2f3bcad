package dev.carpool.client;

import dev.carpool.pool.ServerPool;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.CloseReason;
import dev.carpool.server.ServerConnection;
import dev.carpool.server.ServerState;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A replication connection (PostgreSQL manual, "Streaming Replication Protocol"): it has a server connection to itself,
 * which is closed with it, and its bytes pass in both directions without being looked at.
 */
final class ReplicationPhase extends CheckoutPhase implements ServerConnection.Owner {
    private @Nullable ServerConnection server;

    /** @param pool a temporary one, whose connections log in with the client's own startup parameters */
    ReplicationPhase(ClientSession session, ServerPool pool) {
        super(session, pool);
    }

    @Override
    void entered() {
        pool.checkout(this, session.timeouts().queryWait(), System.nanoTime());
    }

    @Override
    public void granted(ServerConnection connection, long now) {
        if (!isCurrent()) {
            pool.release(connection, null);
            return;
        }
        server = connection;
        connection.own(this, ServerState.LINKED, now);
        connection.passThrough();
        ByteBuf out = session.channel().alloc().directBuffer(512);
        WireWriter.authentication(out, 0);
        for (Map.Entry<String, String> entry : connection.reported().entrySet()) {
            WireWriter.parameterStatus(out, entry.getKey(), entry.getValue());
        }
        session.login().greet(out);
        session.login().serveKept();
    }

    @Override
    void bytesArrived(ByteBuf in) {
        ServerConnection connection = server;
        if (connection == null) {
            session.login().keepForLater(in);
        } else {
            connection.send(in);
        }
    }

    @Override
    void bytesRead() {
        if (server != null) {
            server.flush();
            if (!server.channel().isWritable()) {
                session.readRequests(false);
            }
        }
    }

    @Override
    void writabilityChanged(boolean writable) {
        if (server != null) {
            server.channel().config().setAutoRead(writable);
        }
    }

    @Override
    public void reply(ByteBuf run) {
        session.reply(run);
        if (!session.isWritable() && server != null) {
            server.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void repliesRead() {
        session.flushReplies();
    }

    @Override
    public void serverWritable(boolean writable) {
        session.readRequests(writable);
    }

    @Override
    public void serverLost(@Nullable ErrorFields lastWords) {
        server = null;
        if (isCurrent()) {
            session.close("the server connection was lost");
        }
    }

    @Override
    void clientGone() {
        ServerConnection connection = server;
        server = null;
        if (connection == null) {
            pool.withdraw(this);
        } else {
            connection.close(CloseReason.SESSION_ENDED);
        }
    }

    /** What a cancel request is for; null before the login. */
    @Nullable
    ServerConnection server() {
        return server;
    }

    @Override
    public void requestFailed(ErrorFields fields, boolean ours) {}

    @Override
    String state() {
        return server == null ? "login" : "active";
    }
}

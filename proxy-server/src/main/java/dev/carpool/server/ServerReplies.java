package dev.carpool.server;

import dev.carpool.protocol.BackendMessageType;
import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.NotificationResponse;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireWriter;
import dev.carpool.server.ServerConnection.Owner;
import dev.carpool.suspicion.CommandTags;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What is found in the replies of a server connection: it is noted, and its owner is told. Confined to the connection's
 * event loop.
 */
final class ServerReplies implements ReplyScanner.Sink {
    private final ServerConnection connection;
    private final ServerSettings settings;
    private final ServerProbes probes;

    ServerReplies(ServerConnection connection, ServerSettings settings, ServerProbes probes) {
        this.connection = connection;
        this.settings = settings;
        this.probes = probes;
    }

    @Override
    public byte @Nullable [] notification(NotificationResponse notification) {
        Owner owner = connection.owner();
        return owner == null ? null : owner.notified(notification);
    }

    @Override
    public boolean holdsReady(byte status) {
        Owner owner = connection.owner();
        return owner != null && owner.holdsReady(status);
    }

    @Override
    public void forward(ByteBuf run) {
        Owner owner = connection.owner();
        if (owner == null || connection.isClosing()) {
            run.release();
        } else {
            owner.reply(run);
        }
    }

    @Override
    public void forwardMade(byte type) {
        ByteBuf out = connection.channel().alloc().directBuffer(5);
        WireWriter.empty(out, type);
        forward(out);
    }

    @Override
    public void forwardMade(byte[] message) {
        forward(connection.channel().alloc().directBuffer(message.length).writeBytes(message));
    }

    @Override
    public void commandComplete(ByteBuf in, int tagFrom, int tagTo, boolean ours) {
        if (ours) {
            return;
        }
        int suspicion = CommandTags.suspicion(in, tagFrom, tagTo - tagFrom);
        if (suspicion != 0) {
            if (CommandTags.endsAllStatements(in, tagFrom, tagTo - tagFrom)) {
                connection.forgetStatements();
            }
            Owner owner = connection.owner();
            if (owner != null) {
                owner.commandCompleted(suspicion);
            }
        }
    }

    @Override
    public void fatal(ErrorFields fields) {
        connection.fatal(fields);
    }

    @Override
    public void error(ErrorFields fields, boolean ours) {
        if (ours && probes.failed(fields.sqlState())) {
            return;
        }
        if (ours) {
            settings.syncFailed();
        }
        Owner owner = connection.owner();
        if (owner != null) {
            owner.requestFailed(fields, ours);
        }
    }

    @Override
    public void statementUseless(byte[] serverName) {
        connection.statements().distrust(serverName);
    }

    @Override
    public boolean withholds(String name, String value) {
        Owner owner = connection.owner();
        return owner != null && owner.withholds(name, value);
    }

    @Override
    public byte @Nullable [] whyMissing(String message) {
        return connection.named().whyMissing(message);
    }

    @Override
    public void parameterStatus(String name, String value, boolean ours, boolean told) {
        Owner owner = connection.owner();
        if (settings.changed(name, value, ours, told, owner != null) && owner != null) {
            owner.settingsChanged();
        }
    }

    @Override
    public void row(ByteBuf body) {
        probes.row(body);
    }

    @Override
    public void ready(byte status, boolean ours) {
        connection.answered(status, ours);
        Owner owner = connection.owner();
        if (!ours) {
            if (owner == null) {
                throw new ProtocolViolation("unexpected message " + (char) BackendMessageType.READY_FOR_QUERY);
            }
            owner.ready(status);
            return;
        }
        SessionProbe answer = probes.answered();
        if (answer == null) {
            settings.synced();
        }
        if (owner != null && answer != null) {
            owner.probed(answer);
        } else if (owner != null) {
            owner.proxyRequestAnswered(status);
        }
    }
}

package dev.carpool.client;

import dev.carpool.error.CarpoolError;
import io.netty.buffer.ByteBuf;
import java.time.Duration;

/** Logged in, no transaction, no server connection: the phase in which sessions spend their lives. */
final class ReadyPhase extends ClientPhase {
    private final ClientSession session;
    private long since;

    ReadyPhase(ClientSession session) {
        this.session = session;
    }

    @Override
    void entered() {
        since = System.nanoTime();
    }

    @Override
    void bytesArrived(ByteBuf in) {
        session.requested(in);
    }

    @Override
    void tick(long now) {
        Duration limit = session.timeouts().clientIdle();
        if (!limit.isZero() && now - since >= limit.toNanos()) {
            session.fail(CarpoolError.CLIENT_IDLE_TIMEOUT.reply(SessionLog.text(limit)));
        }
    }

    @Override
    boolean mayNotify() {
        return true;
    }

    @Override
    String state() {
        return "idle";
    }
}

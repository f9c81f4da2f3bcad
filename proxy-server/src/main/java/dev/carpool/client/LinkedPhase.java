package dev.carpool.client;

import dev.carpool.config.TimeoutConfig;
import dev.carpool.error.CarpoolError;
import dev.carpool.protocol.TransactionStatus;
import dev.carpool.relay.Link;
import dev.carpool.relay.Pin;
import io.netty.buffer.ByteBuf;
import java.time.Duration;

/** Linked with a server connection: requests and replies are relayed. */
final class LinkedPhase extends ClientPhase {
    private final ClientSession session;
    private final Link link;

    LinkedPhase(ClientSession session, Link link) {
        this.session = session;
        this.link = link;
    }

    Link link() {
        return link;
    }

    @Override
    void bytesArrived(ByteBuf in) {
        link.request(in);
        if (session.hasTerminated()) {
            session.terminated();
        }
    }

    /** Relays the requests that have waited. */
    void resume() {
        link.resume();
        if (session.hasTerminated()) {
            session.terminated();
        } else {
            link.requestsRead();
        }
    }

    @Override
    void bytesRead() {
        link.requestsRead();
    }

    @Override
    void writabilityChanged(boolean writable) {
        link.clientWritable(writable);
    }

    @Override
    boolean needsNoClient() {
        return session.side().requests().hasFarewell();
    }

    @Override
    void clientGone() {
        if (link.clientGone(session.hasTerminated())) {
            session.context().cancels().cancelRunning(link.server());
        }
    }

    @Override
    void tick(long now) {
        TimeoutConfig limits = session.timeouts();
        long idleSince = link.idleInTransactionSince();
        boolean inTransaction = link.server().transactionStatus() != TransactionStatus.IDLE;
        boolean rests = link.isIdle();
        boolean asked = link.owesAnswer();
        Pin pin = link.pin();
        if (idleSince == 0 && asked && passed(limits.query(), link.queryStartedAt(), now)) {
            session.fail(CarpoolError.QUERY_TIMEOUT.reply(SessionLog.text(limits.query())));
        } else if ((inTransaction || asked) && passed(limits.transaction(), link.linkedAt(), now)) {
            session.fail(CarpoolError.TRANSACTION_TIMEOUT.reply(SessionLog.text(limits.transaction())));
        } else if (idleSince != 0 && inTransaction && passed(limits.idleTransaction(), idleSince, now)) {
            session.fail(CarpoolError.IDLE_TRANSACTION_TIMEOUT.reply(SessionLog.text(limits.idleTransaction())));
        } else if (rests && session.isToBeReplaced(link.server())) {
            session.fail(CarpoolError.SERVER_REPLACED.reply());
        } else if (rests && pin != null && passed(limits.pin(), link.queryStartedAt(), now)) {
            session.fail(CarpoolError.PIN_TIMEOUT.reply(SessionLog.text(limits.pin()), pin.text()));
        } else if (rests && passed(limits.clientIdle(), link.queryStartedAt(), now)) {
            session.fail(CarpoolError.CLIENT_IDLE_TIMEOUT.reply(SessionLog.text(limits.clientIdle())));
        }
    }

    private static boolean passed(Duration limit, long since, long now) {
        return !limit.isZero() && now - since >= limit.toNanos();
    }

    @Override
    boolean mayNotify() {
        return link.isBetweenTransactions();
    }

    @Override
    String state() {
        return "active";
    }
}

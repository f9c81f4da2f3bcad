package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerConnection;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Passthrough: the client's password is proved by a login to PostgreSQL, within the caps and one after the other. */
final class ProofPhase extends CheckoutPhase {
    /** What becomes of the proof. */
    interface Outcome {
        /** PostgreSQL let the proxy in. */
        void proved(ServerPool proofPool, boolean superuser);

        void refuted(ErrorReply reply, byte @Nullable [] serverMessage);
    }

    private final Outcome outcome;

    ProofPhase(ClientSession session, ServerPool proofs, Outcome outcome) {
        super(session, proofs);
        this.outcome = outcome;
    }

    @Override
    void entered() {
        pool.checkout(this, session.timeouts().queryWait(), System.nanoTime());
    }

    @Override
    public void granted(ServerConnection server, long now) {
        boolean superuser = "on".equals(server.reported().get("is_superuser"));
        pool.release(server, null);
        if (isCurrent()) {
            outcome.proved(pool, superuser);
        }
    }

    @Override
    public void refused(ErrorReply reply, byte @Nullable [] serverMessage) {
        if (isCurrent()) {
            outcome.refuted(reply, serverMessage);
        }
    }

    @Override
    void bytesArrived(ByteBuf in) {
        session.login().keepForLater(in);
    }

    @Override
    void clientGone() {
        pool.withdraw(this);
    }

    @Override
    String state() {
        return "login";
    }
}

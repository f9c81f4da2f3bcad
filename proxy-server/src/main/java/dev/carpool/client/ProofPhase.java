package dev.carpool.client;

import dev.carpool.error.ErrorReply;
import dev.carpool.pool.PoolWaiter;
import dev.carpool.pool.ServerPool;
import dev.carpool.pool.WaiterNode;
import dev.carpool.server.ServerConnection;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Passthrough: the client's password is proved by a login to PostgreSQL, within the caps and one after the other. */
final class ProofPhase extends ClientPhase implements PoolWaiter {
    /** What becomes of the proof. */
    interface Outcome {
        /** PostgreSQL let the proxy in. */
        void proved(ServerPool proofPool, boolean superuser);

        void refuted(ErrorReply reply, byte @Nullable [] serverMessage);
    }

    private final ClientSession session;
    private final ServerPool proofs;
    private final Outcome outcome;
    private final WaiterNode node = new WaiterNode(this);

    ProofPhase(ClientSession session, ServerPool proofs, Outcome outcome) {
        this.session = session;
        this.proofs = proofs;
        this.outcome = outcome;
    }

    @Override
    void entered() {
        proofs.checkout(this, session.timeouts().queryWait(), System.nanoTime());
    }

    @Override
    public int loop() {
        return session.loop();
    }

    @Override
    public WaiterNode node() {
        return node;
    }

    @Override
    public ServerPool pool() {
        return proofs;
    }

    @Override
    public void granted(ServerConnection server, long now) {
        boolean superuser = "on".equals(server.reported().get("is_superuser"));
        proofs.release(server, null);
        if (session.phase() == this) {
            outcome.proved(proofs, superuser);
        }
    }

    @Override
    public void refused(ErrorReply reply, byte @Nullable [] serverMessage) {
        if (session.phase() == this) {
            outcome.refuted(reply, serverMessage);
        }
    }

    @Override
    void bytesArrived(ByteBuf in) {
        session.keepForLater(in);
    }

    @Override
    void clientGone() {
        proofs.withdraw(this);
    }

    @Override
    String state() {
        return "login";
    }
}

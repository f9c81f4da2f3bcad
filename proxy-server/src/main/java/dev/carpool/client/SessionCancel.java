package dev.carpool.client;

import dev.carpool.relay.Link;

/** A cancel request: ends what the session is doing whose key it has. */
final class SessionCancel {
    private SessionCancel() {}

    /** A cancel request has come on the connection of {@code bearer}, which is closed when it has been carried out. */
    static void requested(ClientSession bearer, int processId, byte[] key) {
        ProxyContext context = bearer.context();
        ClientSession meant = context.cancelKeys().find(processId, key);
        if (meant == null) {
            boolean foreign = context.cancelKeys().isForeign(processId, key);
            bearer.close(foreign ? "cancel request with the key of another proxy" : "cancel request for nobody");
            return;
        }
        // The client sees its cancel connection closed once the request has been carried out, as with PostgreSQL.
        Runnable done = () -> bearer.channel().eventLoop().execute(() -> bearer.close("cancel request done"));
        meant.channel().eventLoop().execute(() -> cancel(meant, done));
    }

    /** Cancels what the session is doing; on its event loop. */
    private static void cancel(ClientSession session, Runnable done) {
        ClientPhase phase = session.phase();
        if (phase instanceof WaitingPhase waiting) {
            waiting.cancelled();
            done.run();
        } else if (phase instanceof ConsolePhase console) {
            console.cancelled();
            done.run();
        } else if (phase instanceof LinkedPhase linked) {
            Link link = linked.link();
            link.cancel(running -> {
                if (running) {
                    session.context().cancels().cancel(link.server(), done);
                } else {
                    done.run();
                }
            });
        } else if (phase instanceof ReplicationPhase replicating && replicating.server() != null) {
            session.context().cancels().cancel(replicating.server(), done);
        } else {
            done.run();
        }
    }
}

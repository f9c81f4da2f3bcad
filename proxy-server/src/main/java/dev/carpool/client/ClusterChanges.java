package dev.carpool.client;

import dev.carpool.error.CarpoolError;
import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerTarget;
import dev.carpool.suspicion.ClusterChange;
import java.util.List;

/**
 * What it means for everybody else that a session has changed roles or databases: nobody new is served with what was true
 * before. Any thread.
 */
final class ClusterChanges {
    private final ProxyContext context;
    private final ServerTarget server;

    /** @param server any target on the server */
    ClusterChanges(ProxyContext context, ServerTarget server) {
        this.context = context;
        this.server = server;
    }

    void apply(List<ClusterChange> changes, ClientSession by) {
        for (ClusterChange change : changes) {
            switch (change.kind()) {
                case LOGIN, ROLE -> context.auth().changed(server.host() + ":" + server.port(), change.role());
                case DATABASE -> endSessions(change, by);
                case DEFAULTS, EMPTY_DATABASE -> {}
            }
            context.pools().changed(server, change);
        }
    }

    /** Sessions in a database that does not exist any more. */
    private void endSessions(ClusterChange change, ClientSession by) {
        if (change.database() == null) {
            return;
        }
        for (ClientSession session : context.sessions().all()) {
            ServerPool pool = session.serverPool();
            if (session != by && pool != null && isIn(pool.target(), change.database())) {
                session.kill(CarpoolError.DATABASE_REPLACED.reply());
            }
        }
    }

    private boolean isIn(ServerTarget target, String database) {
        return target.isOnServerOf(server) && target.database().equals(database);
    }
}

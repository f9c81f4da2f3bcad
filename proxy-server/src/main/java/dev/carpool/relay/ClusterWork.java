package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.ClusterChange;
import dev.carpool.suspicion.ClusterStatements;
import dev.carpool.suspicion.Suspicion;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the statements of a session do to roles and databases: what has to be done for others before they are sent, and
 * who has to be told when their transaction has ended. Begins anew with each link; confined to the session's event loop.
 */
final class ClusterWork {
    private enum Preparing {
        NOTHING,
        RUNNING,
        DONE
    }

    /** What the statements sent since the last transaction ended do if they succeed. */
    private List<ClusterChange> changes = List.of();

    private Preparing preparing = Preparing.NOTHING;

    /** Databases are kept empty for a statement. */
    private boolean keepsEmpty;

    /** A link begins. */
    void begin() {
        changes = List.of();
        preparing = Preparing.NOTHING;
        keepsEmpty = false;
    }

    /**
     * A request is about to be dealt with. Whether it must wait until nobody is connected any more to a database that it
     * needs for itself; then {@link ClientEnd#resumeRequests} follows.
     *
     * @param text of its statement, with {@link Suspicion#OTHERS}
     */
    boolean mustWait(String text, ServerConnection server, ClientEnd client) {
        if (preparing == Preparing.DONE) {
            preparing = Preparing.NOTHING;
            return false;
        }
        if (preparing == Preparing.RUNNING) {
            return true;
        }
        Set<String> databases = new LinkedHashSet<>();
        for (ClusterChange change : ClusterStatements.read(text, server.hasStandardStrings())) {
            String database = change.database();
            boolean own = server.target().database().equals(database); // PostgreSQL refuses it
            if (change.kind() == ClusterChange.Kind.EMPTY_DATABASE && database != null && !own) {
                databases.add(database);
            }
        }
        if (databases.isEmpty()) {
            return false;
        }
        preparing = Preparing.RUNNING;
        keepsEmpty = true;
        client.emptyDatabases(databases, () -> {
            if (preparing == Preparing.RUNNING) {
                preparing = Preparing.DONE;
                client.resumeRequests();
            }
        });
        return true;
    }

    /** A statement with this text is sent. */
    void sent(String text, ServerConnection server) {
        if (changes.isEmpty()) {
            changes = new ArrayList<>();
        }
        changes.addAll(ClusterStatements.read(text, server.hasStandardStrings()));
    }

    /**
     * A transaction has ended, and the client does not know yet.
     *
     * @param tags of its commands, bits of {@link Suspicion}
     * @param failed whether one of them has
     */
    void transactionEnded(int tags, boolean failed, ClientEnd client) {
        boolean completed = (tags & Suspicion.OTHERS) != 0;
        boolean rolledBack = (tags & Suspicion.COMMITTED) == 0 && (failed || (tags & Suspicion.ROLLED_BACK) != 0);
        if (completed && !rolledBack) {
            client.clusterChanged(changes.isEmpty() ? ClusterChange.ANY : List.copyOf(changes));
        }
        changes = List.of();
        leaveDatabases(client);
    }

    /** A statement of a transaction that goes on has failed: no database is needed any more. */
    void transactionFailed(ClientEnd client) {
        leaveDatabases(client);
    }

    /** The link has ended. */
    void end(ClientEnd client) {
        preparing = Preparing.NOTHING;
        leaveDatabases(client);
    }

    private void leaveDatabases(ClientEnd client) {
        if (keepsEmpty && preparing == Preparing.NOTHING) {
            keepsEmpty = false;
            client.leaveDatabases();
        }
    }
}

package dev.carpool.client;

import dev.carpool.auth.AuthService;
import dev.carpool.cancel.CancelForwarder;
import dev.carpool.cancel.CancelKeys;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.listen.ListenerHubs;
import dev.carpool.params.CustomSettings;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.prepared.StatementCatalog;
import dev.carpool.relay.CompatibilityReport;
import java.util.concurrent.Executor;

/** What every client session needs of the proxy. Thread-safe. */
public interface ProxyContext {
    /** The configuration in force. */
    CarpoolConfig config();

    ClientTls clientTls();

    PoolDirectory pools();

    AuthService auth();

    CancelKeys<ClientSession> cancelKeys();

    CancelForwarder cancels();

    StatementCatalog statements();

    ListenerHubs listeners();

    ClientSessions sessions();

    LocalDatabase localDatabase();

    /** For what takes long or blocks: password hashing. */
    Executor expensive();

    /** Whether the proxy takes no new clients. */
    boolean isStopping();

    /** Where statements are counted while {@code report} is on. */
    CompatibilityReport report();

    /** Names of custom settings that sessions have used. */
    CustomSettings customSettings();
}

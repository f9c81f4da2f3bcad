package dev.carpool.metrics;

import dev.carpool.cancel.CancelForwarder;
import dev.carpool.client.ClientSessions;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.pool.PoolDirectory;
import dev.carpool.relay.CompatibilityReport;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.Executor;

/** What monitoring reads of the proxy. Implemented above this package; thread-safe. */
public interface MonitoredProxy {
    /** The configuration in force. */
    CarpoolConfig config();

    PoolDirectory pools();

    ClientSessions sessions();

    CancelForwarder cancels();

    /** Cancel requests that came here with another proxy's key, since the start. */
    long foreignCancels();

    /** Whether clients are welcome: it listens and is not stopping. */
    boolean isReady();

    /** Logins refused because the client did not prove who it is, since the start. */
    long failedLogins();

    /** What statements cost in transaction mode. */
    CompatibilityReport report();

    /** The version of this build. */
    String version();

    List<EventLoop> eventLoops();

    /** For work that would hold up an event loop. */
    Executor expensive();
}

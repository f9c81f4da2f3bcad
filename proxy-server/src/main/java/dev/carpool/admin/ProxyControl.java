package dev.carpool.admin;

import dev.carpool.metrics.MonitoredProxy;
import java.util.List;

/** What the console does to the proxy. Implemented above this package; thread-safe. */
public interface ProxyControl extends MonitoredProxy {
    /** Reads the configuration again; a bad one changes nothing. Blocks. Returns the problems. */
    List<String> reload();

    /** Changes one setting until the next start. Blocks. Returns the problems, empty when it is in force. */
    List<String> change(String key, String value);

    /** Begins to end the proxy; returns at once. */
    void shutDown(ShutdownMode mode);
}

package dev.carpool.tls;

import dev.carpool.config.TlsConfig;
import io.netty.handler.ssl.SslProvider;
import java.util.Arrays;

/**
 * The TLS of both sides as configured at the moment. Thread-safe. {@link #clients} and {@link #servers} are cheap;
 * loading reads files and checks keys, so it is not for an event loop. Connections that are open keep what they began
 * with.
 */
public final class TlsContexts {
    private record Loaded(TlsConfig clientConfig, TlsConfig serverConfig, TlsToClients clients, TlsToServers servers) {}

    private final SslProvider provider;
    private volatile Loaded loaded;
    /** Of the files at the last load, good or bad; guarded by this. */
    private byte[] seen;

    private TlsContexts(SslProvider provider, Loaded loaded, byte[] seen) {
        this.provider = provider;
        this.loaded = loaded;
        this.seen = seen;
    }

    /**
     * Loads both sides.
     *
     * @param clientConfig {@code client_tls_*}
     * @param serverConfig {@code server_tls_*}
     * @throws TlsProblems everything that is wrong with either
     */
    public static TlsContexts load(TlsConfig clientConfig, TlsConfig serverConfig) throws TlsProblems {
        return load(clientConfig, serverConfig, TlsLibrary.provider());
    }

    static TlsContexts load(TlsConfig clientConfig, TlsConfig serverConfig, SslProvider provider) throws TlsProblems {
        byte[] fingerprint = TlsFiles.fingerprint(clientConfig, serverConfig);
        return new TlsContexts(provider, read(clientConfig, serverConfig, provider), fingerprint);
    }

    private static Loaded read(TlsConfig clientConfig, TlsConfig serverConfig, SslProvider provider)
            throws TlsProblems {
        TlsProblems.Collector problems = new TlsProblems.Collector();
        TlsToClients clients = null;
        TlsToServers servers = null;
        try {
            clients = TlsToClients.load(clientConfig, provider);
        } catch (TlsProblems e) {
            problems.addAll(e);
        }
        try {
            servers = TlsToServers.load(serverConfig, provider);
        } catch (TlsProblems e) {
            problems.addAll(e);
        }
        if (clients == null || servers == null) {
            throw new TlsProblems(problems);
        }
        return new Loaded(clientConfig, serverConfig, clients, servers);
    }

    /**
     * Loads other settings, or the same files anew. When anything is wrong, everything stays as it was.
     *
     * @throws TlsProblems everything that is wrong with either side
     */
    public synchronized void reload(TlsConfig clientConfig, TlsConfig serverConfig) throws TlsProblems {
        seen = TlsFiles.fingerprint(clientConfig, serverConfig);
        loaded = read(clientConfig, serverConfig, provider);
    }

    /**
     * Loads the same settings anew if the content of a file has changed since the last load; for a periodic call. Bad
     * files are reported once, and again when they change.
     *
     * @return whether something new is in use
     * @throws TlsProblems everything that is wrong; the old contexts stay
     */
    public synchronized boolean reloadIfChanged() throws TlsProblems {
        Loaded current = loaded;
        if (Arrays.equals(seen, TlsFiles.fingerprint(current.clientConfig, current.serverConfig))) {
            return false;
        }
        reload(current.clientConfig, current.serverConfig);
        return true;
    }

    /** Towards clients. */
    public TlsToClients clients() {
        return loaded.clients;
    }

    /** Towards servers. */
    public TlsToServers servers() {
        return loaded.servers;
    }
}

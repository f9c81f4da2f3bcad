package dev.carpool.tls;

import dev.carpool.config.SslMode;
import dev.carpool.config.TlsConfig;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * TLS between clients and the proxy, where the proxy is the TLS server ({@code client_tls_*}). An immutable snapshot of
 * one load: a session takes handler and channel binding from the same one.
 */
public final class TlsToClients {
    static final String PREFIX = "client_tls";

    private final SslMode mode;
    private final @Nullable SslContext context;
    private final byte @Nullable [] binding;

    private TlsToClients(SslMode mode, @Nullable SslContext context, byte @Nullable [] binding) {
        this.mode = mode;
        this.context = context;
        this.binding = binding;
    }

    static TlsToClients load(TlsConfig config, SslProvider provider) throws TlsProblems {
        if (!config.mode().mayUseTls()) {
            return new TlsToClients(config.mode(), null, null);
        }
        TlsProblems.Collector problems = new TlsProblems.Collector();
        TlsFiles files = TlsFiles.read(PREFIX, config, problems);
        if (config.keyFile().isEmpty() && config.certFile().isEmpty()) {
            problems.add(PREFIX + "_sslmode " + config.mode().text() + " needs " + PREFIX + "_key_file and " + PREFIX
                    + "_cert_file");
        }
        if (config.mode().verifiesCertificate() && config.caFile().isEmpty()) {
            problems.add(PREFIX + "_sslmode " + config.mode().text() + " needs " + PREFIX + "_ca_file");
        }
        List<String> protocols = TlsProtocols.parse(PREFIX + "_protocols", config.protocols(), problems);
        List<String> ciphers = CipherNames.parse(PREFIX, config.ciphers(), config.tls13Ciphers(), problems);
        problems.throwIfAny();

        SslContextBuilder builder = SslContextBuilder.forServer(files.key(), files.chainArray())
                .sslProvider(TlsLibrary.fit(provider, files.key()))
                .protocols(protocols)
                .applicationProtocolConfig(TlsLibrary.ALPN_CONFIG)
                .clientAuth(clientAuth(config));
        if (ciphers != null) {
            builder.ciphers(ciphers, SupportedCipherSuiteFilter.INSTANCE);
        }
        if (!files.authorities().isEmpty()) {
            trust(builder, TlsLibrary.fit(provider, files.key()), files, problems);
        }
        try {
            byte[] binding = ServerEndPoint.of(files.chain().get(0)).orElse(null);
            return new TlsToClients(config.mode(), builder.build(), binding);
        } catch (SSLException | IllegalArgumentException e) {
            problems.add(PREFIX + ": " + e.getMessage());
            throw new TlsProblems(problems);
        }
    }

    private static void trust(
            SslContextBuilder builder, SslProvider provider, TlsFiles files, TlsProblems.Collector problems)
            throws TlsProblems {
        if (provider != SslProvider.OPENSSL) {
            builder.trustManager(files.authoritiesArray());
            return;
        }
        try {
            builder.trustManager(TellingTrustManager.of(files.authorities()));
        } catch (GeneralSecurityException | IOException e) {
            problems.add(PREFIX + "_ca_file: " + e.getMessage());
            throw new TlsProblems(problems);
        }
    }

    /** As PostgreSQL: who has a CA asks for certificates, and the authentication method decides whether one is needed. */
    private static ClientAuth clientAuth(TlsConfig config) {
        if (config.mode().verifiesCertificate()) {
            return ClientAuth.REQUIRE;
        }
        return config.caFile().isEmpty() ? ClientAuth.NONE : ClientAuth.OPTIONAL;
    }

    public SslMode mode() {
        return mode;
    }

    /** Whether SSLRequest is answered with {@code S}. */
    public boolean available() {
        return context != null;
    }

    /**
     * The handler for one client. After the handshake of a connection that began with TLS at once,
     * {@link SslHandler#applicationProtocol} must be {@link TlsLibrary#ALPN}.
     *
     * @throws IllegalStateException when TLS is not {@link #available}
     */
    public SslHandler newHandler(ByteBufAllocator allocator) {
        if (context == null) {
            throw new IllegalStateException("TLS is disabled");
        }
        return context.newHandler(allocator);
    }

    /** {@code tls-server-end-point} of the proxy's certificate (RFC 5929); null when there is none. */
    public byte @Nullable [] binding() {
        return binding == null ? null : binding.clone();
    }

    /**
     * The common name in the certificate that the client has sent and the CA has signed; empty when there is none.
     * Ask only after the handshake.
     */
    public static Optional<String> commonName(SSLSession session) {
        try {
            return CommonName.of(session.getPeerCertificates()[0]);
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }
}

package dev.carpool.tls;

import dev.carpool.config.SslMode;
import dev.carpool.config.TlsConfig;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * TLS between the proxy and PostgreSQL, where the proxy is the TLS client ({@code server_tls_*}). An immutable snapshot
 * of one load.
 *
 * <p>The server's certificate is checked from {@code verify-ca} on, against the CA file or, without one, the CAs that
 * the JDK trusts. As in PgBouncer, {@code require} checks nothing, even with a CA file. BoringSSL shakes hands with no
 * server whose own key is Ed25519 or RSA-PSS; {@code -Dio.netty.handler.ssl.noOpenSsl=true} leaves TLS to the JDK, which
 * does.
 */
public final class TlsToServers {
    static final String PREFIX = "server_tls";

    private final SslMode mode;
    private final @Nullable SslContext context;

    private TlsToServers(SslMode mode, @Nullable SslContext context) {
        this.mode = mode;
        this.context = context;
    }

    static TlsToServers load(TlsConfig config, SslProvider provider) throws TlsProblems {
        if (!config.mode().mayUseTls()) {
            return new TlsToServers(config.mode(), null);
        }
        TlsProblems.Collector problems = new TlsProblems.Collector();
        TlsFiles files = TlsFiles.read(PREFIX, config, problems);
        List<String> protocols = TlsProtocols.parse(PREFIX + "_protocols", config.protocols(), problems);
        List<String> ciphers = CipherNames.parse(PREFIX, config.ciphers(), config.tls13Ciphers(), problems);
        problems.throwIfAny();

        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(TlsLibrary.fit(provider, files.key()))
                .protocols(protocols)
                .applicationProtocolConfig(TlsLibrary.ALPN_CONFIG)
                .endpointIdentificationAlgorithm(config.mode().verifiesHostName() ? "HTTPS" : null);
        if (ciphers != null) {
            builder.ciphers(ciphers, SupportedCipherSuiteFilter.INSTANCE);
        }
        if (files.key() != null) {
            builder.keyManager(files.key(), files.chainArray());
        }
        if (!config.mode().verifiesCertificate()) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        } else if (!files.authorities().isEmpty()) {
            builder.trustManager(files.authoritiesArray());
        }
        try {
            return new TlsToServers(config.mode(), builder.build());
        } catch (SSLException | IllegalArgumentException e) {
            problems.add(PREFIX + ": " + e.getMessage());
            throw new TlsProblems(problems);
        }
    }

    public SslMode mode() {
        return mode;
    }

    /**
     * The handler for one server connection. The host name is sent as SNI and, with {@code verify-full}, must be in the
     * server's certificate.
     *
     * @throws IllegalStateException when the mode is {@code disable}
     */
    public SslHandler newHandler(ByteBufAllocator allocator, String host, int port) {
        if (context == null) {
            throw new IllegalStateException("TLS is disabled");
        }
        return context.newHandler(allocator, host, port);
    }

    /**
     * {@code tls-server-end-point} of the server's certificate (RFC 5929), as {@code ScramClient} takes it: empty when
     * the certificate's signature defines no hash. Ask only after the handshake.
     */
    public static byte[] peerBinding(SSLSession session) {
        try {
            Certificate certificate = session.getPeerCertificates()[0];
            return certificate instanceof X509Certificate x509
                    ? ServerEndPoint.of(x509).orElse(new byte[0])
                    : new byte[0];
        } catch (SSLPeerUnverifiedException e) {
            return new byte[0];
        }
    }
}

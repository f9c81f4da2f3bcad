package dev.carpool.tls;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import java.security.PrivateKey;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which TLS library is used, and what both are told alike. */
public final class TlsLibrary {
    /** The ALPN name of PostgreSQL's protocol (PostgreSQL manual, "SSL Session Encryption"). */
    public static final String ALPN = "postgresql";

    static final ApplicationProtocolConfig ALPN_CONFIG = new ApplicationProtocolConfig(
            Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, ALPN);

    private static final Set<String> COMMON_KEYS = Set.of("RSA", "EC");

    private TlsLibrary() {}

    static SslProvider provider() {
        return OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK;
    }

    /** The preferred library, or the JDK for kinds of keys that BoringSSL cannot use: Ed25519 and RSA-PSS. */
    static SslProvider fit(SslProvider preferred, @Nullable PrivateKey key) {
        return key == null || COMMON_KEYS.contains(key.getAlgorithm()) ? preferred : SslProvider.JDK;
    }

    /** For the log and SHOW VERSION: {@code BoringSSL} or {@code JDK}. */
    public static String name() {
        return OpenSsl.isAvailable() ? OpenSsl.versionString() : "JDK";
    }
}

package dev.carpool.client;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** TLS towards clients, as configured at the moment. */
public interface ClientTls {
    /** The handler for one client; null when TLS is off. */
    @Nullable
    SslHandler newHandler(ByteBufAllocator allocator);

    /** Whether clients without TLS are refused (client_tls_sslmode = require and above). */
    boolean isRequired();

    /** {@code tls-server-end-point} of the proxy's own certificate (RFC 5929); null when there is none. */
    byte @Nullable [] channelBinding();

    /** The common name of the certificate the client has shown and that was checked; null when there is none. */
    @Nullable
    String clientCommonName(SSLSession session);
}

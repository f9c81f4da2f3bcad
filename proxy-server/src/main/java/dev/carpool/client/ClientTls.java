package dev.carpool.client;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** TLS towards clients, as configured at the moment. */
public interface ClientTls {
    /**
     * TLS for one client, with one certificate from the handshake to the login, whatever is reloaded in between.
     *
     * @param binding {@code tls-server-end-point} of the proxy's own certificate (RFC 5929); null when there is none
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Offer(SslHandler handler, byte @Nullable [] binding) {}

    /** Null when TLS is off. */
    @Nullable
    Offer offer(ByteBufAllocator allocator);

    /** Whether clients without TLS are refused (client_tls_sslmode = require and above). */
    boolean isRequired();

    /** The common name of the certificate the client has shown and that was checked; null when there is none. */
    @Nullable
    String clientCommonName(SSLSession session);
}

package dev.carpool.server;

import dev.carpool.config.SslMode;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** TLS towards the server, as configured at the moment. */
public interface ServerTls {
    SslMode mode();

    /**
     * The handler for one connection.
     *
     * @throws IOException when the configured files are unusable
     */
    SslHandler newHandler(ByteBufAllocator allocator, String host, int port) throws IOException;

    /** {@code tls-server-end-point} of the server's certificate (RFC 5929); null when there is none. */
    byte @Nullable [] peerBinding(SSLSession session);
}

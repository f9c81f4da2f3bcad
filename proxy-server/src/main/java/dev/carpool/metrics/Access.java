package dev.carpool.metrics;

import dev.carpool.config.Secret;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who may see more than the probes: on a loopback port everybody, on any other those with the bearer token (RFC 6750).
 * The token is asked for anew at every request, because a reload may change it.
 */
final class Access {
    private static final String SCHEME = "Bearer ";

    private final boolean loopback;
    private final Supplier<@Nullable Secret> token;

    /** @param bound where the port listens */
    Access(SocketAddress bound, Supplier<@Nullable Secret> token) {
        this.loopback = isLoopback(bound);
        this.token = token;
    }

    /** Null when the request may pass, else what to answer. */
    Page.@Nullable Content refuse(@Nullable String authorization) {
        if (loopback) {
            return null;
        }
        Secret wanted = token.get();
        if (wanted == null || wanted.isEmpty()) {
            return JsonPage.problem(
                    401,
                    "a bearer token is needed, and none is configured",
                    "set admin_token, or bind admin_listen to a loopback address");
        }
        if (authorization == null) {
            return JsonPage.problem(401, "a bearer token is needed", "send Authorization: Bearer <admin_token>");
        }
        boolean bearer = authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
        if (!bearer || !wanted.matches(authorization.substring(SCHEME.length()).strip())) {
            return JsonPage.problem(401, "wrong token", "send Authorization: Bearer <admin_token>");
        }
        return null;
    }

    private static boolean isLoopback(SocketAddress bound) {
        return bound instanceof InetSocketAddress address
                && !address.isUnresolved()
                && address.getAddress().isLoopbackAddress();
    }
}

package dev.carpool.config;

import java.util.Locale;
import java.util.Optional;

/** PostgreSQL's {@code sslmode} values (PostgreSQL manual, "SSL Mode Descriptions"), weakest first. */
public enum SslMode {
    /** Never TLS. */
    DISABLE,
    /** TLS only when the other side insists. */
    ALLOW,
    /** TLS when the other side offers it. */
    PREFER,
    /** Always TLS; certificates are not checked. */
    REQUIRE,
    /** Always TLS; the other side's certificate must be signed by the CA. */
    VERIFY_CA,
    /** As {@link #VERIFY_CA}, and the certificate must carry the host name. */
    VERIFY_FULL;

    /** The mode with this name, such as {@code verify-full}; empty when there is none. */
    public static Optional<SslMode> of(String text) {
        for (SslMode mode : values()) {
            if (mode.text().equals(text)) {
                return Optional.of(mode);
            }
        }
        return Optional.empty();
    }

    /** The name in configuration files, such as {@code verify-full}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether TLS may be used at all. */
    public boolean mayUseTls() {
        return this != DISABLE;
    }

    /** Whether a connection without TLS is refused. */
    public boolean requiresTls() {
        return compareTo(REQUIRE) >= 0;
    }

    /** Whether the other side's certificate must be signed by the CA. */
    public boolean verifiesCertificate() {
        return compareTo(VERIFY_CA) >= 0;
    }

    /** Whether the other side's certificate must also carry the host name. */
    public boolean verifiesHostName() {
        return this == VERIFY_FULL;
    }
}

package dev.carpool.auth;

import dev.carpool.config.AuthType;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The authentication methods of {@code auth_hba_file}: PgBouncer's and {@link #PASSTHROUGH}. */
public enum HbaMethod {
    TRUST(AuthType.TRUST),
    REJECT(AuthType.REJECT),
    MD5(AuthType.MD5),
    PASSWORD(AuthType.PLAIN),
    /** The operating system's user at the other end of a Unix socket. */
    PEER(null),
    CERT(AuthType.CERT),
    SCRAM_SHA_256(AuthType.SCRAM_SHA_256),
    PASSTHROUGH(AuthType.PASSTHROUGH);

    private final @Nullable AuthType authType;

    HbaMethod(@Nullable AuthType authType) {
        this.authType = authType;
    }

    /** The method with this name, such as {@code scram-sha-256}; empty when it is not one of ours. */
    public static Optional<HbaMethod> of(String text) {
        for (HbaMethod method : values()) {
            if (method.text().equals(text)) {
                return Optional.of(method);
            }
        }
        return Optional.empty();
    }

    /** The name in the file. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What {@code auth_type} calls it; empty for {@link #PEER}, which exists in rules only. */
    public Optional<AuthType> authType() {
        return Optional.ofNullable(authType);
    }
}

package dev.carpool.config;

import java.util.Locale;
import java.util.Optional;

/** libpq's {@code channel_binding}: whether a SCRAM login to the server must be tied to the TLS connection. */
public enum ChannelBinding {
    DISABLE,
    /** Used when TLS is on and the server offers it. */
    PREFER,
    /** A server that does not offer it is refused. */
    REQUIRE;

    /** The value with this name, such as {@code prefer}; empty when there is none. */
    public static Optional<ChannelBinding> of(String text) {
        for (ChannelBinding value : values()) {
            if (value.text().equals(text)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    /** The name in configuration files. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}

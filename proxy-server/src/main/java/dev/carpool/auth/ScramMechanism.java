package dev.carpool.auth;

import java.util.List;
import java.util.Optional;

/** The SASL mechanisms PostgreSQL knows (PostgreSQL manual, "SASL Authentication"). */
public enum ScramMechanism {
    SCRAM_SHA_256("SCRAM-SHA-256"),
    /** With channel binding {@code tls-server-end-point} (RFC 5929). */
    SCRAM_SHA_256_PLUS("SCRAM-SHA-256-PLUS");

    private static final List<String> WITHOUT_TLS = List.of(SCRAM_SHA_256.text);
    private static final List<String> WITH_TLS = List.of(SCRAM_SHA_256_PLUS.text, SCRAM_SHA_256.text);

    private final String text;

    ScramMechanism(String text) {
        this.text = text;
    }

    /** The name on the wire. */
    public String wireName() {
        return text;
    }

    /** What AuthenticationSASL offers to a client, best first; channel binding needs TLS and our certificate's hash. */
    public static List<String> offered(boolean channelBindingPossible) {
        return channelBindingPossible ? WITH_TLS : WITHOUT_TLS;
    }

    /** The mechanism with this name on the wire; empty when it is none of ours. */
    public static Optional<ScramMechanism> of(String text) {
        for (ScramMechanism mechanism : values()) {
            if (mechanism.text.equals(text)) {
                return Optional.of(mechanism);
            }
        }
        return Optional.empty();
    }
}

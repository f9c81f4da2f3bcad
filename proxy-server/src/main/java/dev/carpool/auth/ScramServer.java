package dev.carpool.auth;

import dev.carpool.auth.ScramFailure.Reason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The server side of one SCRAM-SHA-256(-PLUS) exchange (RFC 5802, RFC 7677; PostgreSQL manual, "SCRAM-SHA-256
 * Authentication"): the proxy checks a client. One object for one login, used by one thread; every call is cheap.
 *
 * <p>Order: {@link #clientFirst}, then {@link #clientFinal}. For users who do not exist give it a verifier of
 * {@link MockVerifiers}. The user name in the exchange is ignored, as in PostgreSQL: the startup message has it.
 */
public final class ScramServer {
    private static final String BINDING_TYPE = "tls-server-end-point";

    private final ScramVerifier verifier;
    private final byte @Nullable [] channelBinding;
    private final String serverNonce;

    private String gs2Header = "";
    private String clientFirstBare = "";
    private String serverFirst = "";
    private String nonce = "";
    private boolean bound;

    private ScramServer(ScramVerifier verifier, byte @Nullable [] channelBinding, String serverNonce) {
        this.verifier = verifier;
        this.channelBinding = channelBinding;
        this.serverNonce = serverNonce;
    }

    /**
     * Starts an exchange.
     *
     * @param channelBinding {@code tls-server-end-point} of the proxy's own certificate when TLS is on and
     *     SCRAM-SHA-256-PLUS was offered; otherwise null
     */
    public static ScramServer start(ScramVerifier verifier, byte @Nullable [] channelBinding) {
        return start(verifier, channelBinding, ScramMessage.newNonce());
    }

    static ScramServer start(ScramVerifier verifier, byte @Nullable [] channelBinding, String serverNonce) {
        return new ScramServer(verifier, channelBinding, serverNonce);
    }

    /**
     * Takes client-first-message out of SASLInitialResponse and answers with server-first-message.
     *
     * @throws ScramFailure with {@link Reason#MALFORMED}, {@link Reason#CHANNEL_BINDING} or
     *     {@link Reason#NO_MECHANISM}
     */
    public byte[] clientFirst(String mechanism, byte[] message) throws ScramFailure {
        ScramMechanism chosen = ScramMechanism.of(mechanism)
                .filter(m -> m == ScramMechanism.SCRAM_SHA_256 || channelBinding != null)
                .orElseThrow(
                        () -> new ScramFailure(Reason.NO_MECHANISM, "client chose a mechanism that was not offered"));
        bound = chosen == ScramMechanism.SCRAM_SHA_256_PLUS;

        ScramMessage in = new ScramMessage(message);
        checkBindingFlag(in.field());
        if (!in.field().isEmpty()) {
            throw ScramFailure.malformed("client uses an authorization identity, which PostgreSQL does not know");
        }
        gs2Header = in.upToHere();
        clientFirstBare = in.rest();
        if (in.nextIs('m')) {
            throw ScramFailure.malformed("client demands a SCRAM extension that is not known");
        }
        in.attribute('n');
        String clientNonce = in.nonceAttribute();
        in.skipExtensions();

        nonce = clientNonce + serverNonce;
        serverFirst = "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(verifier.salt()) + ",i="
                + verifier.iterations();
        return serverFirst.getBytes(StandardCharsets.UTF_8);
    }

    private void checkBindingFlag(String flag) throws ScramFailure {
        if (flag.startsWith("p=")) {
            if (!bound) {
                throw ScramFailure.malformed("client binds the channel but chose a mechanism without channel binding");
            }
            if (!flag.equals("p=" + BINDING_TYPE)) {
                throw ScramFailure.malformed("client asks for a channel binding type that is not known");
            }
        } else if (flag.equals("n") || flag.equals("y")) {
            if (bound) {
                throw ScramFailure.malformed("client chose SCRAM-SHA-256-PLUS but does not bind the channel");
            }
            if (flag.equals("y") && channelBinding != null) {
                throw new ScramFailure(
                        Reason.CHANNEL_BINDING,
                        "client could bind the channel but was told that the proxy could not: a downgrade attack?");
            }
        } else {
            throw ScramFailure.malformed("client sent an unknown channel binding flag");
        }
    }

    /**
     * Takes client-final-message out of SASLResponse and checks the proof.
     *
     * @throws ScramFailure with {@link Reason#MALFORMED}, {@link Reason#CHANNEL_BINDING} or
     *     {@link Reason#WRONG_PROOF}
     */
    public Accepted clientFinal(byte[] message) throws ScramFailure {
        if (serverFirst.isEmpty()) {
            throw ScramFailure.malformed("client-final-message came before client-first-message");
        }
        ScramMessage in = new ScramMessage(message);
        byte[] binding = in.base64Attribute('c');
        String receivedNonce = in.nonceAttribute();
        in.skipExtensionsUntil('p');
        String withComma = in.upToHere();
        byte[] proof = in.base64Attribute('p');
        if (!in.atEnd() || proof.length != ScramFormulas.KEY_LENGTH) {
            throw ScramFailure.malformed("client-final-message is not of the right form");
        }
        if (!receivedNonce.equals(nonce)) {
            throw ScramFailure.malformed("nonce in client-final-message is not the one of this login");
        }
        if (!MessageDigest.isEqual(binding, expectedBinding())) {
            throw new ScramFailure(Reason.CHANNEL_BINDING, "SCRAM channel binding check failed");
        }
        String withoutProof = withComma.substring(0, withComma.length() - 1);
        return checkProof(proof, clientFirstBare + "," + serverFirst + "," + withoutProof);
    }

    private byte[] expectedBinding() {
        byte[] header = gs2Header.getBytes(StandardCharsets.UTF_8);
        if (!bound || channelBinding == null) {
            return header;
        }
        byte[] expected = Arrays.copyOf(header, header.length + channelBinding.length);
        System.arraycopy(channelBinding, 0, expected, header.length, channelBinding.length);
        return expected;
    }

    private Accepted checkProof(byte[] proof, String authMessage) throws ScramFailure {
        byte[] signed = authMessage.getBytes(StandardCharsets.UTF_8);
        byte[] clientKey = ScramFormulas.xor(proof, ScramFormulas.hmac(verifier.storedKey(), signed));
        if (!MessageDigest.isEqual(ScramFormulas.storedKey(clientKey), verifier.storedKey())) {
            throw new ScramFailure(Reason.WRONG_PROOF, "wrong password");
        }
        byte[] signature = ScramFormulas.hmac(verifier.serverKey(), signed);
        String serverFinal = "v=" + Base64.getEncoder().encodeToString(signature);
        return new Accepted(
                serverFinal.getBytes(StandardCharsets.UTF_8),
                new ScramKeys(verifier.salt(), verifier.iterations(), clientKey, verifier.serverKey()));
    }

    @Override
    public String toString() {
        return "ScramServer[" + verifier + "]";
    }

    /** A client that has proved that it knows the password. */
    public static final class Accepted {
        private final byte[] serverFinal;
        private final ScramKeys keys;

        private Accepted(byte[] serverFinal, ScramKeys keys) {
            this.serverFinal = serverFinal;
            this.keys = keys;
        }

        /** server-final-message, for AuthenticationSASLFinal. */
        public byte[] serverFinal() {
            return serverFinal.clone();
        }

        /** The keys recovered from the proof; they log in to every server that has the same verifier. */
        public ScramKeys keys() {
            return keys;
        }

        @Override
        public String toString() {
            return "Accepted[" + keys + "]";
        }
    }
}

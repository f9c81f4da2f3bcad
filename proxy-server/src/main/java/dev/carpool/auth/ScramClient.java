package dev.carpool.auth;

import dev.carpool.auth.ScramFailure.Reason;
import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * The client side of one SCRAM-SHA-256(-PLUS) exchange (RFC 5802, RFC 7677): the proxy logs in to a server, with a
 * password or with {@link ScramKeys}. One object for one login, used by one thread at a time.
 *
 * <p>Order: {@link #mechanism} and {@link #clientFirst}, then {@link #serverFirst}, then {@link #serverFinal}.
 * Only {@link #serverFirst} can be expensive, and only with a password.
 */
public final class ScramClient {
    /**
     * Most iterations that a server may demand. A limit, because a hostile server could otherwise keep a thread busy
     * for hours; a million takes about half a second.
     */
    static final int MAX_ITERATIONS = 1_000_000;

    private static final String BINDING_HEADER = "p=tls-server-end-point,,";

    private final @Nullable Secret password;
    private final ScramMechanism mechanism;
    private final String gs2Header;
    private final byte[] binding;
    private final String clientFirstBare;
    private final String clientNonce;

    private @Nullable ScramKeys keys;
    private byte @Nullable [] expectedSignature;
    private boolean verified;

    private ScramClient(
            @Nullable Secret password,
            @Nullable ScramKeys keys,
            ScramMechanism mechanism,
            String gs2Header,
            byte[] binding,
            String clientFirstBare,
            String clientNonce) {
        this.password = password;
        this.keys = keys;
        this.mechanism = mechanism;
        this.gs2Header = gs2Header;
        this.binding = binding;
        this.clientFirstBare = clientFirstBare;
        this.clientNonce = clientNonce;
    }

    /**
     * Starts a login with a password.
     *
     * @param offered the mechanisms in AuthenticationSASL
     * @param peerBinding {@code tls-server-end-point} of the server's certificate; null without TLS; empty with TLS
     *     when the certificate's signature defines no hash (RFC 5929)
     * @throws ScramFailure with {@link Reason#NO_MECHANISM} or {@link Reason#CHANNEL_BINDING}
     */
    public static ScramClient withPassword(
            Secret password, Collection<String> offered, ChannelBinding setting, byte @Nullable [] peerBinding)
            throws ScramFailure {
        return start(password, null, offered, setting, peerBinding, "", ScramMessage.newNonce());
    }

    /** Starts a login with keys; as {@link #withPassword}, but never expensive. */
    public static ScramClient withKeys(
            ScramKeys keys, Collection<String> offered, ChannelBinding setting, byte @Nullable [] peerBinding)
            throws ScramFailure {
        return start(null, keys, offered, setting, peerBinding, "", ScramMessage.newNonce());
    }

    static ScramClient start(
            @Nullable Secret password,
            @Nullable ScramKeys keys,
            Collection<String> offered,
            ChannelBinding setting,
            byte @Nullable [] peerBinding,
            String user,
            String nonce)
            throws ScramFailure {
        boolean plusOffered = offered.contains(ScramMechanism.SCRAM_SHA_256_PLUS.wireName());
        boolean plainOffered = offered.contains(ScramMechanism.SCRAM_SHA_256.wireName());
        if (plusOffered && peerBinding == null) {
            throw new ScramFailure(
                    Reason.CHANNEL_BINDING, "server offers SCRAM-SHA-256-PLUS over a connection without TLS");
        }
        String firstBare = "n=" + user + ",r=" + nonce;
        boolean mayBind = setting != ChannelBinding.DISABLE && peerBinding != null && peerBinding.length > 0;
        if (plusOffered && mayBind && peerBinding != null) {
            byte[] header = ScramFormulas.ascii(BINDING_HEADER);
            byte[] all = Arrays.copyOf(header, header.length + peerBinding.length);
            System.arraycopy(peerBinding, 0, all, header.length, peerBinding.length);
            return new ScramClient(
                    password, keys, ScramMechanism.SCRAM_SHA_256_PLUS, BINDING_HEADER, all, firstBare, nonce);
        }
        if (setting == ChannelBinding.REQUIRE) {
            throw new ScramFailure(
                    Reason.CHANNEL_BINDING, "channel binding is required, but the server does not offer it");
        }
        if (!plainOffered) {
            throw new ScramFailure(Reason.NO_MECHANISM, "server offers no SASL mechanism that Carpool knows");
        }
        String header = mayBind ? "y,," : "n,,";
        return new ScramClient(
                password, keys, ScramMechanism.SCRAM_SHA_256, header, ScramFormulas.ascii(header), firstBare, nonce);
    }

    /** The mechanism for SASLInitialResponse. */
    public ScramMechanism mechanism() {
        return mechanism;
    }

    /** client-first-message, for SASLInitialResponse. The user name is left out: PostgreSQL ignores it. */
    public byte[] clientFirst() {
        return (gs2Header + clientFirstBare).getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Takes server-first-message out of AuthenticationSASLContinue and answers with client-final-message, for
     * SASLResponse. Expensive when started with a password: {@code 2 * iterations} hashes, as many as the server asks
     * for (at most 1,000,000); not for an event loop.
     *
     * @throws ScramFailure with {@link Reason#MALFORMED}, or {@link Reason#KEYS_OUTDATED} when started with keys
     */
    public byte[] serverFirst(byte[] message) throws ScramFailure {
        ScramMessage in = new ScramMessage(message);
        String nonce = in.nonceAttribute();
        byte[] salt = in.base64Attribute('s');
        int iterations = iterations(in.attribute('i'));
        in.skipExtensions();
        if (!nonce.startsWith(clientNonce) || nonce.length() == clientNonce.length()) {
            throw ScramFailure.malformed("nonce in server-first-message is not the one of this login");
        }
        if (salt.length == 0) {
            throw ScramFailure.malformed("salt in server-first-message is empty");
        }
        ScramKeys usable = keysFor(salt, iterations);
        String serverFirst = new String(message, StandardCharsets.UTF_8);
        String withoutProof = "c=" + Base64.getEncoder().encodeToString(binding) + ",r=" + nonce;
        byte[] signed = (clientFirstBare + "," + serverFirst + "," + withoutProof).getBytes(StandardCharsets.UTF_8);
        byte[] storedKey = ScramFormulas.storedKey(usable.clientKey());
        byte[] proof = ScramFormulas.xor(usable.clientKey(), ScramFormulas.hmac(storedKey, signed));
        expectedSignature = ScramFormulas.hmac(usable.serverKey(), signed);
        return (withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof)).getBytes(StandardCharsets.UTF_8);
    }

    private static int iterations(String text) throws ScramFailure {
        try {
            int iterations = Integer.parseInt(text);
            if (iterations >= 1 && iterations <= MAX_ITERATIONS && text.charAt(0) != '+') {
                return iterations;
            }
        } catch (NumberFormatException e) {
            // falls through to the same failure
        }
        throw ScramFailure.malformed(
                "iteration count in server-first-message is no number from 1 to " + MAX_ITERATIONS);
    }

    private ScramKeys keysFor(byte[] salt, int iterations) throws ScramFailure {
        if (password != null) {
            ScramKeys derived = ScramKeys.derive(password.bytes(), salt, iterations);
            keys = derived;
            return derived;
        }
        if (keys == null || !keys.fit(salt, iterations)) {
            throw new ScramFailure(
                    Reason.KEYS_OUTDATED,
                    "the server has another salt or iteration count than when the client logged in");
        }
        return keys;
    }

    /**
     * Takes server-final-message out of AuthenticationSASLFinal: without this check the server has proved nothing.
     *
     * @throws ScramFailure with {@link Reason#MALFORMED} or {@link Reason#SERVER_REFUSED}
     */
    public void serverFinal(byte[] message) throws ScramFailure {
        if (expectedSignature == null) {
            throw ScramFailure.malformed("server-final-message came before server-first-message");
        }
        ScramMessage in = new ScramMessage(message);
        if (in.nextIs('e')) {
            throw new ScramFailure(Reason.SERVER_REFUSED, "server refused the login in its last SCRAM message");
        }
        byte[] signature = in.base64Attribute('v');
        in.skipExtensions();
        if (!MessageDigest.isEqual(signature, expectedSignature)) {
            throw new ScramFailure(Reason.SERVER_REFUSED, "the server does not know the password: wrong signature");
        }
        verified = true;
    }

    /** Whether {@link #serverFinal} has succeeded; AuthenticationOk before that must be refused. */
    public boolean verified() {
        return verified;
    }

    /**
     * The keys of this login, for later ones.
     *
     * @throws IllegalStateException before {@link #verified}
     */
    public ScramKeys keys() {
        if (!verified || keys == null) {
            throw new IllegalStateException("the login is not complete");
        }
        return keys;
    }

    @Override
    public String toString() {
        return "ScramClient[" + mechanism.wireName() + "]";
    }
}

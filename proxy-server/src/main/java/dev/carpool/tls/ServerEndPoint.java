package dev.carpool.tls;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The channel binding {@code tls-server-end-point} (RFC 5929 section 4.1): a hash of the server's certificate. */
final class ServerEndPoint {
    private ServerEndPoint() {}

    /**
     * The hash of this certificate, made with the hash function of its signature (SHA-256 in place of MD5 and SHA-1).
     * Empty when the signature has no single hash function (EdDSA): the RFC defines no binding then, and PostgreSQL
     * cannot make one either.
     */
    static Optional<byte[]> of(X509Certificate certificate) {
        try {
            String hash = hashOf(certificate);
            return hash == null
                    ? Optional.empty()
                    : Optional.of(MessageDigest.getInstance(hash).digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    private static @Nullable String hashOf(X509Certificate certificate) throws GeneralSecurityException {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        String hash;
        if (signature.equals("RSASSA-PSS")) {
            hash = pssHash(certificate);
        } else {
            int with = signature.indexOf("WITH");
            hash = with < 0 ? null : signature.substring(0, with);
        }
        return hash == null ? null : strong(hash);
    }

    private static String pssHash(X509Certificate certificate) throws GeneralSecurityException {
        byte[] encoded = certificate.getSigAlgParams();
        if (encoded == null) {
            return "SHA-1";
        }
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
        try {
            parameters.init(encoded);
        } catch (java.io.IOException e) {
            throw new GeneralSecurityException(e);
        }
        return parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
    }

    /** The name that {@link MessageDigest} knows, for {@code SHA256} and {@code SHA-256} alike. */
    private static @Nullable String strong(String hash) {
        return switch (hash.toUpperCase(Locale.ROOT)) {
            case "MD2", "MD5", "SHA1", "SHA-1", "SHA256", "SHA-256" -> "SHA-256";
            case "SHA224", "SHA-224" -> "SHA-224";
            case "SHA384", "SHA-384" -> "SHA-384";
            case "SHA512", "SHA-512" -> "SHA-512";
            case "SHA512/224", "SHA-512/224" -> "SHA-512/224";
            case "SHA512/256", "SHA-512/256" -> "SHA-512/256";
            case "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512" -> hash.toUpperCase(Locale.ROOT);
            default -> null;
        };
    }
}

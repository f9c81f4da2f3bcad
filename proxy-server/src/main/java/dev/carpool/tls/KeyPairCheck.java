package dev.carpool.tls;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import org.jspecify.annotations.Nullable;

/** Finds out whether a private key belongs to a certificate, by signing with one and verifying with the other. */
final class KeyPairCheck {
    private static final byte[] PROBE = {1, 2, 3, 4};
    private static final PSSParameterSpec PSS =
            new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, PSSParameterSpec.TRAILER_FIELD_BC);

    private KeyPairCheck() {}

    static boolean belongTogether(PrivateKey key, X509Certificate certificate) {
        try {
            String algorithm = algorithm(key);
            if (algorithm == null) {
                return true;
            }
            Signature signer = signature(algorithm);
            signer.initSign(key);
            signer.update(PROBE);
            byte[] signed = signer.sign();
            Signature checker = signature(algorithm);
            checker.initVerify(certificate.getPublicKey());
            checker.update(PROBE);
            return checker.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static Signature signature(String algorithm) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        if (algorithm.equals("RSASSA-PSS")) {
            signature.setParameter(PSS);
        }
        return signature;
    }

    /** Null for kinds of keys that are not known here. */
    private static @Nullable String algorithm(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
            case "RSASSA-PSS" -> "RSASSA-PSS";
            default -> null;
        };
    }
}

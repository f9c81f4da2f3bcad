package dev.carpool.tls;

import dev.carpool.tls.TestCertificates.Issued;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.internal.tcnative.CertificateVerifier;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

final class TellingTrustManagerTest {
    private static final Issued AUTHORITY = TestCertificates.authority("Test CA");
    private static final Issued ALICE = TestCertificates.signedBy(AUTHORITY, "alice");
    private static final Issued STRANGER = TestCertificates.selfSigned("alice");

    private static void check(Issued client) throws Exception {
        TellingTrustManager.of(List.of(AUTHORITY.certificate()))
                .checkClientTrusted(new X509Certificate[] {client.certificate()}, "UNKNOWN", (SSLEngine) null);
    }

    @Test
    void aKnownAuthorityIsTrusted() throws Exception {
        check(ALICE);
    }

    @Test
    void anUnknownOneIsTheReason() {
        assumeTrue(OpenSsl.isAvailable());
        OpenSslCertificateException refusal = assertThrows(OpenSslCertificateException.class, () -> check(STRANGER));
        assertEquals(CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, refusal.errorCode());
    }
}

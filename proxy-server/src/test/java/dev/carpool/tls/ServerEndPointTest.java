package dev.carpool.tls;

import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ServerEndPointTest {
    @ParameterizedTest
    @CsvSource({
        "RSA, SHA1withRSA, SHA-256",
        "RSA, SHA256withRSA, SHA-256",
        "RSA, SHA512withRSA, SHA-512",
        "RSA, RSASSA-PSS, SHA-384",
        "EC, SHA256withECDSA, SHA-256",
        "EC, SHA384withECDSA, SHA-384"
    })
    void hashIsThatOfTheSignatureButNeverWeak(String key, String signature, String hash) throws Exception {
        X509Certificate certificate = TestCertificates.issue(TestCertificates.keys(key), signature, "x", "x", null)
                .certificate();
        byte[] expected = MessageDigest.getInstance(hash).digest(certificate.getEncoded());
        assertArrayEquals(expected, ServerEndPoint.of(certificate).orElseThrow());
    }

    @Test
    void edDsaDefinesNone() {
        X509Certificate certificate = TestCertificates.issue(
                        TestCertificates.keys("Ed25519"), "Ed25519", "x", "x", null)
                .certificate();
        assertEquals(Optional.empty(), ServerEndPoint.of(certificate));
    }

    @Test
    void commonNameIsTheFirstOne() {
        assertEquals(Optional.of("alice"), CommonName.of("CN=alice"));
        assertEquals(Optional.of("alice"), CommonName.of("CN=second,O=Company,CN=alice,C=DE"));
        assertEquals(Optional.of("alice, bob"), CommonName.of("CN=alice\\, bob,O=Company"));
        assertEquals(Optional.of("alice"), CommonName.of("OU=x+CN=alice,O=Company"));
        assertEquals(Optional.empty(), CommonName.of("O=Company"));
        assertEquals(Optional.empty(), CommonName.of("CN=alice\\00.evil"));
        assertEquals(Optional.empty(), CommonName.of(""));
    }

    @Test
    void protocolsAreReadAsPgBouncerDoes() {
        assertProtocols("[TLSv1.2, TLSv1.3]", "secure");
        assertProtocols("[TLSv1.2, TLSv1.3]", "");
        assertProtocols("[TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]", "all");
        assertProtocols("[TLSv1.2, TLSv1.3]", "tlsv1.2,tlsv1.3");
        assertProtocols("[TLSv1.3]", "TLSv1.3");
        assertProtocols("[TLSv1.2, TLSv1.3]", "all:!tlsv1.0:!tlsv1.1");
        assertProtocols("[TLSv1, TLSv1.1, TLSv1.2]", "!tlsv1.3");
        TlsProblems.Collector problems = new TlsProblems.Collector();
        TlsProtocols.parse("x", "tlsv1.3,!tlsv1.3", problems);
        TlsProtocols.parse("y", "sslv3", problems);
        assertEquals(
                "x: no protocol is left; y: \"sslv3\" is no TLS protocol; use tlsv1.2, tlsv1.3, secure or all",
                new TlsProblems(problems).getMessage());
    }

    private static void assertProtocols(String expected, String text) {
        TlsProblems.Collector problems = new TlsProblems.Collector();
        assertEquals(expected, TlsProtocols.parse("x", text, problems).toString());
        assertTrue(new TlsProblems(problems).problems().isEmpty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "default | '' | null",
                "HIGH:MEDIUM:+3DES:!aNULL | '' | null",
                "'' | '' | null",
                "!aNULL:ECDHE-RSA-AES128-GCM-SHA256 | '' | [TLS_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256,"
                        + " TLS_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 | TLS_AES_128_GCM_SHA256 |"
                        + " [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"
            })
    void ciphersAreReadInBothSpellings(String ciphers, String tls13, String expected) {
        TlsProblems.Collector problems = new TlsProblems.Collector();
        assertEquals(expected, String.valueOf(CipherNames.parse("client_tls", ciphers, tls13, problems)));
        assertTrue(new TlsProblems(problems).problems().isEmpty());
    }
}

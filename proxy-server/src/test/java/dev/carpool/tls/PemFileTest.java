package dev.carpool.tls;

import dev.carpool.tls.TestCertificates.Issued;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class PemFileTest {
    private static final Issued ISSUED = TestCertificates.selfSigned("db.example.com");

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void readsPkcs8(String algorithm) throws Exception {
        KeyPair pair = TestCertificates.keys(algorithm);
        String pem = TestCertificates.pem("PRIVATE KEY", pair.getPrivate().getEncoded());
        assertEquals(pair.getPrivate(), parse(pem).privateKey());
    }

    @Test
    void readsPkcs1() throws Exception {
        RSAPrivateCrtKey key = (RSAPrivateCrtKey) TestCertificates.keys("RSA").getPrivate();
        byte[] pkcs1 = TestCertificates.sequence(
                TestCertificates.integer(0),
                TestCertificates.integer(key.getModulus()),
                TestCertificates.integer(key.getPublicExponent()),
                TestCertificates.integer(key.getPrivateExponent()),
                TestCertificates.integer(key.getPrimeP()),
                TestCertificates.integer(key.getPrimeQ()),
                TestCertificates.integer(key.getPrimeExponentP()),
                TestCertificates.integer(key.getPrimeExponentQ()),
                TestCertificates.integer(key.getCrtCoefficient()));
        assertEquals(key, parse(TestCertificates.pem("RSA PRIVATE KEY", pkcs1)).privateKey());
    }

    @Test
    void readsSec1BesideItsParameters() throws Exception {
        ECPrivateKey key = (ECPrivateKey) TestCertificates.keys("EC").getPrivate();
        byte[] secret = new byte[32];
        byte[] s = key.getS().toByteArray();
        int length = Math.min(32, s.length);
        System.arraycopy(s, s.length - length, secret, 32 - length, length);
        byte[] prime256v1 = TestCertificates.oid("2A8648CE3D030107");
        byte[] sec1 = TestCertificates.sequence(
                TestCertificates.integer(1),
                TestCertificates.tagged(0x04, secret),
                TestCertificates.tagged(0xA0, prime256v1));
        String pem = TestCertificates.pem("EC PARAMETERS", prime256v1) + TestCertificates.pem("EC PRIVATE KEY", sec1);
        assertEquals(key.getS(), ((ECPrivateKey) parse(pem).privateKey()).getS());

        byte[] nameless = TestCertificates.sequence(TestCertificates.integer(1), TestCertificates.tagged(0x04, secret));
        assertUnusable(
                "has an EC private key that does not name its curve", TestCertificates.pem("EC PRIVATE KEY", nameless));
        for (int end = 0; end < sec1.length; end++) {
            String cut = TestCertificates.pem("EC PRIVATE KEY", java.util.Arrays.copyOf(sec1, end));
            assertThrows(PemFile.Unusable.class, () -> parse(cut).privateKey());
        }
    }

    @Test
    void readsAWholeChain() throws Exception {
        Issued authority = TestCertificates.authority("CA");
        String pem = "text before\n" + ISSUED.certificatePem() + "\n" + authority.certificatePem() + ISSUED.keyPem();
        assertEquals(
                List.of(ISSUED.certificate(), authority.certificate()),
                parse(pem).certificates());
        assertEquals(ISSUED.key(), parse(pem.replace("\n", "\r\n")).privateKey());
    }

    @Test
    void saysWhatIsWrong() {
        String encrypted = "is encrypted; Carpool needs a key without passphrase";
        assertUnusable("has no PEM block (-----BEGIN …)", "");
        assertUnusable("has no private key", ISSUED.certificatePem());
        assertUnusable(encrypted, TestCertificates.pem("ENCRYPTED PRIVATE KEY", new byte[] {1}));
        assertUnusable(encrypted, """
                -----BEGIN RSA PRIVATE KEY-----
                Proc-Type: 4,ENCRYPTED
                DEK-Info: AES-256-CBC,00

                AAAA
                -----END RSA PRIVATE KEY-----
                """);
        assertUnusable(
                "has a private key that is damaged or of an unknown kind",
                TestCertificates.pem("PRIVATE KEY", new byte[] {1, 2, 3}));
        assertEquals(
                "has no certificate",
                assertThrows(
                                PemFile.Unusable.class,
                                () -> parse(ISSUED.keyPem()).certificates())
                        .getMessage());
        assertEquals(
                "has a damaged certificate",
                assertThrows(
                                PemFile.Unusable.class,
                                () -> parse(TestCertificates.pem("CERTIFICATE", new byte[] {1}))
                                        .certificates())
                        .getMessage());
    }

    @Test
    void knowsWhetherKeyAndCertificateBelongTogether() {
        for (String[] kind :
                new String[][] {{"EC", "SHA256withECDSA"}, {"RSA", "RSASSA-PSS"}, {"Ed25519", "Ed25519"}}) {
            KeyPair pair = TestCertificates.keys(kind[0]);
            Issued own = TestCertificates.issue(pair, kind[1], "one", "one", null);
            assertTrue(KeyPairCheck.belongTogether(own.key(), own.certificate()), kind[0]);
            Issued other = TestCertificates.issue(TestCertificates.keys(kind[0]), kind[1], "two", "two", null);
            assertFalse(KeyPairCheck.belongTogether(other.key(), own.certificate()), kind[0]);
        }
        Issued rsa = TestCertificates.issue(TestCertificates.keys("RSA"), "SHA256withRSA", "three", "three", null);
        assertFalse(KeyPairCheck.belongTogether(ISSUED.key(), rsa.certificate()));
    }

    private static void assertUnusable(String message, String pem) {
        assertEquals(
                message,
                assertThrows(PemFile.Unusable.class, () -> parse(pem).privateKey())
                        .getMessage());
    }

    private static PemFile parse(String pem) throws PemFile.Unusable {
        return PemFile.parse(pem.getBytes(StandardCharsets.UTF_8));
    }
}

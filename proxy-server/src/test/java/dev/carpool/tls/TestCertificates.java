package dev.carpool.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicLong;

/** Issues certificates (RFC 5280) for tests, written as DER by hand: fast, and with any signature. */
final class TestCertificates {
    /** A certificate, its key and the authority's certificate it was signed with. */
    record Issued(PrivateKey key, X509Certificate certificate) {
        String certificatePem() {
            try {
                return pem("CERTIFICATE", certificate.getEncoded());
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }

        String keyPem() {
            return pem("PRIVATE KEY", key.getEncoded());
        }
    }

    private static final AtomicLong SERIAL = new AtomicLong(1);
    private static final byte[] NULL = {5, 0};

    private TestCertificates() {}

    /** A certificate that signs itself, for this host, with ECDSA and SHA-256. */
    static Issued selfSigned(String host) {
        return issue(keys("EC"), "SHA256withECDSA", host, host, null);
    }

    static Issued authority(String name) {
        return issue(keys("EC"), "SHA256withECDSA", name, "", null);
    }

    /** A certificate for this host or user, signed by the authority. */
    static Issued signedBy(Issued authority, String name) {
        return issue(keys("EC"), "SHA256withECDSA", name, name, authority);
    }

    static KeyPair keys(String algorithm) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (algorithm.equals("RSA")) {
                generator.initialize(1024);
            } else if (algorithm.equals("EC")) {
                generator.initialize(256);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static Issued issue(KeyPair pair, String algorithm, String commonName, String host, Issued authority) {
        try {
            byte[] algorithmId = algorithmId(algorithm);
            byte[] subject = name(commonName);
            byte[] issuer = authority == null
                    ? subject
                    : authority.certificate().getSubjectX500Principal().getEncoded();
            byte[] body = sequence(
                    tagged(0xA0, integer(2)),
                    integer(SERIAL.incrementAndGet()),
                    algorithmId,
                    issuer,
                    sequence(tagged(0x18, ascii("20200101000000Z")), tagged(0x18, ascii("21200101000000Z"))),
                    subject,
                    pair.getPublic().getEncoded(),
                    tagged(0xA3, sequence(host.isEmpty() ? authorityExtension() : hostExtension(host))));
            byte[] signature = sign(algorithm, authority == null ? pair.getPrivate() : authority.key(), body);
            byte[] encoded = sequence(body, algorithmId, tagged(0x03, new byte[] {0}, signature));
            X509Certificate certificate = (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
            return new Issued(pair.getPrivate(), certificate);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] sign(String algorithm, PrivateKey key, byte[] body) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        if (algorithm.equals("RSASSA-PSS")) {
            signature.setParameter(pss());
        }
        signature.initSign(key);
        signature.update(body);
        return signature.sign();
    }

    private static PSSParameterSpec pss() {
        return new PSSParameterSpec("SHA-384", "MGF1", MGF1ParameterSpec.SHA384, 48, 1);
    }

    private static byte[] algorithmId(String algorithm) throws GeneralSecurityException, IOException {
        return switch (algorithm) {
            case "SHA1withRSA" -> sequence(oid("2A864886F70D010105"), NULL);
            case "SHA256withRSA" -> sequence(oid("2A864886F70D01010B"), NULL);
            case "SHA512withRSA" -> sequence(oid("2A864886F70D01010D"), NULL);
            case "SHA256withECDSA" -> sequence(oid("2A8648CE3D040302"));
            case "SHA384withECDSA" -> sequence(oid("2A8648CE3D040303"));
            case "Ed25519" -> sequence(oid("2B6570"));
            case "RSASSA-PSS" -> {
                Signature signature = Signature.getInstance(algorithm);
                signature.setParameter(pss());
                yield sequence(
                        oid("2A864886F70D01010A"), signature.getParameters().getEncoded());
            }
            default -> throw new IllegalArgumentException(algorithm);
        };
    }

    private static byte[] authorityExtension() {
        return sequence(oid("551D13"), new byte[] {1, 1, -1}, tagged(0x04, sequence(new byte[] {1, 1, -1})));
    }

    private static byte[] hostExtension(String host) {
        return sequence(oid("551D11"), tagged(0x04, sequence(tagged(0x82, ascii(host)))));
    }

    private static byte[] name(String commonName) {
        byte[] text = tagged(0x0C, commonName.getBytes(StandardCharsets.UTF_8));
        return sequence(tagged(0x31, sequence(oid("550403"), text)));
    }

    static byte[] oid(String hex) {
        return tagged(0x06, java.util.HexFormat.of().parseHex(hex));
    }

    static byte[] integer(long value) {
        return integer(BigInteger.valueOf(value));
    }

    static byte[] integer(BigInteger value) {
        return tagged(0x02, value.toByteArray());
    }

    static byte[] sequence(byte[]... parts) {
        return tagged(0x30, parts);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] tagged(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.size() >= 0x100) {
            out.write(0x82);
            out.write(content.size() >> 8);
        } else if (content.size() >= 0x80) {
            out.write(0x81);
        }
        out.write(content.size());
        out.writeBytes(content.toByteArray());
        return out.toByteArray();
    }

    static String pem(String label, byte[] content) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }

    static String write(Path directory, String name, String content) {
        try {
            return Files.writeString(directory.resolve(name), content).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

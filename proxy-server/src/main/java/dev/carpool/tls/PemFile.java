package dev.carpool.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file in PEM form (RFC 7468) with a private key or certificates. Its complaints never contain key material. */
final class PemFile {
    /** What is wrong with the file, for the operator. */
    static final class Unusable extends Exception {
        Unusable(String message) {
            super(message);
        }
    }

    private record Block(String label, String base64) {
        byte[] content() throws Unusable {
            try {
                return Base64.getMimeDecoder().decode(base64);
            } catch (IllegalArgumentException e) {
                throw new Unusable("has a damaged " + label + " block");
            }
        }
    }

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private final List<Block> blocks;

    private PemFile(List<Block> blocks) {
        this.blocks = blocks;
    }

    static PemFile read(String path) throws Unusable {
        return parse(content(path));
    }

    static byte[] content(String path) throws Unusable {
        try {
            return Files.readAllBytes(Path.of(path));
        } catch (NoSuchFileException e) {
            throw new Unusable("does not exist");
        } catch (AccessDeniedException e) {
            throw new Unusable("may not be read by this process");
        } catch (IOException | InvalidPathException e) {
            throw new Unusable("cannot be read (" + e.getMessage() + ")");
        }
    }

    static PemFile parse(byte[] content) throws Unusable {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(new String(content, StandardCharsets.ISO_8859_1));
        while (matcher.find()) {
            String label = matcher.group(1);
            String body = matcher.group(2);
            if (body.contains("ENCRYPTED")) {
                throw new Unusable("is encrypted; Carpool needs a key without passphrase");
            }
            blocks.add(new Block(label, body));
        }
        if (blocks.isEmpty()) {
            throw new Unusable("has no PEM block (-----BEGIN …)");
        }
        return new PemFile(blocks);
    }

    /** All certificates, in the order of the file. */
    List<X509Certificate> certificates() throws Unusable {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks) {
            if (block.label.equals("CERTIFICATE") || block.label.equals("X509 CERTIFICATE")) {
                certificates.add(certificate(block));
            }
        }
        if (certificates.isEmpty()) {
            throw new Unusable("has no certificate");
        }
        return certificates;
    }

    private static X509Certificate certificate(Block block) throws Unusable {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(block.content()));
        } catch (GeneralSecurityException e) {
            throw new Unusable("has a damaged certificate");
        }
    }

    PrivateKey privateKey() throws Unusable {
        for (Block block : blocks) {
            switch (block.label) {
                case "PRIVATE KEY" -> {
                    return key(block.content());
                }
                case "RSA PRIVATE KEY" -> {
                    return key(Pkcs8.ofRsa(block.content()));
                }
                case "EC PRIVATE KEY" -> {
                    return key(Pkcs8.ofEc(block.content()));
                }
                case "ENCRYPTED PRIVATE KEY" ->
                    throw new Unusable("is encrypted; Carpool needs a key without passphrase");
                default -> {
                    // a certificate or EC PARAMETERS beside the key
                }
            }
        }
        throw new Unusable("has no private key");
    }

    private static PrivateKey key(byte[] pkcs8) throws Unusable {
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException e) {
                // not a key of this algorithm
            }
        }
        throw new Unusable("has a private key that is damaged or of an unknown kind");
    }
}

package dev.carpool.tls;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Wraps private keys as OpenSSL writes them, PKCS#1 (RFC 8017 appendix A.1.2) and SEC 1 (RFC 5915), into PKCS#8
 * (RFC 5208), the only form the JDK reads.
 */
final class Pkcs8 {
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int EC_PARAMETERS = 0xA0;

    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
    /** rsaEncryption (1.2.840.113549.1.1.1) and NULL. */
    private static final byte[] RSA = {
        0x06, 0x09, 0x2A, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    /** id-ecPublicKey (1.2.840.10045.2.1). */
    private static final byte[] EC = {0x06, 0x07, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 0x02, 0x01};

    private Pkcs8() {}

    static byte[] ofRsa(byte[] pkcs1) {
        return wrap(RSA, pkcs1);
    }

    static byte[] ofEc(byte[] sec1) throws PemFile.Unusable {
        return wrap(concat(EC, curve(sec1)), sec1);
    }

    private static byte[] wrap(byte[] algorithm, byte[] key) {
        return tagged(SEQUENCE, concat(VERSION_0, tagged(SEQUENCE, algorithm), tagged(OCTET_STRING, key)));
    }

    /** The curve's identifier out of ECPrivateKey ::= SEQUENCE { version, privateKey, [0] parameters, [1] publicKey }. */
    private static byte[] curve(byte[] sec1) throws PemFile.Unusable {
        try {
            int end = contentStart(sec1, 0) + contentLength(sec1, 0);
            for (int at = contentStart(sec1, 0); at < end; at = contentStart(sec1, at) + contentLength(sec1, at)) {
                if ((sec1[at] & 0xFF) == EC_PARAMETERS) {
                    int from = contentStart(sec1, at);
                    return Arrays.copyOfRange(sec1, from, from + contentLength(sec1, at));
                }
            }
        } catch (IndexOutOfBoundsException e) {
            throw new PemFile.Unusable("has a damaged EC private key");
        }
        throw new PemFile.Unusable("has an EC private key that does not name its curve");
    }

    private static int contentStart(byte[] der, int at) {
        int first = der[at + 1] & 0xFF;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7F);
    }

    private static int contentLength(byte[] der, int at) {
        int first = der[at + 1] & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7F); i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xFF);
        }
        if (length < 0 || length > der.length) {
            throw new IndexOutOfBoundsException("length beyond the end");
        }
        return length;
    }

    private static byte[] tagged(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = content.length;
        if (length < 0x80) {
            out.write(length);
        } else {
            int bytes = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
            out.write(0x80 | bytes);
            for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
                out.write(length >> shift);
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}

package dev.carpool.tls;

import dev.carpool.config.TlsConfig;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the files of one {@link TlsConfig} hold, checked.
 *
 * @param key null when none is configured
 * @param chain own certificate first; empty when none is configured
 * @param authorities empty when none are configured
 */
record TlsFiles(@Nullable PrivateKey key, List<X509Certificate> chain, List<X509Certificate> authorities) {

    /** Reads and checks the files; {@code prefix} is {@code client_tls} or {@code server_tls}. */
    static TlsFiles read(String prefix, TlsConfig config, TlsProblems.Collector problems) {
        PrivateKey key = null;
        List<X509Certificate> chain = List.of();
        List<X509Certificate> authorities = List.of();
        if (!config.keyFile().isEmpty()) {
            try {
                key = PemFile.read(config.keyFile()).privateKey();
            } catch (PemFile.Unusable e) {
                problems.add(prefix + "_key_file " + config.keyFile() + ": " + e.getMessage());
            }
        }
        if (!config.certFile().isEmpty()) {
            chain = certificates(prefix + "_cert_file", config.certFile(), problems);
        }
        if (!config.caFile().isEmpty()) {
            authorities = certificates(prefix + "_ca_file", config.caFile(), problems);
        }
        if (config.keyFile().isEmpty() != config.certFile().isEmpty()) {
            problems.add(prefix + "_key_file and " + prefix + "_cert_file must be set together");
        }
        if (key != null && !chain.isEmpty() && !KeyPairCheck.belongTogether(key, chain.get(0))) {
            problems.add(prefix + "_key_file " + config.keyFile() + ": is not the key of the first certificate in "
                    + config.certFile());
        }
        return new TlsFiles(key, chain, authorities);
    }

    private static List<X509Certificate> certificates(String setting, String path, TlsProblems.Collector problems) {
        try {
            return PemFile.read(path).certificates();
        } catch (PemFile.Unusable e) {
            problems.add(setting + " " + path + ": " + e.getMessage());
            return List.of();
        }
    }

    /** A fingerprint of the files' contents; a file that cannot be read counts as empty. */
    static byte[] fingerprint(TlsConfig... configs) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            for (TlsConfig config : configs) {
                for (String path : List.of(config.keyFile(), config.certFile(), config.caFile())) {
                    hash.update((byte) 0);
                    hash.update(MessageDigest.getInstance("SHA-256").digest(contentOrNothing(path)));
                }
            }
            return hash.digest();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] contentOrNothing(String path) {
        try {
            return path.isEmpty() ? new byte[0] : PemFile.content(path);
        } catch (PemFile.Unusable e) {
            return new byte[0];
        }
    }

    X509Certificate[] chainArray() {
        return chain.toArray(new X509Certificate[0]);
    }

    X509Certificate[] authoritiesArray() {
        return authorities.toArray(new X509Certificate[0]);
    }

    @Override
    public String toString() {
        return "TlsFiles[" + chain.size() + " certificates, " + authorities.size() + " authorities]";
    }
}

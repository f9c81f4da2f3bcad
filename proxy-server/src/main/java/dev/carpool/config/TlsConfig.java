package dev.carpool.config;

/**
 * TLS settings of one side: {@code client_tls_*} or {@code server_tls_*}. An empty string means "not set".
 *
 * @param mode PostgreSQL's sslmode
 * @param keyFile private key, PEM (PKCS#8, or PKCS#1 / SEC 1 as OpenSSL writes it), not encrypted
 * @param certFile certificate chain, PEM, own certificate first
 * @param caFile certificates that the other side's certificate must be signed by, PEM
 * @param protocols {@code secure} (TLS 1.2 and 1.3), {@code all}, or a list such as {@code tlsv1.2,tlsv1.3}
 * @param ciphers {@code default} or a list of cipher names for TLS 1.2 and older, separated by colons, commas or blanks
 * @param tls13Ciphers a list of TLS 1.3 cipher names; empty for all
 */
public record TlsConfig(
        SslMode mode,
        String keyFile,
        String certFile,
        String caFile,
        String protocols,
        String ciphers,
        String tls13Ciphers) {

    /** No TLS at all. */
    public static final TlsConfig DISABLED = of(SslMode.DISABLE);

    /** Only the mode is set; all else has its default. */
    public static TlsConfig of(SslMode mode) {
        return new TlsConfig(mode, "", "", "", "secure", "default", "");
    }
}

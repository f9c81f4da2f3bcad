package dev.carpool.tls;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/** The common name (CN) of a certificate's subject. */
final class CommonName {
    private CommonName() {}

    /** The first CN in the order of the certificate, as PostgreSQL takes it; empty when it holds a zero byte. */
    static Optional<String> of(Certificate certificate) {
        return certificate instanceof X509Certificate x509
                ? of(x509.getSubjectX500Principal().getName())
                : Optional.empty();
    }

    static Optional<String> of(String distinguishedName) {
        try {
            // LdapName counts from the right, which is the order inside the certificate.
            for (Rdn part : new LdapName(distinguishedName).getRdns()) {
                Attribute name = part.toAttributes().get("CN");
                if (name != null && name.get() instanceof String text) {
                    return text.isEmpty() || text.indexOf('\0') >= 0 ? Optional.empty() : Optional.of(text);
                }
            }
        } catch (NamingException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }
}

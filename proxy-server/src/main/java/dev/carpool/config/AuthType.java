package dev.carpool.config;

/** How clients prove who they are; PgBouncer's {@code auth_type} and {@link #PASSTHROUGH}. */
public enum AuthType {
    /** The client's password is proved by a login to PostgreSQL; no list of users is needed. */
    PASSTHROUGH,
    SCRAM_SHA_256,
    /** MD5, or SCRAM for users whose stored secret is a SCRAM verifier. */
    MD5,
    /** The password in clear text. */
    PLAIN,
    /** No proof, but the user must be known. */
    TRUST,
    /** A TLS client certificate whose common name is the user. */
    CERT,
    /** Rules of {@code auth_hba_file} decide for each connection. */
    HBA,
    /** Nobody gets in. */
    REJECT,
    /** No proof and any user name; needs a forced user for every database. */
    ANY
}

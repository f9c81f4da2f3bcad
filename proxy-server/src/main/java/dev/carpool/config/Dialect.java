package dev.carpool.config;

/** Whose rules and defaults apply. */
enum Dialect {
    /** carpool.yaml, environment and flags. */
    CARPOOL,
    /** Section [pgbouncer] of pgbouncer.ini: integers as for C's strtol, PgBouncer's defaults. */
    PGBOUNCER,
    /** Entries of the other sections of pgbouncer.ini: integers as for C's atoi. */
    PGBOUNCER_ENTRY
}

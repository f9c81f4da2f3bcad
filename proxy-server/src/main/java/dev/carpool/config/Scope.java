package dev.carpool.config;

/** What a setting is set for. */
enum Scope {
    /** The whole proxy: top level of carpool.yaml, section [pgbouncer] of pgbouncer.ini. */
    GLOBAL,
    /** One entry under databases. */
    DATABASE,
    /** One entry under users. */
    USER
}

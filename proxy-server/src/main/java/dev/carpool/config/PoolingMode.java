package dev.carpool.config;

import java.util.Locale;

/** When a client session and its server connection may part. */
public enum PoolingMode {
    /** After every transaction; the default. */
    TRANSACTION,
    /** When the client leaves. */
    SESSION,
    /** After every statement; transactions over several statements are refused. */
    STATEMENT;

    /** As configuration files spell it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}

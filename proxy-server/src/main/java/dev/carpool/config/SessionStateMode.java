package dev.carpool.config;

import java.util.Locale;

/** What becomes of a session whose state cannot move to another server connection. */
public enum SessionStateMode {
    /** It keeps the server connection it has; the default. */
    KEEP,
    /** The same, and its client gets a warning. */
    WARN,
    /** It is ended when its transaction has ended. */
    ERROR;

    /** As configuration files spell it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}

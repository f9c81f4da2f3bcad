package dev.carpool.suspicion;

import org.jspecify.annotations.Nullable;

/**
 * One thing a statement does to the settings of its session, once its transaction commits.
 *
 * @param kind what is done
 * @param name the setting, in lower case as far as PostgreSQL folds it; empty unless the kind is {@link Kind#SET}, {@link
 *     Kind#RESET} or {@link Kind#RESET_LOCAL}
 * @param value the new value as {@code set_config} takes it; null unless the kind is {@link Kind#SET}
 */
public record SettingChange(
        Kind kind, String name, @Nullable String value) {
    /** What is done. */
    public enum Kind {
        /** The setting gets a value. */
        SET,
        /** The setting goes back to what the session began with. */
        RESET,
        /** SET LOCAL … TO DEFAULT: the same for the transaction, and nothing once it commits. */
        RESET_LOCAL,
        /** RESET ALL: every setting but role and session authorization goes back. */
        RESET_ALL,
        /** DISCARD ALL: the session is as it began. */
        DISCARD_ALL
    }

    static SettingChange set(String name, String value) {
        return new SettingChange(Kind.SET, name, value);
    }

    static SettingChange reset(String name) {
        return new SettingChange(Kind.RESET, name, null);
    }

    static SettingChange resetLocal(String name) {
        return new SettingChange(Kind.RESET_LOCAL, name, null);
    }

    static SettingChange resetAll() {
        return new SettingChange(Kind.RESET_ALL, "", null);
    }

    static SettingChange discardAll() {
        return new SettingChange(Kind.DISCARD_ALL, "", null);
    }

    /** Whether something goes back to what the session began with. */
    public boolean goesBack() {
        return kind != Kind.SET && kind != Kind.RESET_LOCAL;
    }

    /** The name; the value may be a secret. */
    @Override
    public String toString() {
        return kind + " " + name;
    }
}

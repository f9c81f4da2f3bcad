package dev.carpool.config;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One row of the table in {@link Settings}: all there is to know about a key. Immutable.
 *
 * @param <T> its value in Java
 */
public final class Setting<T> {
    private final String key;
    private final SettingSection section;
    private final SettingType<T> type;
    private final String defaultText;
    private final String iniDefaultText;
    private final String sentence;
    private final Set<Scope> scopes;
    private final boolean reloadable;
    private final boolean pgBouncers;
    private final @Nullable Function<CarpoolConfig, T> reader;

    private Setting(
            String key,
            SettingSection section,
            SettingType<T> type,
            String defaultText,
            String iniDefaultText,
            String sentence,
            Set<Scope> scopes,
            boolean reloadable,
            boolean pgBouncers,
            @Nullable Function<CarpoolConfig, T> reader) {
        this.key = key;
        this.section = section;
        this.type = type;
        this.defaultText = defaultText;
        this.iniDefaultText = iniDefaultText;
        this.sentence = sentence;
        this.scopes = Collections.unmodifiableSet(scopes);
        this.reloadable = reloadable;
        this.pgBouncers = pgBouncers;
        this.reader = reader;
    }

    /** A row for the whole proxy that PgBouncer has under the same name. */
    static <T> Setting<T> pgBouncers(
            SettingSection section,
            String key,
            SettingType<T> type,
            String defaultText,
            String sentence,
            Function<CarpoolConfig, T> reader) {
        return new Setting<>(
                key, section, type, defaultText, defaultText, sentence, EnumSet.of(Scope.GLOBAL), true, true, reader);
    }

    /** A row for the whole proxy that PgBouncer has not. */
    static <T> Setting<T> ours(
            SettingSection section,
            String key,
            SettingType<T> type,
            String defaultText,
            String sentence,
            Function<CarpoolConfig, T> reader) {
        return new Setting<>(
                key, section, type, defaultText, defaultText, sentence, EnumSet.of(Scope.GLOBAL), true, false, reader);
    }

    /** A row that only entries under databases, or under users, can have; it has no default. */
    static <T> Setting<T> entry(
            String key, SettingType<T> type, boolean pgBouncers, Set<Scope> scopes, String sentence) {
        return new Setting<>(
                key, SettingSection.DATABASE, type, "", "", sentence, EnumSet.copyOf(scopes), true, pgBouncers, null);
    }

    /** This row with the default that applies when a pgbouncer.ini is read. */
    Setting<T> inIni(String text) {
        return new Setting<>(key, section, type, defaultText, text, sentence, scopes, reloadable, pgBouncers, reader);
    }

    /** This row for entries under databases or users as well. */
    Setting<T> alsoFor(Scope first, Scope... more) {
        Set<Scope> all = EnumSet.of(first, more);
        all.addAll(scopes);
        return new Setting<>(
                key, section, type, defaultText, iniDefaultText, sentence, all, reloadable, pgBouncers, reader);
    }

    /** This row as one that a reload does not change. */
    Setting<T> atStartOnly() {
        return new Setting<>(
                key, section, type, defaultText, iniDefaultText, sentence, scopes, false, pgBouncers, reader);
    }

    /** The name in files and in SHOW CONFIG, such as {@code pool_mode}. */
    public String key() {
        return key;
    }

    /** What it does, in a sentence of Markdown. */
    public String sentence() {
        return sentence;
    }

    /** Whether a reload changes it. */
    public boolean reloadable() {
        return reloadable;
    }

    SettingSection section() {
        return section;
    }

    SettingType<T> type() {
        return type;
    }

    String defaultText(Dialect dialect) {
        return dialect == Dialect.PGBOUNCER ? iniDefaultText : defaultText;
    }

    /** Whether PgBouncer has it, with the same meaning. */
    boolean pgBouncers() {
        return pgBouncers;
    }

    boolean isFor(Scope scope) {
        return scopes.contains(scope);
    }

    T defaultValue(Dialect dialect) {
        try {
            return type.parse(defaultText(dialect), Dialect.CARPOOL);
        } catch (BadValue e) {
            throw new IllegalStateException("default of " + key + ": " + e.why(), e);
        }
    }

    /** Its value for the whole proxy. */
    T of(CarpoolConfig config) {
        if (reader == null) {
            throw new IllegalStateException(key + " belongs to single databases or users");
        }
        return reader.apply(config);
    }

    /** Its value for the whole proxy as text; secrets are masked. */
    String show(CarpoolConfig config) {
        return type.format(of(config));
    }

    @Override
    public String toString() {
        return key;
    }
}

package dev.carpool.prepared;

import dev.carpool.params.ParameterValues;
import dev.carpool.suspicion.SqlLexer;
import dev.carpool.suspicion.SqlPreparing;
import dev.carpool.suspicion.Suspicion;
import dev.carpool.suspicion.TextRules;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A statement that a client session has prepared in SQL, and the PREPARE that gives it to further server connections.
 * Immutable; two sessions never share one. Text and name are kept byte for byte, one character for each.
 */
public final class SqlStatement {
    /** What an object of this class costs beside its text, about. */
    private static final int OVERHEAD = 150;

    private final long number = PrepareNumbers.next();
    private final String name;
    private final String text;
    private final String source;
    private final int suspicion;
    private final @Nullable ParameterValues settings;

    private SqlStatement(String name, String text, String source, int suspicion, @Nullable ParameterValues settings) {
        this.settings = settings;
        this.name = name;
        this.text = text;
        this.source = source;
        this.suspicion = suspicion;
    }

    /**
     * A statement made by a PREPARE that is known.
     *
     * @param settings those that decide what a text means, as they were; null where nobody knows
     */
    public static SqlStatement of(String name, String text, @Nullable ParameterValues settings) {
        return of(name, text, text, settings);
    }

    /** A statement that does nothing: what it stands for may not be possible any more, and is about to be given up. */
    public static SqlStatement placeholder(String name) {
        return of(name, "PREPARE \"" + name.replace("\"", "\"\"") + "\" AS SELECT", null);
    }

    /**
     * The statement of a row of {@code pg_prepared_statements}; null if its PREPARE cannot be told from its text, which may
     * be of several statements.
     *
     * @param rules how the text is read
     */
    public static @Nullable SqlStatement found(String name, String source, TextRules rules) {
        if (!rules.asciiBytes() && source.chars().anyMatch(c -> c >= 0x80)) {
            return null;
        }
        SqlPreparing preparing = SqlPreparing.read(source, rules.standardStrings());
        String text = preparing.isClear() ? preparing.textOf(name) : null;
        return text == null ? null : of(name, text, source, null);
    }

    private static SqlStatement of(String name, String text, String source, @Nullable ParameterValues settings) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        SqlLexer lexer = new SqlLexer();
        lexer.begin();
        lexer.feed(Unpooled.wrappedBuffer(bytes), 0, bytes.length);
        return new SqlStatement(name, text, source, lexer.end() & ~Suspicion.SQL_PREPARE, settings);
    }

    /** Tells which was prepared first, see {@link PrepareNumbers}. */
    public long number() {
        return number;
    }

    public String name() {
        return name;
    }

    /** The PREPARE. */
    public String text() {
        return text;
    }

    /** The settings that decide what its text means, as they were at the client's PREPARE; null if nobody knows. */
    public @Nullable ParameterValues settings() {
        return settings;
    }

    /** What executing it may do to the session: bits of {@link Suspicion}. */
    public int suspicion() {
        return suspicion;
    }

    /** Whether a server that shows this text may mean this statement. */
    public boolean matches(String shown) {
        return shown.equals(text) || shown.equals(source);
    }

    /** Memory it takes, bytes. */
    public int size() {
        return OVERHEAD + text.length() + (source.equals(text) ? 0 : source.length());
    }

    /** Its name; never the text. */
    @Override
    public String toString() {
        return name;
    }
}

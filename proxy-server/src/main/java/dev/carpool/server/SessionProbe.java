package dev.carpool.server;

import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireWriter;
import dev.carpool.suspicion.DatabaseFunctions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Asks a server connection, between two transactions, what its session holds: the one way to know what a function, a
 * rolled back SET or a code block has left behind. Everything in it is qualified, so that no search_path leads it
 * astray. Each server connection prepares it once.
 */
public final class SessionProbe {
    /** A SQL-level prepared statement. */
    public record Prepared(String name, String text) {}

    /** Advisory locks are held. */
    public static final int ADVISORY_LOCKS = 1;

    /** Something exists in the session's temporary schema. */
    public static final int TEMPORARY_OBJECTS = 2;

    /** A cursor WITH HOLD is open. */
    public static final int HELD_CURSORS = 4;

    private static final String STATE = """
            SELECT 'l'::pg_catalog.text, ''::pg_catalog.text, NULL::pg_catalog.text WHERE EXISTS (\
            SELECT FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'::pg_catalog.text \
            AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.granted) \
            UNION ALL SELECT 't', '', NULL WHERE pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid \
            AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid OPERATOR(pg_catalog.=) 2615::pg_catalog.oid \
            AND d.refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()) \
            UNION ALL SELECT 'c', c.name, NULL FROM pg_catalog.pg_cursor() c WHERE c.is_holdable \
            UNION ALL SELECT 'p', p.name, p.statement FROM pg_catalog.pg_prepared_statement() p WHERE p.from_sql \
            UNION ALL SELECT 'n', n, NULL FROM pg_catalog.pg_listening_channels() n \
            UNION ALL SELECT 's', s.n, pg_catalog.current_setting(s.n, true) \
            FROM pg_catalog.unnest($1::pg_catalog.text[]) s(n)""";

    private static final String SWEEP = STATE + " " + """
            UNION ALL SELECT 's', g.name, pg_catalog.current_setting(g.name, true) \
            FROM pg_catalog.pg_show_all_settings() g WHERE g.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text \
            AND g.name OPERATOR(pg_catalog.<>) ALL ('{seed,transaction_isolation,transaction_read_only,\
            transaction_deferrable}'::pg_catalog.text[])""";

    /** Resets the custom settings that no module has defined, and tells what they are then. */
    private static final String LEFT = """
            SELECT 's'::pg_catalog.text, s.n, pg_catalog.set_config(s.n, NULL, false) \
            FROM pg_catalog.unnest($1::pg_catalog.text[]) s(n) WHERE pg_catalog.current_setting(s.n, true) IS NOT NULL \
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_show_all_settings() g \
            WHERE pg_catalog.lower(g.name) OPERATOR(pg_catalog.=) s.n) \
            UNION ALL SELECT 'm', s.n, NULL FROM pg_catalog.unnest($2::pg_catalog.text[]) s(n) \
            WHERE pg_catalog.current_setting(s.n, true) IS NOT NULL \
            UNION ALL SELECT 't', '', NULL WHERE pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid""";

    /** See {@link HiddenEffects}. */
    private static final String CATALOG = resource("hidden-effects.sql");

    private static final String CATALOG_NAME = OwnNames.of("catalog");
    private static final String STATE_NAME = OwnNames.of("state");
    private static final String SWEEP_NAME = OwnNames.of("sweep");
    private static final String LEFT_NAME = OwnNames.of("left");
    private static final String NO_JIT_NAME = OwnNames.of("no_jit");

    /** For the transaction of the question: compiling it would take a second, to save nothing. */
    private static final String NO_JIT =
            "SELECT 'j'::pg_catalog.text, pg_catalog.set_config('jit', 'off', true), NULL::pg_catalog.text";

    /** What is asked. */
    private enum Question {
        STATE(STATE_NAME, SessionProbe.STATE),
        SWEEP(SWEEP_NAME, SessionProbe.SWEEP),
        LEFT(LEFT_NAME, SessionProbe.LEFT),
        CATALOG(CATALOG_NAME, SessionProbe.CATALOG);

        private final String statement;
        private final String text;

        Question(String statement, String text) {
            this.statement = statement;
            this.text = text;
        }
    }

    private final Question question;

    private final List<String> names;

    /** Settings that are there when a module is loaded. */
    private final List<String> modules;

    private int held;
    private final List<Prepared> prepared = new ArrayList<>();
    private final Set<String> channels = new HashSet<>();
    private final Map<String, @Nullable String> settings = new LinkedHashMap<>();
    private @Nullable String failure;

    private boolean hidden;
    private final Set<String> keeping = new HashSet<>();
    private final Set<String> defining = new HashSet<>();
    private final Set<String> settled = new HashSet<>();
    private boolean module;

    /**
     * Text is kept byte for byte, as values of settings are.
     *
     * @param names settings to ask for
     * @param sweep whether every setting of the session is asked for, custom ones without a module excepted
     */
    SessionProbe(Collection<String> names, boolean sweep) {
        this(names, List.of(), sweep ? Question.SWEEP : Question.STATE);
    }

    private SessionProbe(Collection<String> names, Collection<String> modules, Question question) {
        this.names = List.copyOf(names);
        this.modules = List.copyOf(modules);
        this.question = question;
    }

    /** Asks for {@link HiddenEffects}. */
    static SessionProbe ofCatalog() {
        return new SessionProbe(List.of(), List.of(), Question.CATALOG);
    }

    /**
     * Asks for what sessions leave behind that no DISCARD removes. {@link #settings} are then those of the custom settings
     * that exist, reset to what they are when nobody has set them; {@link #held} tells of a temporary schema, empty or not.
     *
     * @param names of custom settings, in lower case
     * @param modules settings that exist when a module is loaded, see {@link #hasModule}
     */
    static SessionProbe left(Collection<String> names, Collection<String> modules) {
        return new SessionProbe(names, modules, Question.LEFT);
    }

    private static String resource(String name) {
        try (InputStream stream = SessionProbe.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException(name + " is missing from the jar");
            }
            return new String(stream.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it has asked for {@link HiddenEffects}; {@link #settings} are then the names of custom settings. */
    public boolean isOfCatalog() {
        return question == Question.CATALOG;
    }

    /** Whether a module is loaded that was asked for. */
    public boolean hasModule() {
        return module;
    }

    boolean foundHidden() {
        return hidden;
    }

    DatabaseFunctions functions() {
        return new DatabaseFunctions(keeping, defining, settled);
    }

    /** Bits of {@link #ADVISORY_LOCKS} and so on. */
    public int held() {
        return held;
    }

    public List<Prepared> prepared() {
        return prepared;
    }

    /** Channels the session listens on. */
    public Set<String> channels() {
        return channels;
    }

    /** What was asked for by name, and what differs from the beginning of the session; null for what does not exist. */
    public Map<String, @Nullable String> settings() {
        return settings;
    }

    /** Whether {@link #settings} is everything but custom settings. */
    public boolean isSweep() {
        return question == Question.SWEEP;
    }

    /** SQLSTATE of what went wrong, or null. */
    public @Nullable String failure() {
        return failure;
    }

    /** Writes the requests; {@code known} are the names of the probe's statements that the connection has. */
    void write(ByteBuf out, OutstandingRequests outstanding, Set<String> known) {
        if (question == Question.CATALOG) {
            run(out, outstanding, known, NO_JIT_NAME, NO_JIT, List.of());
        }
        run(out, outstanding, known, question.statement, question.text, arrays());
        WireWriter.empty(out, FrontendMessageType.SYNC);
        outstanding.push(OutstandingRequests.SYNC | OutstandingRequests.SWALLOW);
    }

    private List<List<String>> arrays() {
        return switch (question) {
            case CATALOG -> List.of();
            case STATE, SWEEP -> List.of(names);
            case LEFT -> List.of(names, modules);
        };
    }

    private static void run(
            ByteBuf out,
            OutstandingRequests outstanding,
            Set<String> known,
            String statement,
            String text,
            List<List<String>> arrays) {
        if (known.add(statement)) {
            // It may be there all the same, if a question has failed.
            int at = WireWriter.begin(out, FrontendMessageType.CLOSE);
            out.writeByte('S');
            WireWriter.cstring(out, statement);
            WireWriter.end(out, at);
            push(outstanding, OutstandingRequests.CLOSE);
            at = WireWriter.begin(out, FrontendMessageType.PARSE);
            WireWriter.cstring(out, statement);
            WireWriter.cstring(out, text);
            out.writeShort(0);
            WireWriter.end(out, at);
            push(outstanding, OutstandingRequests.PARSE);
        }
        int at = WireWriter.begin(out, FrontendMessageType.BIND);
        WireWriter.cstring(out, "");
        WireWriter.cstring(out, statement);
        out.writeShort(0).writeShort(arrays.size());
        for (List<String> array : arrays) {
            array(out, array);
        }
        out.writeShort(0);
        WireWriter.end(out, at);
        push(outstanding, OutstandingRequests.BIND);
        at = WireWriter.begin(out, FrontendMessageType.EXECUTE);
        WireWriter.cstring(out, "");
        out.writeInt(0);
        WireWriter.end(out, at);
        push(outstanding, OutstandingRequests.EXECUTE);
    }

    private static void push(OutstandingRequests outstanding, int kind) {
        outstanding.push(kind | OutstandingRequests.SWALLOW | OutstandingRequests.READ);
    }

    private static void array(ByteBuf out, List<String> names) {
        byte[] array = array(names).getBytes(StandardCharsets.ISO_8859_1);
        out.writeInt(array.length).writeBytes(array);
    }

    private static String array(List<String> names) {
        StringBuilder text = new StringBuilder("{");
        for (String name : names) {
            text.append(text.length() == 1 ? "\"" : ",\"");
            text.append(name.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
        }
        return text.append('}').toString();
    }

    /** Takes one row of the answer. */
    void row(ByteBuf body) {
        if (body.readableBytes() < 2 || body.readUnsignedShort() != 3) {
            throw new ProtocolViolation("unexpected answer to the proxy's question");
        }
        String kind = value(body);
        String name = value(body);
        String value = value(body);
        if (kind == null || name == null) {
            throw new ProtocolViolation("unexpected answer to the proxy's question");
        }
        switch (kind) {
            case "l" -> held |= ADVISORY_LOCKS;
            case "t" -> held |= TEMPORARY_OBJECTS;
            case "c" -> held |= HELD_CURSORS;
            case "p" -> prepared.add(new Prepared(name, value == null ? "" : value));
            case "n" -> channels.add(name);
            case "j" -> {}
            case "h" -> hidden = true;
            case "k" -> keeping.add(name);
            case "d" -> defining.add(name);
            case "f" -> settled.add(name);
            case "m" -> module = true;
            default -> settings.put(name, value);
        }
    }

    private @Nullable String value(ByteBuf body) {
        int length = body.readableBytes() < 4 ? Integer.MAX_VALUE : body.readInt();
        if (length < 0) {
            return null;
        }
        if (length > body.readableBytes()) {
            throw new ProtocolViolation("unexpected answer to the proxy's question");
        }
        String text = body.toString(body.readerIndex(), length, StandardCharsets.ISO_8859_1);
        body.skipBytes(length);
        return text;
    }

    void failed(String sqlState) {
        failure = sqlState;
    }
}

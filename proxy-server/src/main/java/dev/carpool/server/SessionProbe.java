package dev.carpool.server;

import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.protocol.WireWriter;
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

    /** See {@link HiddenEffects}. */
    private static final String CATALOG = resource("hidden-effects.sql");

    private static final String CATALOG_NAME = "carpool_catalog";
    private static final String STATE_NAME = "carpool_state";
    private static final String SWEEP_NAME = "carpool_sweep";

    private final List<String> names;
    private final boolean sweep;
    private int held;
    private final List<Prepared> prepared = new ArrayList<>();
    private final Set<String> channels = new HashSet<>();
    private final Map<String, @Nullable String> settings = new LinkedHashMap<>();
    private @Nullable String failure;

    /** It asks for {@link HiddenEffects} instead of for the session. */
    private final boolean catalog;

    private boolean hidden;

    /**
     * Text is kept byte for byte, as values of settings are.
     *
     * @param names settings to ask for
     * @param sweep whether every setting of the session is asked for, custom ones without a module excepted
     */
    SessionProbe(Collection<String> names, boolean sweep) {
        this(names, sweep, false);
    }

    private SessionProbe(Collection<String> names, boolean sweep, boolean catalog) {
        this.names = List.copyOf(names);
        this.sweep = sweep;
        this.catalog = catalog;
    }

    /** Asks for {@link HiddenEffects}. */
    static SessionProbe ofCatalog() {
        return new SessionProbe(List.of(), false, true);
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
        return catalog;
    }

    boolean foundHidden() {
        return hidden;
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
        return sweep;
    }

    /** SQLSTATE of what went wrong, or null. */
    public @Nullable String failure() {
        return failure;
    }

    /** Writes the requests; {@code known} are the names of the probe's statements that the connection has. */
    void write(ByteBuf out, OutstandingRequests outstanding, Set<String> known) {
        String statement = catalog ? CATALOG_NAME : sweep ? SWEEP_NAME : STATE_NAME;
        if (known.add(statement)) {
            // It may be there all the same, if a question has failed.
            int at = WireWriter.begin(out, FrontendMessageType.CLOSE);
            out.writeByte('S');
            WireWriter.cstring(out, statement);
            WireWriter.end(out, at);
            push(outstanding, OutstandingRequests.CLOSE);
            at = WireWriter.begin(out, FrontendMessageType.PARSE);
            WireWriter.cstring(out, statement);
            WireWriter.cstring(out, catalog ? CATALOG : sweep ? SWEEP : STATE);
            out.writeShort(0);
            WireWriter.end(out, at);
            push(outstanding, OutstandingRequests.PARSE);
        }
        int at = WireWriter.begin(out, FrontendMessageType.BIND);
        WireWriter.cstring(out, "");
        WireWriter.cstring(out, statement);
        out.writeShort(0).writeShort(catalog ? 0 : 1);
        if (!catalog) {
            byte[] array = array().getBytes(StandardCharsets.ISO_8859_1);
            out.writeInt(array.length).writeBytes(array);
        }
        out.writeShort(0);
        WireWriter.end(out, at);
        push(outstanding, OutstandingRequests.BIND);
        at = WireWriter.begin(out, FrontendMessageType.EXECUTE);
        WireWriter.cstring(out, "");
        out.writeInt(0);
        WireWriter.end(out, at);
        push(outstanding, OutstandingRequests.EXECUTE);
        WireWriter.empty(out, FrontendMessageType.SYNC);
        outstanding.push(OutstandingRequests.SYNC | OutstandingRequests.SWALLOW);
    }

    private static void push(OutstandingRequests outstanding, int kind) {
        outstanding.push(kind | OutstandingRequests.SWALLOW | OutstandingRequests.READ);
    }

    private String array() {
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
            case "h" -> hidden = true;
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

package dev.carpool.params;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives a server connection the settings a client session wants: one simple Query with one SELECT of {@code set_config}
 * calls, so that a setting that fails leaves all of them as they were.
 *
 * <p>Replies, none of them for the client: RowDescription, DataRow, CommandComplete {@code SELECT 1}, ReadyForQuery, and
 * among them ParameterStatus for what changed. Or ErrorResponse and ReadyForQuery: the connection then has the settings
 * it had before, and the caller decides (a value may have become invalid, a role may have been dropped). Only outside a
 * transaction; inside one the settings would go with a rollback.
 */
public final class ParameterSync {
    private static final byte[] RESET_ALL = ascii("RESET ALL;");
    private static final byte[] SET_LOCAL = ascii("SET LOCAL ");
    private static final byte[] TO_NONE = ascii(" TO 0;");
    private static final byte[] SELECT = ascii("SELECT ");
    private static final byte[] SET_CONFIG = ascii("pg_catalog.set_config(");
    private static final byte[] FALSE = ascii(",false)");
    private static final byte[] TRUE = ascii(",true)");
    private static final byte[] NULL = ascii("NULL");
    private static final byte[] IF_THERE = ascii("CASE WHEN pg_catalog.current_setting(");
    private static final byte[] THEN = ascii(",true) IS NOT NULL THEN ");
    private static final byte[] END = ascii(" END");
    private static final byte[] DECODE = ascii("pg_catalog.convert_from(pg_catalog.decode('");
    private static final byte[] DECODED = ascii("','hex'),");
    private static final byte[] GONE_FROM =
            ascii("SELECT pg_catalog.set_config(s.n::pg_catalog.text,s.v::pg_catalog.text,false) FROM (VALUES ");
    private static final byte[] FIRST_ROW = ascii("(");
    private static final byte[] NEXT_ROW = ascii(",(");
    private static final byte[] GONE_WHERE = ascii(") s(n,v,c) WHERE CASE WHEN s.c"
            + " THEN pg_catalog.current_setting(s.n,true) OPERATOR(pg_catalog.=) ''::pg_catalog.text"
            + " ELSE s.n::pg_catalog.text OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT g.name"
            + " FROM pg_catalog.pg_show_all_settings() g"
            + " WHERE g.source OPERATOR(pg_catalog.=) 'session'::pg_catalog.text)) END");
    private static final byte[] HEX = ascii("0123456789abcdef");

    private static final String ROLE = "role";
    private static final String SESSION_AUTHORIZATION = "session_authorization";
    private static final String UTF8 = "UTF8";
    private static final String CLIENT_ENCODING = "client_encoding";

    /** Settings whose value may name something that is dropped later. */
    private static final Set<String> NAMING = Set.of(
            "default_table_access_method", "default_tablespace", "default_text_search_config", "temp_tablespaces");

    private final ByteBuf out;
    private final boolean local;
    private int calls;

    /** What the bytes of the wanted values mean. */
    private final String encoding;

    private ParameterSync(ByteBuf out, String encoding, boolean local) {
        this.out = out;
        this.local = local;
        this.encoding = encoding;
    }

    /**
     * Appends the message that leads from {@code applied} to {@code wanted}. A setting that is not wanted goes back to
     * what it was when the connection began, as with RESET. Returns false, and writes nothing, if the two are the same.
     *
     * @param defaultEncoding the encoding of the wanted values if client_encoding is not among them
     */
    public static boolean write(ByteBuf out, ParameterValues applied, ParameterValues wanted, String defaultEncoding) {
        return write(out, applied, wanted, defaultEncoding, false);
    }

    /**
     * Like the other; with {@code resetAll} everything but the identity goes back first, known or not.
     *
     * @param defaultEncoding the encoding of the wanted values if client_encoding is not among them
     */
    public static boolean write(
            ByteBuf out, ParameterValues applied, ParameterValues wanted, String defaultEncoding, boolean resetAll) {
        if (applied == wanted && !resetAll) {
            return false;
        }
        ParameterValues left = resetAll ? applied.identity() : applied;
        out.writeByte('Q');
        int lengthAt = out.writerIndex();
        out.writeInt(0);
        withTime(out, applied);
        if (resetAll) {
            out.writeBytes(RESET_ALL);
        }
        if (left != wanted) {
            out.writeBytes(SELECT);
            String encoding = wanted.value(CLIENT_ENCODING);
            inOrder(left, wanted, new ParameterSync(out, encoding == null ? defaultEncoding : encoding, false)::call);
        }
        out.writeByte(0);
        out.setInt(lengthAt, out.writerIndex() - lengthAt);
        return true;
    }

    /**
     * Who the session is decides what it may set, and a change of session_authorization ends the role. So both go back to
     * the beginning first and get their new values last. The calls of a select list are made from left to right.
     */
    private static void inOrder(ParameterValues applied, ParameterValues wanted, ParameterValues.Change change) {
        boolean identityChanges = changesIdentity(applied, wanted);
        if (identityChanges && applied.contains(ROLE)) {
            change.change(ROLE, null);
        }
        if (identityChanges && applied.contains(SESSION_AUTHORIZATION)) {
            change.change(SESSION_AUTHORIZATION, null);
        }
        ParameterValues.difference(applied, wanted, (name, value) -> {
            if (!name.equals(ROLE) && !name.equals(SESSION_AUTHORIZATION)) {
                change.change(name, value);
            }
        });
        if (identityChanges) {
            changeIfWanted(SESSION_AUTHORIZATION, wanted, change);
            changeIfWanted(ROLE, wanted, change);
        }
    }

    /**
     * The same one by one, for a sync that has failed: everything that has to change goes back first, so that a setting
     * that is refused then has no other session's value.
     */
    public static void steps(ParameterValues applied, ParameterValues wanted, ParameterValues.Change step) {
        ParameterValues common =
                applied.only(name -> String.valueOf(applied.value(name)).equals(wanted.value(name)));
        inOrder(applied, common, step);
        inOrder(common, wanted, step);
    }

    /** Lets what follows in a message not be ended by a short timeout of the session that has used the connection last. */
    private static void withTime(ByteBuf out, ParameterValues applied) {
        for (String timeout : ShortTimeouts.of(applied)) {
            out.writeBytes(SET_LOCAL).writeBytes(ascii(timeout)).writeBytes(TO_NONE);
        }
    }

    /** Whether a timeout of {@code applied} may end the sync, short as the part is that runs with it. */
    public static boolean mayTimeOut(ParameterValues applied) {
        return !ShortTimeouts.of(applied).isEmpty();
    }

    /** Appends the message that does one of {@link #steps}. */
    public static void writeStep(
            ByteBuf out, ParameterValues applied, String name, @Nullable String value, String encoding) {
        out.writeByte('Q');
        int lengthAt = out.writerIndex();
        out.writeInt(0);
        withTime(out, applied);
        out.writeBytes(SELECT);
        new ParameterSync(out, encoding, false).call(name, value);
        out.writeByte(0);
        out.setInt(lengthAt, out.writerIndex() - lengthAt);
    }

    /** Appends the message that leads from one to the other until the end of the transaction; they are not the same. */
    public static void writeLocal(
            ByteBuf out, ParameterValues applied, ParameterValues wanted, String defaultEncoding) {
        out.writeByte('Q');
        int lengthAt = out.writerIndex();
        out.writeInt(0);
        out.writeBytes(SELECT);
        String encoding = wanted.value(CLIENT_ENCODING);
        inOrder(applied, wanted, new ParameterSync(out, encoding == null ? defaultEncoding : encoding, true)::call);
        out.writeByte(0);
        out.setInt(lengthAt, out.writerIndex() - lengthAt);
    }

    /**
     * Appends the message that gives those of some settings these values again that have gone back to what they were when
     * the connection began, or are custom and empty.
     *
     * @param values without role and session authorization, which do not show that; not empty
     * @param defaultEncoding the encoding of the values if client_encoding is not among them
     */
    public static void writeIfGone(ByteBuf out, ParameterValues values, String defaultEncoding) {
        String encoding = values.value(CLIENT_ENCODING);
        ParameterSync sync = new ParameterSync(out, encoding == null ? defaultEncoding : encoding, false);
        out.writeByte('Q');
        int lengthAt = out.writerIndex();
        out.writeInt(0);
        out.writeBytes(GONE_FROM);
        values.forEach((name, value) -> {
            out.writeBytes(sync.calls++ > 0 ? NEXT_ROW : FIRST_ROW);
            sync.literal(name);
            out.writeByte(',');
            sync.literal(value);
            out.writeBytes(name.indexOf('.') > 0 ? TRUE : FALSE);
        });
        out.writeBytes(GONE_WHERE);
        out.writeByte(0);
        out.setInt(lengthAt, out.writerIndex() - lengthAt);
    }

    /**
     * Whether the server may refuse the sync between the two although it has accepted the settings before, on another
     * connection: a custom setting whose module has been loaded here, or a value that names something.
     *
     * @param custom the custom settings that the connection has had
     */
    public static boolean mayBeRefused(ParameterValues applied, ParameterValues wanted, Set<String> custom) {
        boolean[] found = {false};
        ParameterValues.difference(
                applied,
                wanted,
                (name, value) -> found[0] |=
                        value != null && (name.indexOf('.') > 0 ? !custom.contains(name) : NAMING.contains(name)));
        return found[0];
    }

    /**
     * Whether the sync between the two sets or resets a role: it fails when the role is gone. It also does so where a role
     * stays and a setting changes that the role may perhaps not change: then the login's own role changes it.
     */
    public static boolean changesIdentity(ParameterValues applied, ParameterValues wanted) {
        if (differs(applied, wanted, ROLE) || differs(applied, wanted, SESSION_AUTHORIZATION)) {
            return true;
        }
        if (!applied.contains(ROLE) && !applied.contains(SESSION_AUTHORIZATION)) {
            return false;
        }
        boolean[] privileged = {false};
        ParameterValues.difference(
                applied,
                wanted,
                (name, value) -> privileged[0] |= name.indexOf('.') < 0 && !TrackedParameters.isReported(name));
        return privileged[0];
    }

    private static boolean differs(ParameterValues applied, ParameterValues wanted, String name) {
        String value = applied.value(name);
        return value == null ? wanted.contains(name) : !value.equals(wanted.value(name));
    }

    private static void changeIfWanted(String name, ParameterValues wanted, ParameterValues.Change change) {
        String value = wanted.value(name);
        if (value != null) {
            change.change(name, value);
        }
    }

    private void call(String name, @Nullable String value) {
        if (calls++ > 0) {
            out.writeByte(',');
        }
        boolean custom = name.indexOf('.') > 0;
        boolean ifThere = custom && value == null; // a module that was loaded may have removed it
        if (ifThere) {
            out.writeBytes(IF_THERE);
            literal(name);
            out.writeBytes(THEN);
        }
        out.writeBytes(SET_CONFIG);
        literal(name);
        out.writeByte(',');
        if (value == null || (value.isEmpty() && custom)) {
            out.writeBytes(NULL); // what RESET leaves of a custom setting is empty; a module's would not take that
        } else {
            literal(value);
        }
        out.writeBytes(local ? TRUE : FALSE);
        if (ifThere) {
            out.writeBytes(END);
        }
    }

    /** Means the same whatever standard_conforming_strings and client_encoding are on the connection. */
    private void literal(String text) {
        boolean backslash = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                hexLiteral(text);
                return;
            }
            backslash |= c == '\\';
        }
        if (backslash) {
            out.writeByte('E');
        }
        out.writeByte('\'');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\'' || c == '\\') {
                out.writeByte(c);
            }
            out.writeByte(c);
        }
        out.writeByte('\'');
    }

    private void hexLiteral(String text) {
        out.writeBytes(DECODE);
        for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
            out.writeByte(HEX[(b & 0xff) >> 4]);
            out.writeByte(HEX[b & 0xf]);
        }
        out.writeBytes(DECODED);
        literal(isAscii(encoding) ? encoding : UTF8);
        out.writeByte(')');
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}

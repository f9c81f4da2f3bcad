package dev.carpool.params;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
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
    private static final byte[] SELECT = ascii("SELECT ");
    private static final byte[] SET_CONFIG = ascii("pg_catalog.set_config(");
    private static final byte[] FALSE = ascii(",false)");
    private static final byte[] NULL = ascii("NULL");
    private static final byte[] DECODE = ascii("pg_catalog.convert_from(pg_catalog.decode('");
    private static final byte[] DECODED = ascii("','hex'),");
    private static final byte[] HEX = ascii("0123456789abcdef");

    private static final String ROLE = "role";
    private static final String SESSION_AUTHORIZATION = "session_authorization";
    private static final String UTF8 = "UTF8";
    private static final String CLIENT_ENCODING = "client_encoding";

    private final ByteBuf out;
    private int calls;

    /** What the bytes of the wanted values mean. */
    private final String encoding;

    private ParameterSync(ByteBuf out, String encoding) {
        this.out = out;
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
        if (resetAll) {
            out.writeBytes(RESET_ALL);
        }
        if (left != wanted) {
            out.writeBytes(SELECT);
            String encoding = wanted.value(CLIENT_ENCODING);
            new ParameterSync(out, encoding == null ? defaultEncoding : encoding).calls(left, wanted);
        }
        out.writeByte(0);
        out.setInt(lengthAt, out.writerIndex() - lengthAt);
        return true;
    }

    /**
     * Who the session is decides what it may set, and a change of session_authorization ends the role. So both go back to
     * the beginning first and get their new values last. The calls of a select list are made from left to right.
     */
    private void calls(ParameterValues applied, ParameterValues wanted) {
        boolean identityChanges = changesIdentity(applied, wanted);
        if (identityChanges && applied.contains(ROLE)) {
            call(ROLE, null);
        }
        if (identityChanges && applied.contains(SESSION_AUTHORIZATION)) {
            call(SESSION_AUTHORIZATION, null);
        }
        ParameterValues.difference(applied, wanted, (name, value) -> {
            if (!name.equals(ROLE) && !name.equals(SESSION_AUTHORIZATION)) {
                call(name, value);
            }
        });
        if (identityChanges) {
            callIfWanted(SESSION_AUTHORIZATION, wanted);
            callIfWanted(ROLE, wanted);
        }
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

    private void callIfWanted(String name, ParameterValues wanted) {
        String value = wanted.value(name);
        if (value != null) {
            call(name, value);
        }
    }

    private void call(String name, @Nullable String value) {
        if (calls++ > 0) {
            out.writeByte(',');
        }
        out.writeBytes(SET_CONFIG);
        literal(name);
        out.writeByte(',');
        if (value == null || (value.isEmpty() && name.indexOf('.') > 0)) {
            out.writeBytes(NULL); // what RESET leaves of a custom setting is empty; a module's would not take that
        } else {
            literal(value);
        }
        out.writeBytes(FALSE);
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

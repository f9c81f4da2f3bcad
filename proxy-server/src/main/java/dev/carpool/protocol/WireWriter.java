package dev.carpool.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Writes whole messages of both directions into a buffer (PostgreSQL manual, "Message Formats"). */
public final class WireWriter {
    private WireWriter() {}

    /** Writes a type byte and room for the length; returns the index to give to {@link #end}. */
    public static int begin(ByteBuf out, byte type) {
        out.writeByte(type);
        int at = out.writerIndex();
        out.writeInt(0);
        return at;
    }

    /** Fills in the length of the message begun at {@code at}. */
    public static void end(ByteBuf out, int at) {
        out.setInt(at, out.writerIndex() - at);
    }

    public static void cstring(ByteBuf out, String text) {
        ByteBufUtil.writeUtf8(out, text);
        out.writeByte(0);
    }

    /** The text in UTF-8, one character for each byte: see {@link WireReader#byteString}. */
    public static String byteString(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    public static void empty(ByteBuf out, byte type) {
        out.writeByte(type);
        out.writeInt(4);
    }

    public static void readyForQuery(ByteBuf out, byte status) {
        out.writeByte(BackendMessageType.READY_FOR_QUERY);
        out.writeInt(5);
        out.writeByte(status);
    }

    /** @param value one character for each byte: see {@link WireReader#byteString} */
    public static void parameterStatus(ByteBuf out, String name, String value) {
        int at = begin(out, BackendMessageType.PARAMETER_STATUS);
        cstring(out, name);
        out.writeBytes(value.getBytes(StandardCharsets.ISO_8859_1));
        out.writeByte(0);
        end(out, at);
    }

    public static void backendKeyData(ByteBuf out, int processId, byte[] key) {
        int at = begin(out, BackendMessageType.BACKEND_KEY_DATA);
        out.writeInt(processId);
        out.writeBytes(key);
        end(out, at);
    }

    /** AuthenticationOk and the requests that carry no further data: 0 is Ok, 3 is CleartextPassword. */
    public static void authentication(ByteBuf out, int code) {
        out.writeByte(BackendMessageType.AUTHENTICATION);
        out.writeInt(8);
        out.writeInt(code);
    }

    /** The Authentication messages with data: 5 is MD5Password, 10 SASL, 11 SASLContinue, 12 SASLFinal. */
    public static void authentication(ByteBuf out, int code, byte[] data) {
        int at = begin(out, BackendMessageType.AUTHENTICATION);
        out.writeInt(code);
        out.writeBytes(data);
        end(out, at);
    }

    public static void negotiateProtocolVersion(ByteBuf out, int newestMinor, Iterable<String> unknownOptions) {
        int at = begin(out, BackendMessageType.NEGOTIATE_PROTOCOL_VERSION);
        out.writeInt(3 << 16 | newestMinor);
        int countAt = out.writerIndex();
        out.writeInt(0);
        int count = 0;
        for (String option : unknownOptions) {
            cstring(out, option);
            count++;
        }
        out.setInt(countAt, count);
        end(out, at);
    }

    public static void commandComplete(ByteBuf out, String tag) {
        int at = begin(out, BackendMessageType.COMMAND_COMPLETE);
        cstring(out, tag);
        end(out, at);
    }

    /** ErrorResponse with the fields S, V, C, M and, unless empty, H. */
    public static void error(ByteBuf out, String severity, String sqlState, String message, String hint) {
        errorOrNotice(out, BackendMessageType.ERROR_RESPONSE, severity, sqlState, message, "", hint);
    }

    /** NoticeResponse with the fields S, V, C, M and, unless empty, D. */
    public static void notice(ByteBuf out, String severity, String message, String detail) {
        errorOrNotice(out, BackendMessageType.NOTICE_RESPONSE, severity, "00000", message, detail, "");
    }

    /** NoticeResponse with the fields S, V, C, M and, unless empty, H. */
    public static void warning(ByteBuf out, String sqlState, String message, String hint) {
        errorOrNotice(out, BackendMessageType.NOTICE_RESPONSE, "WARNING", sqlState, message, "", hint);
    }

    private static void errorOrNotice(
            ByteBuf out, byte type, String severity, String sqlState, String message, String detail, String hint) {
        int at = begin(out, type);
        field(out, 'S', severity);
        field(out, 'V', severity);
        field(out, 'C', sqlState);
        field(out, 'M', message);
        if (!detail.isEmpty()) {
            field(out, 'D', detail);
        }
        if (!hint.isEmpty()) {
            field(out, 'H', hint);
        }
        out.writeByte(0);
        end(out, at);
    }

    private static void field(ByteBuf out, char name, String value) {
        out.writeByte(name);
        cstring(out, value);
    }

    public static void query(ByteBuf out, String sql) {
        int at = begin(out, FrontendMessageType.QUERY);
        cstring(out, sql);
        end(out, at);
    }

    /** PasswordMessage and SASLResponse: a type byte and bytes that the caller has terminated if they need it. */
    public static void password(ByteBuf out, byte[] bytes) {
        int at = begin(out, FrontendMessageType.PASSWORD);
        out.writeBytes(bytes);
        end(out, at);
    }

    public static void saslInitialResponse(ByteBuf out, String mechanism, byte[] response) {
        int at = begin(out, FrontendMessageType.PASSWORD);
        cstring(out, mechanism);
        out.writeInt(response.length);
        out.writeBytes(response);
        end(out, at);
    }

    public static void startup(ByteBuf out, int minorVersion, Map<String, String> parameters) {
        int at = out.writerIndex();
        out.writeInt(0);
        out.writeInt(3 << 16 | minorVersion);
        parameters.forEach((name, value) -> {
            cstring(out, name);
            cstring(out, value);
        });
        out.writeByte(0);
        end(out, at);
    }

    public static void request(ByteBuf out, int code) {
        out.writeInt(8);
        out.writeInt(code);
    }

    public static void cancelRequest(ByteBuf out, int processId, byte[] key) {
        out.writeInt(12 + key.length);
        out.writeInt(StartupMessage.CANCEL_REQUEST);
        out.writeInt(processId);
        out.writeBytes(key);
    }

    /** The bytes of a string with its terminator. */
    public static byte[] terminated(String text) {
        return terminated(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The bytes with a terminator. */
    public static byte[] terminated(byte[] bytes) {
        return java.util.Arrays.copyOf(bytes, bytes.length + 1);
    }
}

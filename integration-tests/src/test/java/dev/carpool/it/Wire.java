package dev.carpool.it;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Messages as bytes, written here anew so that a mistake of the proxy's own writer shows (manual, "Message Formats"). */
final class Wire {
    static final int VERSION_3_0 = 3 << 16;
    static final int VERSION_3_2 = 3 << 16 | 2;

    private interface Body {
        void to(DataOutputStream out) throws IOException;
    }

    private Wire() {}

    static byte[] message(char type, byte[] body) {
        return bytes(out -> {
            out.write(type);
            out.writeInt(4 + body.length);
            out.write(body);
        });
    }

    private static byte[] message(char type, Body body) {
        return message(type, bytes(body));
    }

    private static byte[] bytes(Body body) {
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            body.to(new DataOutputStream(all));
            return all.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void string(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.write(0);
    }

    static byte[] all(byte[]... messages) {
        return bytes(out -> {
            for (byte[] message : messages) {
                out.write(message);
            }
        });
    }

    // What clients send

    static byte[] startup(int version, Map<String, String> parameters) {
        return untyped(out -> {
            out.writeInt(version);
            for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                string(out, parameter.getKey());
                string(out, parameter.getValue());
            }
            out.write(0);
        });
    }

    static byte[] sslRequest() {
        return untyped(out -> out.writeInt(80877103));
    }

    static byte[] gssEncRequest() {
        return untyped(out -> out.writeInt(80877104));
    }

    static byte[] cancelRequest(int processId, byte[] key) {
        return untyped(out -> {
            out.writeInt(80877102);
            out.writeInt(processId);
            out.write(key);
        });
    }

    private static byte[] untyped(Body body) {
        byte[] rest = bytes(body);
        return bytes(out -> {
            out.writeInt(4 + rest.length);
            out.write(rest);
        });
    }

    static byte[] password(String password) {
        return message('p', out -> string(out, password));
    }

    static byte[] query(String sql) {
        return message('Q', out -> string(out, sql));
    }

    static byte[] parse(String name, String sql, int... types) {
        return message('P', out -> {
            string(out, name);
            string(out, sql);
            out.writeShort(types.length);
            for (int type : types) {
                out.writeInt(type);
            }
        });
    }

    /** All in text format. */
    static byte[] bind(String portal, String statement, @Nullable String... parameters) {
        return message('B', out -> {
            string(out, portal);
            string(out, statement);
            out.writeShort(0);
            out.writeShort(parameters.length);
            for (String parameter : parameters) {
                if (parameter == null) {
                    out.writeInt(-1);
                } else {
                    byte[] value = parameter.getBytes(StandardCharsets.UTF_8);
                    out.writeInt(value.length);
                    out.write(value);
                }
            }
            out.writeShort(0);
        });
    }

    /** Without parameters; a format for each column of the result. */
    static byte[] bindFormats(String portal, String statement, int... formats) {
        return message('B', out -> {
            string(out, portal);
            string(out, statement);
            out.writeShort(0);
            out.writeShort(0);
            out.writeShort(formats.length);
            for (int format : formats) {
                out.writeShort(format);
            }
        });
    }

    /** @param what S for a statement, P for a portal */
    static byte[] describe(char what, String name) {
        return message('D', out -> {
            out.write(what);
            string(out, name);
        });
    }

    static byte[] execute(String portal, int rows) {
        return message('E', out -> {
            string(out, portal);
            out.writeInt(rows);
        });
    }

    /** @param what S for a statement, P for a portal */
    static byte[] close(char what, String name) {
        return message('C', out -> {
            out.write(what);
            string(out, name);
        });
    }

    static byte[] sync() {
        return message('S', new byte[0]);
    }

    /** Runs a prepared statement once. */
    static byte[] run(String statement, @Nullable String... parameters) {
        return all(bind("", statement, parameters), execute("", 0), sync());
    }

    /** What drivers send for a statement that is executed once. */
    static byte[] extended(String sql, @Nullable String... parameters) {
        return all(parse("", sql), run("", parameters));
    }

    /** How many ReadyForQuery such messages are answered with. */
    static int owedReady(byte[]... messages) {
        ByteBuffer all = ByteBuffer.wrap(all(messages));
        int owed = 0;
        while (all.hasRemaining()) {
            byte type = all.get();
            owed += type == 'S' || type == 'Q' ? 1 : 0;
            all.position(all.position() + all.getInt(all.position()));
        }
        return owed;
    }

    static byte[] flush() {
        return message('H', new byte[0]);
    }

    static byte[] terminate() {
        return message('X', new byte[0]);
    }

    static byte[] copyData(String rows) {
        return message('d', rows.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] copyDone() {
        return message('c', new byte[0]);
    }

    static byte[] copyFail(String why) {
        return message('f', out -> string(out, why));
    }

    /** All in binary format. */
    static byte[] functionCall(int function, byte[]... arguments) {
        return message('F', out -> {
            out.writeInt(function);
            out.writeShort(1);
            out.writeShort(1);
            out.writeShort(arguments.length);
            for (byte[] argument : arguments) {
                out.writeInt(argument.length);
                out.write(argument);
            }
            out.writeShort(1);
        });
    }

    static byte[] int4(int value) {
        return bytes(out -> out.writeInt(value));
    }

    // What servers send

    static byte[] authenticationOk() {
        return message('R', out -> out.writeInt(0));
    }

    static byte[] parameterStatus(String name, String value) {
        return message('S', out -> {
            string(out, name);
            string(out, value);
        });
    }

    static byte[] backendKeyData(int processId, byte[] key) {
        return message('K', out -> {
            out.writeInt(processId);
            out.write(key);
        });
    }

    static byte[] ready(char status) {
        return message('Z', new byte[] {(byte) status});
    }

    static byte[] complete(String tag) {
        return message('C', out -> string(out, tag));
    }

    static byte[] row(String... columns) {
        return message('D', out -> {
            out.writeShort(columns.length);
            for (String column : columns) {
                byte[] value = column.getBytes(StandardCharsets.UTF_8);
                out.writeInt(value.length);
                out.write(value);
            }
        });
    }

    static byte[] error(String severity, String state, String text) {
        return message('E', out -> {
            string(out, "S" + severity);
            string(out, "V" + severity);
            string(out, "C" + state);
            string(out, "M" + text);
            out.write(0);
        });
    }

    static byte[] part(byte[] message, int from, int to) {
        return Arrays.copyOfRange(message, from, to);
    }
}

package dev.carpool.it;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** One message from a server, whole. */
record Reply(char type, byte[] body) {
    ByteBuffer buffer() {
        return ByteBuffer.wrap(body);
    }

    static String cstring(ByteBuffer in) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte next = in.get(); next != 0; next = in.get()) {
            bytes.write(next);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** A field of an ErrorResponse or NoticeResponse, empty when it is not there. */
    String field(char code) {
        ByteBuffer in = buffer();
        for (byte at = in.get(); at != 0; at = in.get()) {
            String value = cstring(in);
            if (at == code) {
                return value;
            }
        }
        return "";
    }

    /** The columns of a DataRow; "null" for null. */
    List<String> columns() {
        return columns(buffer(), value -> new String(value, StandardCharsets.UTF_8));
    }

    /** The same of the body of a DataRow, in whatever form. */
    static List<String> columns(ByteBuffer in, Function<byte[], String> form) {
        List<String> columns = new ArrayList<>();
        for (int left = in.getShort(); left > 0; left--) {
            int length = in.getInt();
            if (length < 0) {
                columns.add("null");
            } else {
                byte[] value = new byte[length];
                in.get(value);
                columns.add(form.apply(value));
            }
        }
        return columns;
    }

    /** Short and readable: the type letter, and what matters of the body. */
    String summary() {
        return switch (type) {
            case 'C' -> "C:" + cstring(buffer()).replace(' ', '_');
            case 'D' -> "D:" + String.join(",", columns());
            case 'E' -> "E:" + field('C');
            case 'N' -> "N:" + field('M').replace(' ', '_');
            case 'Z' -> "Z:" + (char) body[0];
            case 'S' -> {
                ByteBuffer in = buffer();
                yield "S:" + cstring(in) + "=" + cstring(in);
            }
            case 'A' -> {
                ByteBuffer in = buffer().position(4);
                yield "A:" + cstring(in) + "=" + cstring(in);
            }
            case 'd' -> "d:" + body.length;
            default -> Character.toString(type);
        };
    }

    @Override
    public String toString() {
        return type == 'E' ? summary() + " " + field('M') : summary();
    }
}

package dev.carpool.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/** The PostgreSQL types of the console's columns, and their two formats on the wire (PostgreSQL manual, pg_type). */
enum ColumnType {
    TEXT(25, -1),
    INT4(23, 4),
    INT8(20, 8),
    NUMERIC(1700, -1);

    private static final int BASE = 10_000;

    final int oid;
    final int size;

    ColumnType(int oid, int size) {
        this.oid = oid;
        this.size = size;
    }

    /** Writes length and bytes of a value: text, or a Long for the numbers. */
    void write(ByteBuf out, Object value, boolean binary) {
        if (binary && this != TEXT) {
            writeBinary(out, (Long) value);
            return;
        }
        String text = value.toString();
        int at = out.writerIndex();
        out.writeInt(0);
        ByteBufUtil.writeUtf8(out, text);
        out.setInt(at, out.writerIndex() - at - 4);
    }

    private void writeBinary(ByteBuf out, long value) {
        switch (this) {
            case INT4 -> out.writeInt(4).writeInt((int) value);
            case INT8 -> out.writeInt(8).writeLong(value);
            default -> writeNumeric(out, value);
        }
    }

    /** numeric's own form: groups of four decimal digits behind their count, the first one's weight, sign and scale. */
    private static void writeNumeric(ByteBuf out, long value) {
        short[] groups = new short[5];
        int count = 0;
        for (long rest = Math.abs(value); rest > 0; rest /= BASE) {
            groups[count++] = (short) (rest % BASE);
        }
        out.writeInt(8 + 2 * count);
        out.writeShort(count);
        out.writeShort(Math.max(0, count - 1));
        out.writeShort(value < 0 ? 0x4000 : 0);
        out.writeShort(0);
        while (count > 0) {
            out.writeShort(groups[--count]);
        }
    }

    /** A parameter's value as text; integers may come in binary form. */
    static String parameter(ByteBuf in, int length, boolean binary) {
        if (binary && (length == 2 || length == 4 || length == 8)) {
            long value = length == 2 ? in.readShort() : length == 4 ? in.readInt() : in.readLong();
            return Long.toString(value);
        }
        String text = in.toString(in.readerIndex(), length, StandardCharsets.UTF_8);
        in.skipBytes(length);
        return text;
    }
}

package dev.carpool.client;

import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Writes a client's messages one behind the other. */
final class Wire {
    private final ByteBuf out = Unpooled.buffer();

    static Wire empty() {
        return new Wire();
    }

    static Wire of(Consumer<ByteBuf> writer) {
        Wire wire = new Wire();
        writer.accept(wire.out);
        return wire;
    }

    byte[] bytes() {
        byte[] bytes = new byte[out.readableBytes()];
        out.getBytes(out.readerIndex(), bytes);
        return bytes;
    }

    Wire query(String sql) {
        WireWriter.query(out, sql);
        return this;
    }

    Wire parse(String name, String sql) {
        int at = WireWriter.begin(out, (byte) 'P');
        WireWriter.cstring(out, name);
        WireWriter.cstring(out, sql);
        out.writeShort(0);
        WireWriter.end(out, at);
        return this;
    }

    Wire bind(String portal, String name, byte[]... values) {
        int at = WireWriter.begin(out, (byte) 'B');
        WireWriter.cstring(out, portal);
        WireWriter.cstring(out, name);
        out.writeShort(0);
        out.writeShort(values.length);
        for (byte[] value : values) {
            out.writeInt(value.length).writeBytes(value);
        }
        out.writeShort(0);
        WireWriter.end(out, at);
        return this;
    }

    Wire describe(char what, String name) {
        return named('D', what, name);
    }

    Wire close(char what, String name) {
        return named('C', what, name);
    }

    private Wire named(char type, char what, String name) {
        int at = WireWriter.begin(out, (byte) type);
        out.writeByte(what);
        WireWriter.cstring(out, name);
        WireWriter.end(out, at);
        return this;
    }

    Wire execute(String portal) {
        int at = WireWriter.begin(out, (byte) 'E');
        WireWriter.cstring(out, portal);
        out.writeInt(0);
        WireWriter.end(out, at);
        return this;
    }

    /** Bind and Execute of a statement without a portal's name. */
    Wire run(String name) {
        return bind("", name).execute("");
    }

    Wire sync() {
        WireWriter.empty(out, (byte) 'S');
        return this;
    }

    Wire flush() {
        WireWriter.empty(out, (byte) 'H');
        return this;
    }

    Wire terminate() {
        WireWriter.empty(out, (byte) 'X');
        return this;
    }

    Wire copyData(String data) {
        int at = WireWriter.begin(out, (byte) 'd');
        out.writeBytes(data.getBytes(StandardCharsets.UTF_8));
        WireWriter.end(out, at);
        return this;
    }

    Wire copyDone() {
        WireWriter.empty(out, (byte) 'c');
        return this;
    }

    Wire copyFail() {
        int at = WireWriter.begin(out, (byte) 'f');
        WireWriter.cstring(out, "no");
        WireWriter.end(out, at);
        return this;
    }

    Wire functionCall(int oid) {
        int at = WireWriter.begin(out, (byte) 'F');
        out.writeInt(oid).writeShort(0).writeShort(0).writeShort(0);
        WireWriter.end(out, at);
        return this;
    }

    /** Any bytes. */
    Wire raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }
}

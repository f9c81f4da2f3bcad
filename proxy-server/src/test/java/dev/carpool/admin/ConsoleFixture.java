package dev.carpool.admin;

import dev.carpool.client.LocalDatabase;
import dev.carpool.client.LocalDatabase.Proof;
import dev.carpool.protocol.FrontendMessageType;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A client of the console, and the answers it gets as one word for each message. */
final class ConsoleFixture implements LocalDatabase.Client {
    final TestProxy proxy;
    final LocalDatabase.Conversation conversation;
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final String user;

    ConsoleFixture(TestProxy proxy, String user, Proof proof) {
        this.proxy = proxy;
        this.user = user;
        this.conversation = new AdminConsole(proxy).open(this, proof);
    }

    static ConsoleFixture operator(TestProxy proxy) {
        return new ConsoleFixture(proxy, "boss", Proof.SUPERUSER);
    }

    static ConsoleFixture viewer(TestProxy proxy) {
        return new ConsoleFixture(proxy, "guest", Proof.USER);
    }

    @Override
    public String user() {
        return user;
    }

    @Override
    public Channel channel() {
        return channel;
    }

    @Override
    public void conversationIdle() {}

    /** A simple query and its answer. */
    List<String> query(String sql) {
        ByteBuf out = Unpooled.buffer();
        WireWriter.query(out, sql);
        return send(out);
    }

    /** Sends messages one after the other and returns what comes back; takes ownership. */
    List<String> send(ByteBuf messages) {
        try {
            while (messages.isReadable()) {
                int length = messages.getInt(messages.readerIndex() + 1);
                conversation.message(messages.readSlice(length + 1));
            }
        } finally {
            messages.release();
        }
        conversation.messagesRead();
        return answers();
    }

    /** What has been written since. */
    List<String> answers() {
        channel.runPendingTasks();
        List<String> answers = new ArrayList<>();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            while (out.isReadable()) {
                answers.add(word(out));
            }
            out.release();
        }
        return answers;
    }

    /** Lets time pass on the client's event loop. */
    List<String> after(long millis) {
        channel.advanceTimeBy(millis, java.util.concurrent.TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        return answers();
    }

    void close() {
        conversation.closed();
        channel.finishAndReleaseAll();
    }

    private static String word(ByteBuf out) {
        char type = (char) out.readByte();
        ByteBuf body = out.readSlice(out.readInt() - 4);
        return switch (type) {
            case 'T' -> "T" + description(body);
            case 'D' -> "D" + row(body);
            case 'C' -> "C " + WireReader.cstring(body);
            case 'Z' -> "Z " + (char) body.readByte();
            case 'E', 'N' -> type + " " + fields(body);
            case 't' -> "t " + body.readUnsignedShort();
            default -> String.valueOf(type);
        };
    }

    private static List<String> description(ByteBuf body) {
        List<String> columns = new ArrayList<>();
        int count = body.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            String name = WireReader.cstring(body);
            body.skipBytes(6);
            int oid = body.readInt();
            body.skipBytes(6);
            columns.add(name + ":" + oid + (body.readShort() == 1 ? "b" : ""));
        }
        return columns;
    }

    private static List<String> row(ByteBuf body) {
        List<String> values = new ArrayList<>();
        int count = body.readUnsignedShort();
        for (int i = 0; i < count; i++) {
            int length = body.readInt();
            if (length < 0) {
                values.add("null");
            } else {
                byte[] value = new byte[length];
                body.readBytes(value);
                boolean text = true;
                for (byte b : value) {
                    text &= b >= ' ';
                }
                values.add(
                        text
                                ? new String(value, StandardCharsets.UTF_8)
                                : "x" + HexFormat.of().formatHex(value));
            }
        }
        return values;
    }

    /** SQLSTATE and message. */
    private static String fields(ByteBuf body) {
        String state = "";
        String message = "";
        while (body.getByte(body.readerIndex()) != 0) {
            char field = (char) body.readByte();
            String value = WireReader.cstring(body);
            state = field == 'C' ? value : state;
            message = field == 'M' ? value : message;
        }
        return state + " " + message;
    }

    // Messages of the extended protocol

    static ByteBuf messages() {
        return Unpooled.buffer();
    }

    static void parse(ByteBuf out, String name, String sql) {
        int at = WireWriter.begin(out, FrontendMessageType.PARSE);
        WireWriter.cstring(out, name);
        WireWriter.cstring(out, sql);
        out.writeShort(0);
        WireWriter.end(out, at);
    }

    static void bind(ByteBuf out, String portal, String name, List<String> parameters, int... formats) {
        int at = WireWriter.begin(out, FrontendMessageType.BIND);
        WireWriter.cstring(out, portal);
        WireWriter.cstring(out, name);
        out.writeShort(0);
        out.writeShort(parameters.size());
        for (String parameter : parameters) {
            byte[] bytes = parameter.getBytes(StandardCharsets.UTF_8);
            out.writeInt(bytes.length).writeBytes(bytes);
        }
        out.writeShort(formats.length);
        for (int format : formats) {
            out.writeShort(format);
        }
        WireWriter.end(out, at);
    }

    static void describe(ByteBuf out, char kind, String name) {
        named(out, FrontendMessageType.DESCRIBE, kind, name);
    }

    static void close(ByteBuf out, char kind, String name) {
        named(out, FrontendMessageType.CLOSE, kind, name);
    }

    private static void named(ByteBuf out, byte type, char kind, String name) {
        int at = WireWriter.begin(out, type);
        out.writeByte(kind);
        WireWriter.cstring(out, name);
        WireWriter.end(out, at);
    }

    static void execute(ByteBuf out, String portal, int most) {
        int at = WireWriter.begin(out, FrontendMessageType.EXECUTE);
        WireWriter.cstring(out, portal);
        out.writeInt(most);
        WireWriter.end(out, at);
    }

    static void sync(ByteBuf out) {
        WireWriter.empty(out, FrontendMessageType.SYNC);
    }
}

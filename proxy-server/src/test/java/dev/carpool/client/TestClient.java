package dev.carpool.client;

import dev.carpool.protocol.ErrorFields;
import dev.carpool.protocol.WireReader;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An application that says what a test tells it to, byte by byte, and keeps what it is told. */
final class TestClient extends ChannelInboundHandlerAdapter {
    private final ProxyOnOneLoop proxy;
    private final ByteBuf received = Unpooled.buffer();
    private @Nullable Channel channel;
    private String lastError = "";
    int processId;
    byte[] key = {};

    /** The process ids in its notifications. */
    final List<Integer> notifiers = new ArrayList<>();

    TestClient(ProxyOnOneLoop proxy) {
        this.proxy = proxy;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        channel = context.channel();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        received.writeBytes(bytes);
        bytes.release();
    }

    Channel channel() {
        return java.util.Objects.requireNonNull(channel);
    }

    boolean isOpen() {
        return channel().isActive();
    }

    int lastNotifier() {
        return notifiers.get(notifiers.size() - 1);
    }

    void close() {
        if (channel != null) {
            channel.close();
        }
        proxy.run();
    }

    void send(byte[] bytes) {
        channel()
                .writeAndFlush(proxy.allocator.buffer(Math.max(1, bytes.length)).writeBytes(bytes));
        proxy.run();
    }

    void send(Wire wire) {
        send(wire.bytes());
    }

    /** Sends in pieces; everything happens that can happen in between. */
    void sendInPieces(byte[] bytes, int... cuts) {
        int from = 0;
        for (int cut : cuts) {
            send(java.util.Arrays.copyOfRange(bytes, from, cut));
            from = cut;
        }
        send(java.util.Arrays.copyOfRange(bytes, from, bytes.length));
    }

    void startup(String... parameters) {
        Map<String, String> pairs = new LinkedHashMap<>();
        pairs.put("user", "app");
        pairs.put("database", "app");
        for (int i = 0; i < parameters.length; i += 2) {
            pairs.put(parameters[i], parameters[i + 1]);
        }
        send(Wire.of(out -> WireWriter.startup(out, 0, pairs)).bytes());
    }

    /** A simple query, and what came back as one string of types and texts. */
    String query(String sql) {
        send(Wire.empty().query(sql));
        return transcript();
    }

    /** Everything received since the last look, raw. */
    byte[] raw() {
        byte[] bytes = new byte[received.readableBytes()];
        received.readBytes(bytes);
        received.clear();
        return bytes;
    }

    /** Types of the messages received since the last look. */
    String replies() {
        StringBuilder types = new StringBuilder();
        read(message -> types.append((char) message.type));
        return types.toString();
    }

    /** The messages received since the last look; values of rows, tags, SQLSTATEs and transaction status in brackets. */
    String transcript() {
        StringBuilder text = new StringBuilder();
        read(message -> text.append((char) message.type).append(message.text()));
        return text.toString();
    }

    String lastError() {
        return lastError;
    }

    record Message(byte type, byte[] body) {
        String text() {
            ByteBuf in = Unpooled.wrappedBuffer(body);
            return switch (type) {
                case 'Z' -> "(" + (char) in.readByte() + ")";
                case 'C' -> "(" + in.toString(0, body.length - 1, StandardCharsets.UTF_8) + ")";
                case 'D' -> {
                    String row = in.toString(6, body.length - 6, StandardCharsets.UTF_8);
                    yield "(" + (row.length() > 100 ? row.length() : row) + ")";
                }
                case 'A' -> {
                    in.readInt();
                    yield "(" + WireReader.cstring(in) + " " + WireReader.cstring(in) + ")";
                }
                case 'E' -> "(" + ErrorFields.decode(in, 0, body.length).sqlState() + ")";
                default -> "";
            };
        }
    }

    private void read(Consumer<Message> consumer) {
        while (received.readableBytes() >= 5) {
            int length = received.getInt(received.readerIndex() + 1);
            if (received.readableBytes() < length + 1) {
                break;
            }
            byte type = received.readByte();
            received.skipBytes(4);
            byte[] body = new byte[length - 4];
            received.readBytes(body);
            if (type == 'E') {
                ErrorFields fields = ErrorFields.decode(Unpooled.wrappedBuffer(body), 0, body.length);
                lastError = fields.severity() + " " + fields.sqlState() + " " + fields.message();
            } else if (type == 'K') {
                ByteBuf in = Unpooled.wrappedBuffer(body);
                processId = in.readInt();
                key = new byte[in.readableBytes()];
                in.readBytes(key);
            }
            if (type == 'A') {
                notifiers.add(Unpooled.wrappedBuffer(body).readInt());
            }
            consumer.accept(new Message(type, body));
        }
        received.discardReadBytes();
    }

    /** Bytes of a message that has not come in full. */
    int unfinished() {
        return received.readableBytes();
    }
}

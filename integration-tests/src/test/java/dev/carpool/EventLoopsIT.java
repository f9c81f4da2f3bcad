package dev.carpool;

import dev.carpool.config.RuntimeConfig;
import dev.carpool.config.TcpConfig;
import dev.carpool.config.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What the relay's backpressure asks of a transport. */
class EventLoopsIT {
    private static final int BYTES = 32 << 20;

    /** Stops reading again and again, for a moment each time. */
    private static final class Halting extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<Integer> end = new CompletableFuture<>();
        private int bytes;
        private int reads;
        private int unasked;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ChannelConfig config = context.channel().config();
            ByteBuf read = (ByteBuf) message;
            bytes += read.readableBytes();
            if (!config.isAutoRead()) {
                unasked += read.readableBytes();
            }
            read.release();
            reads++;
            if (bytes == BYTES) {
                end.complete(unasked);
            } else if (!config.isAutoRead()) {
                config.setAutoRead(true);
            } else if (reads % 8 == 0) {
                config.setAutoRead(false);
                context.executor().execute(() -> config.setAutoRead(true));
            }
        }
    }

    private static void write(ServerSocket listener) {
        try (Socket socket = listener.accept()) {
            byte[] chunk = new byte[1 << 16];
            for (int i = 0; i < BYTES; i += chunk.length) {
                socket.getOutputStream().write(chunk);
            }
            socket.getInputStream().read(); // open until the test is over
        } catch (IOException e) {
            // the test is over
        }
    }

    @ParameterizedTest
    @EnumSource(names = "AUTO", mode = EnumSource.Mode.EXCLUDE)
    void nothingArrivesWhileReadingIsOffAndAllOfItWhenItIsOnAgain(Transport transport) throws Exception {
        EventLoops loops = new EventLoops(new RuntimeConfig(transport, 1, 16 * 1024));
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assumeTrue(loops.transport() == transport, "not available here");
            Thread writer = new Thread(() -> write(listener), "writer");
            writer.setDaemon(true);
            writer.start();
            Halting reader = new Halting();
            var channel = loops.toServers(TcpConfig.defaults())
                    .group(loops.group())
                    .handler(reader)
                    .connect(listener.getLocalSocketAddress())
                    .sync()
                    .channel();
            assertEquals(0, reader.end.get(30, TimeUnit.SECONDS), "bytes that nobody wanted yet");
            channel.close().sync();
        } finally {
            loops.close();
        }
    }
}

package dev.carpool.it;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** A server that says what its script says. Each connection runs the script on a thread of its own. */
final class ScriptedServer implements AutoCloseable {
    /** What one connection does; it is closed when the script ends. */
    interface Script {
        void run(Peer peer) throws IOException;
    }

    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();

    private ScriptedServer(ServerSocket listener) {
        this.listener = listener;
    }

    static ScriptedServer start(Script script) throws IOException {
        ScriptedServer server = new ScriptedServer(new ServerSocket(0, 100, InetAddress.getLoopbackAddress()));
        Thread thread = new Thread(() -> server.accept(script), "scripted-server");
        thread.setDaemon(true);
        thread.start();
        return server;
    }

    private void accept(Script script) {
        while (true) {
            Socket socket;
            try {
                socket = listener.accept();
            } catch (IOException e) {
                return; // closed
            }
            sockets.add(socket);
            accepted.incrementAndGet();
            Thread thread = new Thread(() -> converse(socket, script), "scripted-server-" + accepted);
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void converse(Socket socket, Script script) {
        try (socket) {
            script.run(new Peer(socket));
        } catch (IOException e) {
            // the proxy hung up, or the test is over
        } catch (Throwable e) {
            failures.add(e);
        }
    }

    String url() {
        return "postgresql://127.0.0.1:" + listener.getLocalPort();
    }

    /** How many connections there have been, those that ask for TLS or bring a cancel request included. */
    int accepted() {
        return accepted.get();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        assertEquals(List.of(), failures);
    }

    /** The proxy, seen from the server. */
    static final class Peer {
        private final Socket socket;
        private final DataInputStream in;

        private Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
            socket.setTcpNoDelay(true);
        }

        /** Reads the startup message, after having refused encryption; returns its parameters. */
        Map<String, String> startup() throws IOException {
            while (true) {
                byte[] body = new byte[in.readInt() - 4];
                in.readFully(body);
                ByteBuffer buffer = ByteBuffer.wrap(body);
                int code = buffer.getInt();
                if (code == 80877103 || code == 80877104) {
                    socket.getOutputStream().write('N');
                    continue;
                }
                if (code == 80877102) {
                    throw new EOFException("a cancel request");
                }
                Map<String, String> parameters = new LinkedHashMap<>();
                for (String name = Reply.cstring(buffer); !name.isEmpty(); name = Reply.cstring(buffer)) {
                    parameters.put(name, Reply.cstring(buffer));
                }
                return parameters;
            }
        }

        /** Lets the proxy in without a password. */
        Map<String, String> welcome() throws IOException {
            Map<String, String> parameters = startup();
            welcomed();
            return parameters;
        }

        /** The end of a login without a password. */
        void welcomed() throws IOException {
            send(
                    Wire.authenticationOk(),
                    Wire.parameterStatus("server_version", "18.0"),
                    Wire.parameterStatus("client_encoding", "UTF8"),
                    Wire.parameterStatus("DateStyle", "ISO, MDY"),
                    Wire.parameterStatus("TimeZone", "UTC"),
                    Wire.parameterStatus("application_name", ""),
                    Wire.parameterStatus("standard_conforming_strings", "on"),
                    Wire.backendKeyData(4711, new byte[] {1, 2, 3, 4}),
                    Wire.ready('I'));
        }

        /** The next message; the names of types are those of messages to a server. As with a server, Terminate is the end. */
        Reply next() throws IOException {
            char type = (char) in.readUnsignedByte();
            byte[] body = new byte[in.readInt() - 4];
            in.readFully(body);
            if (type == 'X') {
                throw new EOFException("Terminate");
            }
            return new Reply(type, body);
        }

        /** Reads until the proxy has closed its end, whatever it says before. */
        void awaitEnd() throws IOException {
            in.transferTo(OutputStream.nullOutputStream());
        }

        /** Reads up to a simple query and returns its text. */
        String query() throws IOException {
            Reply message = next();
            while (message.type() != 'Q') {
                message = next();
            }
            return Reply.cstring(message.buffer());
        }

        void send(byte[]... messages) throws IOException {
            socket.getOutputStream().write(Wire.all(messages));
        }

        /** Takes its time, as a busy server does. */
        void pause(Duration time) {
            LockSupport.parkNanos(time.toNanos());
        }

        /** Cuts the connection; the proxy sees a reset. */
        void cut() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}

package dev.carpool.it;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

/** A client that sends exactly the bytes it is told to, over a plain socket. For one thread. */
final class ScriptedClient implements AutoCloseable {
    private Socket socket;
    private DataInputStream in;
    private final Map<String, String> parameters = new TreeMap<>();
    private int processId;
    private byte[] key = {};

    private ScriptedClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
    }

    static ScriptedClient connect(InetSocketAddress to) throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.connect(to);
        socket.setSoTimeout((int) Await.LONG.toMillis());
        return new ScriptedClient(socket);
    }

    /** Sends a startup message of protocol 3.0. */
    ScriptedClient startup(String user, String database, String... more) throws IOException {
        return startup(Wire.VERSION_3_0, user, database, more);
    }

    ScriptedClient startup(int version, String user, String database, String... more) throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("user", user);
        all.put("database", database);
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return send(Wire.startup(version, all));
    }

    /** Starts up, gives the password where it is asked for, and waits until the session is ready. */
    ScriptedClient login(String user, String password, String database, String... more) throws IOException {
        startup(user, database, more);
        return authenticate(password);
    }

    /** Gives the password when it is asked for in clear text, and waits until the session is ready. */
    ScriptedClient authenticate(String password) throws IOException {
        while (true) {
            Reply reply = next();
            switch (reply.type()) {
                case 'R' -> {
                    int method = reply.buffer().getInt();
                    if (method == 3) {
                        send(Wire.password(password));
                    } else if (method != 0) {
                        fail("authentication method " + method);
                    }
                }
                case 'S' -> note(reply);
                case 'K' -> {
                    processId = reply.buffer().getInt();
                    key = Wire.part(reply.body(), 4, reply.body().length);
                }
                case 'Z' -> {
                    return this;
                }
                case 'v', 'N' -> {}
                default -> fail("during login: " + reply);
            }
        }
    }

    private void note(Reply status) {
        var body = status.buffer();
        parameters.put(Reply.cstring(body), Reply.cstring(body));
    }

    /** What the server has reported, kept up to date by {@link #replies}. */
    Map<String, String> parameters() {
        return parameters;
    }

    int processId() {
        return processId;
    }

    byte[] key() {
        return key;
    }

    ScriptedClient send(byte[]... messages) throws IOException {
        socket.getOutputStream().write(Wire.all(messages));
        return this;
    }

    /** The next message. */
    Reply next() throws IOException {
        int type = in.read();
        if (type < 0) {
            throw new EOFException("the connection was closed");
        }
        byte[] body = new byte[in.readInt() - 4];
        in.readFully(body);
        Reply reply = new Reply((char) type, body);
        if (type == 'S') {
            note(reply);
        }
        return reply;
    }

    Reply expect(char type) throws IOException {
        Reply reply = next();
        assertEquals(type, reply.type(), reply::toString);
        return reply;
    }

    /** A single byte outside any message, as SSLRequest is answered. */
    int nextByte() throws IOException {
        return in.read();
    }

    /** All messages up to the next ReadyForQuery. */
    List<Reply> untilReady() throws IOException {
        return until('Z');
    }

    List<Reply> until(char type) throws IOException {
        List<Reply> replies = new ArrayList<>();
        do {
            replies.add(next());
        } while (replies.get(replies.size() - 1).type() != type);
        return replies;
    }

    /** Summaries of all messages up to the next ReadyForQuery, with a blank between them. */
    String replies() throws IOException {
        return summary(untilReady());
    }

    static String summary(List<Reply> replies) {
        return String.join(" ", replies.stream().map(Reply::summary).toList());
    }

    /** Sends and returns what comes back up to ReadyForQuery. */
    String exchange(byte[]... messages) throws IOException {
        return send(messages).replies();
    }

    String query(String sql) throws IOException {
        return exchange(Wire.query(sql));
    }

    /** The only value that a simple query returns. */
    String value(String sql) throws IOException {
        send(Wire.query(sql));
        String value = null;
        for (Reply reply : untilReady()) {
            if (reply.type() == 'D') {
                value = reply.columns().get(0);
            } else if (reply.type() == 'E') {
                fail(sql + ": " + reply);
            }
        }
        return String.valueOf(value);
    }

    int backend() throws IOException {
        return Integer.parseInt(value("select pid from pg_stat_activity where client_port = inet_client_port()"));
    }

    /** Waits for the other side to close, and fails when it says something first. */
    void expectClosed() throws IOException {
        try {
            int type = in.read();
            if (type >= 0) {
                fail("not closed, but " + (char) type);
            }
        } catch (SocketException e) {
            // reset: closed as well
        }
    }

    /** The error that ends the session. */
    Reply expectFatal() throws IOException {
        Reply error = expect('E');
        assertEquals("FATAL", error.field('V'), error::toString);
        expectClosed();
        return error;
    }

    Socket socket() {
        return socket;
    }

    /** Goes on over another socket, which stands for this one: TLS. */
    void over(Socket layered) throws IOException {
        socket = layered;
        in = new DataInputStream(layered.getInputStream());
    }

    /** Says goodbye, as a client should. */
    void leave() throws IOException {
        send(Wire.terminate()).expectClosed();
        socket.close();
    }

    /** Leaves without a word: the peer sees a reset. */
    void vanish() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

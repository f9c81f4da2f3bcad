package dev.carpool.it;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A client on one of the two sides, and its answers in a form in which the two sides can be compared. */
final class TwinClient implements AutoCloseable {
    /** More than any statement of the test takes, lock_timeout and a busy machine included. */
    private static final int PATIENCE_MS = 15_000;

    /**
     * What legitimately differs: names of temporary schemas, the names of the two databases, and those of prepared
     * transactions, which all databases share.
     */
    private static final Pattern MASKED =
            Pattern.compile("pg_(toast_)?temp_\\d+|" + TwinSide.NAMES + "|" + TwinStatements.PREPARED + "[dp]");

    private final ScriptedClient wire;
    private final List<String> notifications = new ArrayList<>();
    private char status = 'I';
    private boolean closed;
    private final String side;
    private int processId;

    private TwinClient(ScriptedClient wire, String side) {
        this.wire = wire;
        this.side = side;
    }

    /** @param side a letter that stands in the names of the prepared transactions */
    static TwinClient connect(InetSocketAddress address, String side) throws IOException {
        ScriptedClient wire = ScriptedClient.connect(address);
        wire.socket().setSoTimeout(PATIENCE_MS);
        return new TwinClient(wire, side);
    }

    /** Logs in a role of which no password is asked. */
    TwinAnswer login(String role, String database, List<String> parameters) throws IOException {
        wire.startup(role, database, parameters.toArray(String[]::new));
        return read(1);
    }

    /** Sends and reads what comes up to the last ReadyForQuery; what is known of parameters then belongs to it. */
    TwinAnswer ask(TwinRequest request) throws IOException {
        if (closed) {
            return new TwinAnswer(List.of("closed"), Map.of());
        }
        try {
            wire.send(ofThisSide(request.bytes()));
        } catch (SocketException e) {
            // the answer tells
        }
        return read(request.readies());
    }

    private byte[] ofThisSide(byte[] request) {
        String text = new String(request, StandardCharsets.ISO_8859_1);
        return text.replace(TwinStatements.PREPARED + "?", TwinStatements.PREPARED + side)
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Reads what comes up to the end of the connection. */
    TwinAnswer readToTheEnd() throws IOException {
        return read(Integer.MAX_VALUE);
    }

    private TwinAnswer read(int readies) throws IOException {
        List<String> answer = new ArrayList<>();
        try {
            for (int left = readies; left > 0; ) {
                Reply reply = wire.next();
                switch (reply.type()) {
                    case 'A' -> notifications.add(notification(reply));
                    case 'S' -> {} // as finally known, below
                    case 'Z' -> {
                        left--;
                        status = (char) reply.body()[0];
                        answer.add("Z:" + status);
                    }
                    case 'R' -> {} // each side lets in as it likes
                    case 'K' -> processId = reply.buffer().getInt();
                    default -> answer.add(masked(line(reply)));
                }
            }
        } catch (SocketTimeoutException e) {
            answer.add("no more for " + PATIENCE_MS + " ms");
            closed = true;
        } catch (EOFException | SocketException e) {
            answer.add("closed");
            closed = true;
        }
        return new TwinAnswer(answer, Map.copyOf(wire.parameters()));
    }

    int processId() {
        return processId;
    }

    /** Reads the notifications that have arrived since, without waiting. */
    void poll() throws IOException {
        try {
            while (!closed && wire.socket().getInputStream().available() > 0) {
                Reply reply = wire.next();
                if (reply.type() == 'A') {
                    notifications.add(notification(reply));
                } else if (reply.type() != 'S') {
                    notifications.add("unasked " + line(reply));
                }
            }
        } catch (EOFException | SocketException e) {
            closed = true;
        }
    }

    /** What has been notified since {@link #forgetNotifications}. */
    List<String> notifications() {
        return List.copyOf(notifications);
    }

    void forgetNotifications() {
        notifications.clear();
    }

    /** As ReadyForQuery has told last: I, T or E. */
    char status() {
        return status;
    }

    boolean isClosed() {
        return closed;
    }

    private String notification(Reply reply) {
        ByteBuffer in = reply.buffer();
        boolean own = in.getInt() == processId;
        return Reply.cstring(in) + "=" + Reply.cstring(in) + (own ? " of its own" : " of another");
    }

    private static String masked(String line) {
        return MASKED.matcher(line).replaceAll("%");
    }

    private static String line(Reply reply) {
        return switch (reply.type()) {
            case 'T' -> "T:" + description(reply.buffer());
            case 'D' -> "D:" + row(reply.buffer());
            case 'E', 'N' -> reply.type() + ":" + fields(reply);
            case 't' -> "t:" + HexFormat.of().formatHex(reply.body());
            case 'd' -> "d:" + new String(reply.body(), StandardCharsets.ISO_8859_1);
            default -> reply.summary();
        };
    }

    /** Names and types; the oids of tables differ. */
    private static String description(ByteBuffer in) {
        List<String> columns = new ArrayList<>();
        for (int left = in.getShort(); left > 0; left--) {
            String name = Reply.cstring(in);
            in.getInt();
            int number = in.getShort();
            columns.add(name + "#" + number + " " + in.getInt() + "/" + in.getShort() + "/" + in.getInt() + "/"
                    + in.getShort());
        }
        return String.join(", ", columns);
    }

    private static String row(ByteBuffer in) {
        return String.join(",", Reply.columns(in, value -> "'" + new String(value, StandardCharsets.ISO_8859_1) + "'"));
    }

    /** All that is said to people and programs; where in PostgreSQL's code it was said is not part of it. */
    private static String fields(Reply reply) {
        StringBuilder text = new StringBuilder();
        for (char code : "SVCMDHPpqWstcdn".toCharArray()) {
            String value = reply.field(code);
            if (!value.isEmpty() && code != 'V') {
                text.append(text.isEmpty() ? "" : " ").append(code).append('=').append(value);
            }
        }
        return text.toString();
    }

    void leave(boolean politely) throws Exception {
        if (politely) {
            wire.send(Wire.terminate());
            wire.close();
        } else {
            wire.vanish();
        }
    }

    @Override
    public void close() throws IOException {
        wire.close();
    }
}

package dev.carpool.relay;

import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.OutstandingRequests.Effect;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.FrontendMessageType.CLOSE;
import static dev.carpool.protocol.FrontendMessageType.PARSE;

/**
 * The unnamed statement of a client session, kept to be parsed again by a server connection that has none or another
 * session's. Confined to the session's event loop.
 */
final class UnnamedStatement {
    private static final byte[] NOTHING = {};

    /** Numbers the unnamed statements of this process. */
    private static final AtomicLong GENERATIONS = new AtomicLong();

    /** What a Parse or Close of the client has made of the statement, and what it was before as long as that is owed. */
    private static final class Version implements Effect {
        /** The body of the Parse message; empty when there is none, or none that is kept. */
        byte[] parse;

        /** The number of the statement; 0 when there is none, or none that is kept. */
        long generation;

        /** Bits of {@link Suspicion}: what the text may do. */
        final int suspicion;

        /** What the text does, null until it is asked for. */
        @Nullable
        Effects effects;

        /** The statement is too large to keep: the server connection in use alone has it. */
        boolean large;

        /** Of a Close or a simple query, until whose answer the statement is there. */
        private final boolean isClose;

        private @Nullable Version before;
        private boolean skipped;

        private Version(
                byte[] parse,
                long generation,
                int suspicion,
                boolean large,
                boolean isClose,
                @Nullable Version before) {
            this.parse = parse;
            this.generation = generation;
            this.suspicion = suspicion;
            this.large = large;
            this.isClose = isClose;
            this.before = before;
        }

        /** The Parse has failed: what was before is gone all the same. */
        @Override
        public void undo() {
            parse = NOTHING;
            generation = 0;
            large = false;
            before = null;
        }

        @Override
        public void skipped() {
            skipped = true;
        }

        @Override
        public void done() {
            before = null;
            if (isClose) {
                large = false;
            }
        }
    }

    private static final Version NONE = new Version(NOTHING, 0, Suspicion.NONE, false, false, null);

    /** What the client has sent last; whether the server skips it is seen by {@link #now}. */
    private Version last = NONE;

    /** The last Parse in front of a Bind or Describe; null for none. */
    private @Nullable Effect again;

    private Version now() {
        Version now = last;
        while (now.skipped && now.before != null) {
            now = now.before;
        }
        last = now;
        return now;
    }

    /** Memory that the statement takes, in bytes. */
    int bytes() {
        return now().parse.length;
    }

    /** Bits of {@link Suspicion}: what the statement may do. */
    int suspicion() {
        return now().suspicion;
    }

    /** Whether the server connection in use alone has the statement. */
    boolean isLarge() {
        return now().large;
    }

    /** Whether there is a statement that is kept. */
    boolean isKept() {
        return now().generation != 0;
    }

    /** Whether the statement hangs on the answer to a request of an earlier batch. */
    boolean isUncertain(OutstandingRequests outstanding) {
        Version now = now();
        return (now != NONE || again != null)
                && outstanding.hasEarlierChange(effect -> effect == now || effect == again);
    }

    /**
     * The client's Parse is sent: keeps its body, {@code in[from, to)}, and queues what the server owes for it.
     *
     * @param bits of {@link Suspicion}: what its text may do
     */
    void parsed(ByteBuf in, int from, int to, int bits, ServerConnection server) {
        byte[] parse = new byte[to - from];
        in.getBytes(from, parse);
        long generation = GENERATIONS.incrementAndGet();
        server.unnamedStatement(generation);
        push(server, OutstandingRequests.PARSE, new Version(parse, generation, bits, false, false, now()));
    }

    /** The client's Parse of a statement too large to keep is sent: queues what the server owes for it. */
    void parsedLarge(ServerConnection server) {
        server.unnamedStatement(0);
        push(server, OutstandingRequests.PARSE, new Version(NOTHING, 0, Suspicion.NONE, true, false, now()));
    }

    /** A Close of it is sent: queues what the server owes for it. A large statement is there until that has come. */
    void closed(ServerConnection server) {
        server.unnamedStatement(0);
        Version now = now();
        push(server, OutstandingRequests.CLOSE, new Version(NOTHING, 0, Suspicion.NONE, now.large, true, now));
    }

    private void push(ServerConnection server, int entry, Version version) {
        last = version;
        server.outstanding().push(entry, version);
    }

    /**
     * A simple query is sent: queues what the server owes for it. The server drops the statement, unless it skips the query
     * for an error of the batch in front of it, or takes it for the end of a COPY.
     */
    void dropped(ServerConnection server) {
        server.unnamedStatement(0);
        OutstandingRequests outstanding = server.outstanding();
        if (outstanding.mayIgnoreNext()) {
            Version now = now();
            push(server, OutstandingRequests.QUERY, new Version(NOTHING, 0, Suspicion.NONE, now.large, true, now));
        } else {
            last = NONE;
            outstanding.push(OutstandingRequests.QUERY);
        }
    }

    /** Whether the unnamed statement of the server connection is this one. */
    boolean isOn(ServerConnection server) {
        Version now = now();
        return now.large || (now.generation != 0 && server.unnamedStatement() == now.generation);
    }

    /** Writes what makes the unnamed statement of the server connection this one, or none, and queues it. */
    void write(ByteBuf out, ServerConnection server) {
        Version now = now();
        long mine = now.generation;
        if (mine == 0) {
            // The server must say that there is none, and must not find somebody else's.
            out.writeByte(CLOSE);
            out.writeInt(6);
            out.writeByte('S');
            out.writeByte(0);
            server.outstanding().push(OutstandingRequests.CLOSE | OutstandingRequests.SWALLOW);
            server.unnamedStatement(0);
            return;
        }
        out.writeByte(PARSE);
        out.writeInt(now.parse.length + 4);
        out.writeBytes(now.parse);
        server.unnamedStatement(mine);
        Effect parsing = () -> {
            if (server.unnamedStatement() == mine) {
                server.unnamedStatement(0);
            }
        };
        again = parsing;
        server.outstanding().push(OutstandingRequests.PARSE | OutstandingRequests.SWALLOW, parsing);
    }

    /** A copy of its Parse message behind the name. */
    byte[] body() {
        byte[] parse = now().parse;
        return Arrays.copyOfRange(parse, 1, parse.length);
    }

    /**
     * Lets the unnamed statement of the server connection be another one for the next Bind: {@code body} is its Parse message
     * behind the name.
     */
    static void writeOther(byte[] body, ByteBuf out, ServerConnection server) {
        out.writeByte(PARSE);
        out.writeInt(Integer.BYTES + 1 + body.length);
        out.writeByte(0);
        out.writeBytes(body);
        server.unnamedStatement(0);
        server.outstanding().push(OutstandingRequests.PARSE | OutstandingRequests.SWALLOW);
    }

    /** Its text, a character (0 to 255) for each byte. */
    String text() {
        byte[] parse = now().parse;
        int end = 1;
        while (end < parse.length && parse[end] != 0) {
            end++;
        }
        return parse.length == 0 ? "" : new String(parse, 1, end - 1, StandardCharsets.ISO_8859_1);
    }

    /** What its text does; {@code text} is that text. */
    Effects effects(String text, ServerConnection server) {
        Version now = now();
        Effects known = now.effects;
        if (known == null) {
            known = EffectsReader.read(text, now.suspicion, server.hasStandardStrings());
            now.effects = known;
        }
        return known;
    }
}

package dev.carpool.relay;

import dev.carpool.server.OutstandingRequests;
import dev.carpool.server.OutstandingRequests.Effect;
import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.Effects;
import dev.carpool.suspicion.EffectsReader;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
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

    /** A buffer longer than this is given up for a statement shorter than {@link #SHORT}. */
    private static final int LONG = 4096;

    private static final int SHORT = 1024;
    private static final int SHORTEST_BUFFER = 256;

    /** Numbers the unnamed statements of this process. */
    private static final AtomicLong GENERATIONS = new AtomicLong();

    /** The body of its Parse message is in the first {@link #length} bytes. */
    private byte[] parse = NOTHING;

    private int length;

    /** The number of the statement; 0 when there is none, or none that is kept. */
    private long generation;

    /** Bits of {@link Suspicion}: what the text last kept may do. */
    private int suspicion;

    /** What that text does, null until it is asked for. */
    private @Nullable Effects effects;

    /** The statement is too large to keep: the server connection in use alone has it. */
    private boolean large;

    /** What the last Parse changes. */
    private @Nullable Effect change;

    /** Memory that the statement takes, in bytes. */
    int bytes() {
        return parse.length;
    }

    /** Bits of {@link Suspicion}: what the statement last kept may do. */
    int suspicion() {
        return suspicion;
    }

    /** Whether the server connection in use alone has the statement. */
    boolean isLarge() {
        return large;
    }

    /** Whether there is a statement that is kept. */
    boolean isKept() {
        return generation != 0;
    }

    /** Whether the statement hangs on the answer to a Parse of an earlier batch. */
    boolean isUncertain(OutstandingRequests outstanding) {
        Effect last = change;
        return last != null && outstanding.hasEarlierChange(effect -> effect == last);
    }

    /**
     * The client's Parse is sent: keeps its body, {@code in[from, to)}, and queues what the server owes for it.
     *
     * @param bits of {@link Suspicion}: what its text may do
     */
    void parsed(ByteBuf in, int from, int to, int bits, ServerConnection server) {
        keep(in, from, to);
        suspicion = bits;
        effects = null;
        large = false;
        long mine = GENERATIONS.incrementAndGet();
        generation = mine;
        server.unnamedStatement(mine);
        push(server, OutstandingRequests.PARSE, () -> {
            if (generation == mine) {
                generation = 0;
            }
        });
    }

    private void keep(ByteBuf in, int from, int to) {
        length = to - from;
        if (parse.length < length || (parse.length > LONG && length < SHORT)) {
            parse = new byte[Math.max(length, SHORTEST_BUFFER)];
        }
        in.getBytes(from, parse, 0, length);
    }

    /** The client's Parse of a statement too large to keep is sent: queues what the server owes for it. */
    void parsedLarge(ServerConnection server) {
        large = true;
        generation = 0;
        server.unnamedStatement(0);
        push(server, OutstandingRequests.PARSE, () -> large = false);
    }

    private void push(ServerConnection server, int entry, Effect effect) {
        change = effect;
        server.outstanding().push(entry, effect);
    }

    /** A Close of it is sent: queues what the server owes for it. */
    void closed(ServerConnection server) {
        forget(server);
        if (large) {
            server.outstanding().push(OutstandingRequests.CLOSE, closing());
        } else {
            server.outstanding().push(OutstandingRequests.CLOSE);
        }
    }

    /** The server has the large statement until it has answered the Close. */
    private Effect closing() {
        Effect parse = change;
        return new Effect() {
            @Override
            public void undo() {}

            @Override
            public void done() {
                if (change == parse) {
                    large = false;
                }
            }
        };
    }

    private void forget(ServerConnection server) {
        generation = 0;
        server.unnamedStatement(0);
    }

    /** A simple query is sent: the server drops the statement. */
    void dropped(ServerConnection server) {
        forget(server);
        large = false;
    }

    /** Whether the unnamed statement of the server connection is this one. */
    boolean isOn(ServerConnection server) {
        return large || (generation != 0 && server.unnamedStatement() == generation);
    }

    /** Writes what makes the unnamed statement of the server connection this one, or none, and queues it. */
    void write(ByteBuf out, ServerConnection server) {
        long mine = generation;
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
        out.writeInt(length + 4);
        out.writeBytes(parse, 0, length);
        server.unnamedStatement(mine);
        push(server, OutstandingRequests.PARSE | OutstandingRequests.SWALLOW, () -> {
            if (server.unnamedStatement() == mine) {
                server.unnamedStatement(0);
            }
        });
    }

    /** The text last kept, a character (0 to 255) for each byte. */
    String text() {
        int end = 1;
        while (end < length && parse[end] != 0) {
            end++;
        }
        return new String(parse, 1, Math.max(0, end - 1), StandardCharsets.ISO_8859_1);
    }

    /** What the text last kept does; {@code text} is that text. */
    Effects effects(String text, ServerConnection server) {
        Effects known = effects;
        if (known == null) {
            known = EffectsReader.read(text, suspicion, server.hasStandardStrings());
            effects = known;
        }
        return known;
    }
}

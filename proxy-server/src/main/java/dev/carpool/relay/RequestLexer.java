package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.SqlLexer;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * Tells bits of {@link Suspicion} for the texts of requests, as the server reads them at the moment. It keeps nothing from one
 * text to the next, so that all sessions of an event loop use the same one.
 */
final class RequestLexer {
    private static final FastThreadLocal<RequestLexer> OF_THREAD = new FastThreadLocal<>() {
        @Override
        protected RequestLexer initialValue() {
            return new RequestLexer();
        }
    };

    private final SqlLexer lexer = new SqlLexer();

    private RequestLexer() {}

    /** That of the current thread, which alone may use it. */
    static RequestLexer ofThread() {
        return OF_THREAD.get();
    }

    /** What the text in {@code in[from, to)} may do. */
    int suspicion(ByteBuf in, int from, int to, ServerConnection server) {
        lexer.begin(backslash(server));
        lexer.feed(in, from, to);
        return lexer.end();
    }

    /** A lexer of its own for a text that comes in parts, between which those of other sessions may be read. */
    static SqlLexer inParts(ServerConnection server) {
        SqlLexer own = new SqlLexer();
        own.begin(backslash(server));
        return own;
    }

    private static SqlLexer.Backslash backslash(ServerConnection server) {
        return server.hasStandardStrings() ? SqlLexer.Backslash.PLAIN : SqlLexer.Backslash.UNKNOWN;
    }
}

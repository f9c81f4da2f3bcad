package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.SqlLexer;
import dev.carpool.suspicion.Suspicion;
import dev.carpool.suspicion.TextRules;
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

    /**
     * What the text in {@code in[from, to)} may do.
     *
     * @param state tells whether statements in flight may change how it is read
     */
    int suspicion(ByteBuf in, int from, int to, ServerConnection server, SessionState state) {
        begin(lexer, server, state);
        lexer.feed(in, from, to);
        return lexer.end();
    }

    /** A lexer of its own for a text that comes in parts, between which those of other sessions may be read. */
    static SqlLexer inParts(ServerConnection server, SessionState state) {
        SqlLexer own = new SqlLexer();
        begin(own, server, state);
        return own;
    }

    private static void begin(SqlLexer lexer, ServerConnection server, SessionState state) {
        TextRules rules = server.textRules();
        boolean known = state.isMeaningKnown(server);
        lexer.begin(
                rules.standardStrings() && known ? SqlLexer.Backslash.PLAIN : SqlLexer.Backslash.UNKNOWN,
                rules.asciiBytes() && known);
    }
}

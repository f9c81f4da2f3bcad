package dev.carpool.relay;

import dev.carpool.server.ServerConnection;
import dev.carpool.suspicion.SqlLexer;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;

/** Tells bits of {@link Suspicion} for the texts of one session's requests, as the server reads them at the moment. */
final class RequestLexer {
    private final SqlLexer lexer = new SqlLexer();

    /** What the text in {@code in[from, to)} may do. */
    int suspicion(ByteBuf in, int from, int to, ServerConnection server) {
        begin(server);
        lexer.feed(in, from, to);
        return lexer.end();
    }

    /** A text begins that comes in parts. */
    void begin(ServerConnection server) {
        lexer.begin(server.hasStandardStrings() ? SqlLexer.Backslash.PLAIN : SqlLexer.Backslash.UNKNOWN);
    }

    void feed(ByteBuf in, int from, int to) {
        lexer.feed(in, from, to);
    }

    /** What the text may do that has come in parts. */
    int end() {
        return lexer.end();
    }
}

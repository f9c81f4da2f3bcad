package dev.carpool.benchmarks;

import dev.carpool.suspicion.SqlLexer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What looking at the text of a query costs. */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SqlLexerBenchmark {
    /** The statements of pgbench: select-only, and one of the TPC-B-like transaction. */
    @Param({
        "SELECT abalance FROM pgbench_accounts WHERE aid = 123456;",
        "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, 123456, -42, CURRENT_TIMESTAMP);"
    })
    public String sql = "";

    private final SqlLexer lexer = new SqlLexer();

    @Benchmark
    public int look() {
        ByteBuf text = Unpooled.wrappedBuffer(sql.getBytes(StandardCharsets.UTF_8));
        lexer.begin();
        lexer.feed(text, 0, text.readableBytes());
        return lexer.end();
    }
}

package dev.carpool.admin;

import dev.carpool.metrics.DatabaseReading;
import dev.carpool.metrics.ProxyReading;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a statistics period every {@code stats_period}, and logs its totals if {@code log_stats} is on. */
final class StatsPeriod {
    private static final Logger log = LoggerFactory.getLogger(StatsPeriod.class);

    /** The pseudo-database that stands for all of them in the averages. */
    static final String ALL = "";

    private final ConsoleContext context;
    private final EventLoop timer;

    StatsPeriod(ConsoleContext context, EventLoop timer) {
        this.context = context;
        this.timer = timer;
    }

    void begin() {
        schedule();
    }

    private void schedule() {
        Duration period = context.proxy().config().log().statsPeriod();
        long millis = period.isZero() ? 60_000 : period.toMillis();
        timer.schedule(this::due, millis, TimeUnit.MILLISECONDS);
    }

    private void due() {
        try {
            context.proxy().expensive().execute(this::sample);
        } catch (RejectedExecutionException stopped) {
            return;
        }
        schedule();
    }

    private void sample() {
        try {
            ProxyReading reading = ProxyReading.of(context.proxy());
            Map<String, StatsCounters> current = new HashMap<>();
            for (DatabaseReading database : reading.databases()) {
                current.put(database.name(), StatsCounters.of(database.traffic()));
            }
            current.put(ALL, StatsCounters.of(reading.traffic()));
            context.averages().sample(current, System.nanoTime());
            if (context.proxy().config().log().stats()) {
                log.info("{}", line(context.averages().averages(ALL)));
            }
        } catch (RuntimeException problem) {
            log.error("statistics failed", problem);
        }
    }

    /** In PgBouncer's words, which log analysers know. */
    static String line(StatsCounters averages) {
        return "stats: " + averages.transactions() + " xacts/s, "
                + averages.queries() + " queries/s, "
                + averages.clientParses() + " client parses/s, "
                + averages.serverParses() + " server parses/s, "
                + averages.binds() + " binds/s, in "
                + averages.received() + " B/s, out "
                + averages.sent() + " B/s, xact "
                + averages.transactionTime() + " us, query "
                + averages.queryTime() + " us, wait "
                + averages.waitTime() + " us";
    }
}

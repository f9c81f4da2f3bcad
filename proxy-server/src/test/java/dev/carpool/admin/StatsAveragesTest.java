package dev.carpool.admin;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

class StatsAveragesTest {
    private final StatsAverages averages = new StatsAverages(0);

    private static StatsCounters counters(long transactions, long time) {
        return new StatsCounters(0, transactions, transactions, 0, 0, time, time, time, 0, 0, 0);
    }

    @Test
    void areZeroBeforeTheFirstPeriodHasEnded() {
        assertEquals(StatsCounters.NONE, averages.averages("shop"));
    }

    @Test
    void countPerSecondAndTimePerTransaction() {
        averages.sample(Map.of("shop", counters(100, 5000)), TimeUnit.SECONDS.toNanos(10));
        averages.sample(Map.of("shop", counters(300, 9000)), TimeUnit.SECONDS.toNanos(20));
        StatsCounters last = averages.averages("shop");
        assertEquals(20, last.transactions());
        assertEquals(20, last.transactionTime());
        assertEquals(400, last.waitTime());
    }

    @Test
    void aDatabaseThatWasForgottenBeginsAnew() {
        averages.sample(Map.of("shop", counters(100, 5000)), TimeUnit.SECONDS.toNanos(10));
        averages.sample(Map.of("shop", counters(5, 10)), TimeUnit.SECONDS.toNanos(20));
        assertEquals(0, averages.averages("shop").transactions());
    }

    @Test
    void theLogLineHasPgBouncersWords() {
        assertEquals(
                "stats: 2 xacts/s, 2 queries/s, 0 client parses/s, 0 server parses/s, 0 binds/s, in 0 B/s, out 0 B/s,"
                        + " xact 7 us, query 7 us, wait 7 us",
                StatsPeriod.line(counters(2, 7)));
    }
}

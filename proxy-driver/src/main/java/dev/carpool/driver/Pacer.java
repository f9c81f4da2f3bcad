package dev.carpool.driver;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Time, waiting and chance; the seam that keeps tests from sleeping. */
interface Pacer {
    Pacer SYSTEM = new Pacer() {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public void pause(long nanos) throws InterruptedException {
            // The backoff between two attempts: nothing tells when another has better chances.
            TimeUnit.NANOSECONDS.sleep(nanos);
        }

        @Override
        public double random() {
            return ThreadLocalRandom.current().nextDouble();
        }
    };

    /** As {@link System#nanoTime}. */
    long nanoTime();

    void pause(long nanos) throws InterruptedException;

    /** From 0 (inclusive) to 1 (exclusive). */
    double random();
}

package dev.carpool.driver;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A clock that moves only when told to, or when somebody waits. */
final class FakePacer implements Pacer {
    final List<Duration> pauses = new ArrayList<>();
    private long now = -5_000_000_000L; // nanoTime may be negative
    private double random = 1; // the longest waits
    private boolean interruptNextPause;

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void pause(long nanos) throws InterruptedException {
        if (interruptNextPause) {
            throw new InterruptedException();
        }
        pauses.add(Duration.ofNanos(nanos));
        now += nanos;
    }

    @Override
    public double random() {
        return random;
    }

    void advance(Duration time) {
        now += time.toNanos();
    }

    void randomIs(double value) {
        random = value;
    }

    void interruptNextPause() {
        interruptNextPause = true;
    }
}

package dev.carpool.it;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import static org.junit.jupiter.api.Assertions.fail;

/** Something that runs on a thread of its own while the test goes on. */
final class Background<T> {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final FutureTask<T> task;

    private Background(FutureTask<T> task) {
        this.task = task;
    }

    static <T> Background<T> start(Callable<T> what) {
        FutureTask<T> task = new FutureTask<>(what);
        Thread thread = new Thread(task, "background-" + NUMBERS.incrementAndGet());
        thread.setDaemon(true);
        thread.start();
        return new Background<>(task);
    }

    boolean isDone() {
        return task.isDone();
    }

    /** The result, or the failure as it was. */
    T result() throws Exception {
        return result(Await.LONG.toSeconds());
    }

    T result(long seconds) throws Exception {
        try {
            return task.get(seconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return fail("not done within " + seconds + " s");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }
}

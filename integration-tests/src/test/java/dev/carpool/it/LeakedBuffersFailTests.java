package dev.carpool.it;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class when Netty's leak detector has found a buffer that nobody released, or when the proxy has logged a
 * failure it did not expect. Registered for all tests in {@code META-INF/services}.
 */
public final class LeakedBuffersFailTests implements AfterAllCallback {
    private static final Queue<String> FOUND = new ConcurrentLinkedQueue<>();
    private static final Logger PROXY = Logger.getLogger("dev.carpool"); // a strong reference keeps the handler

    static {
        ByteBufUtil.setLeakListener((resource, records) -> FOUND.add("leaked: " + resource + records));
        PROXY.addHandler(new Handler() {
            @Override
            public void publish(LogRecord line) {
                if (line.getLevel().equals(Level.SEVERE) && line.getThrown() != null) {
                    FOUND.add("the proxy failed: " + line.getMessage() + ", " + line.getThrown());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        if (context.getTestClass().map(Class::isMemberClass).orElse(false)) {
            return; // the outermost class asks once
        }
        collectGarbage();
        collectGarbage(); // what the first one found has been enqueued before what this one finds
        UnpooledByteBufAllocator.DEFAULT.directBuffer(1).release(); // each new buffer makes the detector look
        String found = String.join("\n", FOUND);
        FOUND.clear(); // one class fails for it, not all that follow
        if (!found.isEmpty()) {
            throw new AssertionError(found);
        }
    }

    /** Until the collector has enqueued an object that is unreachable now. */
    private static void collectGarbage() throws InterruptedException {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        PhantomReference<Object> sentinel = new PhantomReference<>(new Object(), queue);
        do {
            System.gc();
        } while (queue.remove(100) != sentinel);
    }
}

package dev.carpool;

import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class when Netty's leak detector (paranoid, see the parent's pom.xml) has found a buffer that nobody
 * released. A leak that is found late is laid at the door of the class that runs then; the record says where the buffer
 * came from. Registered for all tests in {@code META-INF/services}.
 */
public final class LeakedBuffersFailTests implements AfterAllCallback {
    private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

    static {
        ByteBufUtil.setLeakListener((resource, records) -> LEAKS.add(resource + records));
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        if (context.getTestClass().map(Class::isMemberClass).orElse(false)) {
            return; // the outermost class asks once
        }
        collectGarbage();
        collectGarbage(); // what the first one found has been enqueued before what this one finds
        UnpooledByteBufAllocator.DEFAULT.directBuffer(1).release(); // each new buffer makes the detector look
        String found = String.join("\n", LEAKS);
        LEAKS.clear(); // one class fails for a leak, not all that follow
        if (!found.isEmpty()) {
            throw new AssertionError("leaked: " + found);
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

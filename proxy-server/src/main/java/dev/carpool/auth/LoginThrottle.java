package dev.carpool.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Slows down who guesses passwords. After too many failed logins within a window an address is refused for a second,
 * and twice as long after each further failure. IPv6 addresses count by network (/64), because one client has all of
 * them. Thread-safe, bounded; every call is cheap; time comes in as {@link System#nanoTime}.
 *
 * <p>A login asks {@link #refusedFor} first and, when it must wait, ends at once with that error. A login that fails
 * calls {@link #failed} and sends its error after {@link #untilReply}, whatever the reason: then the time taken does
 * not tell an unknown user from a wrong password. Nothing else waits: not successful logins, not the event loop.
 */
public final class LoginThrottle {
    /** A failed login's reply comes after a multiple of this. */
    public static final Duration REPLY_STEP = Duration.ofMillis(200);

    private static final long FIRST_REFUSAL = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_REFUSAL = Duration.ofMinutes(1).toNanos();
    private static final int MAXIMUM_ADDRESSES = 10_000;
    private static final int IPV6_NETWORK_LENGTH = 8;

    /**
     * One address.
     *
     * @param failures within the window
     * @param refusal length of the current or last refusal; 0 for none yet
     * @param since the first failure of the window, or the end of the refusal
     */
    private record Offences(int failures, long refusal, long since) {}

    private final int limit;
    private final long window;
    private final Cache<ByteBuffer, Offences> records = Caffeine.newBuilder()
            .maximumSize(MAXIMUM_ADDRESSES)
            .executor(Runnable::run)
            .build();

    /**
     * @param limit failed logins within the window that are free; 0 to refuse nobody
     */
    public LoginThrottle(int limit, Duration window) {
        this.limit = limit;
        this.window = window.toNanos();
    }

    /**
     * How long this address must wait before it may try again; zero when it need not.
     *
     * @param address null for a Unix socket
     */
    public Duration refusedFor(@Nullable InetAddress address, long now) {
        Offences known = limit == 0 ? null : records.getIfPresent(key(address));
        return known == null || known.refusal == 0 ? Duration.ZERO : Duration.ofNanos(Math.max(0, known.since - now));
    }

    /** Counts a failed login. What {@link #refusedFor} has turned away is none. */
    public void failed(@Nullable InetAddress address, long now) {
        if (limit > 0) {
            records.asMap().compute(key(address), (key, known) -> after(known, now));
        }
    }

    private Offences after(@Nullable Offences known, long now) {
        if (known == null || now - known.since > window) {
            return new Offences(1, 0, now);
        }
        if (now - known.since < 0) {
            return known; // began before the refusal, together with those that caused it
        }
        int failures = known.failures + 1;
        if (failures < limit) {
            return new Offences(failures, known.refusal, known.since);
        }
        long refusal = known.refusal == 0 ? FIRST_REFUSAL : Math.min(2 * known.refusal, LONGEST_REFUSAL);
        return new Offences(failures, refusal, now + refusal);
    }

    /**
     * How long to hold back the reply of a failed login: until the next multiple of {@link #REPLY_STEP} since it began.
     *
     * @param began when the client's startup message arrived
     */
    public static Duration untilReply(long began, long now) {
        long step = REPLY_STEP.toNanos();
        long over = Math.floorMod(now - began, step);
        return Duration.ofNanos(step - over);
    }

    private static ByteBuffer key(@Nullable InetAddress address) {
        if (address == null) {
            return ByteBuffer.allocate(0);
        }
        byte[] bytes = address.getAddress();
        return ByteBuffer.wrap(address instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_NETWORK_LENGTH) : bytes);
    }

    @Override
    public String toString() {
        return "LoginThrottle[" + records.estimatedSize() + " addresses]";
    }
}

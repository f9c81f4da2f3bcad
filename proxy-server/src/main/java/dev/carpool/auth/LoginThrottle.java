package dev.carpool.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Slows down who guesses passwords. After too many failed logins within a window an address is refused for a second,
 * and twice as long after each further failure. IPv6 addresses count by network (/64), because one client has all of
 * them. A user who has logged in from an address lately counts there alone: many applications may share one address
 * (a sidecar's loopback, a gateway), and one with a wrong password must not keep the others out. Thread-safe, bounded; every
 * call is cheap; time comes in as {@link System#nanoTime}.
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
    private static final Duration KNOWN_FOR = Duration.ofHours(1);
    private static final int MAXIMUM_ADDRESSES = 10_000;
    private static final int IPV6_NETWORK_LENGTH = 8;

    /**
     * One address, or a user there.
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

    /** Who has logged in from where, and when last. */
    private final Cache<ByteBuffer, Long> known = Caffeine.newBuilder()
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
     * How long a user must wait before a login from this address may be tried; zero for not at all.
     *
     * @param address null for a Unix socket
     */
    public Duration refusedFor(@Nullable InetAddress address, String user, long now) {
        Offences record = limit == 0 ? null : records.getIfPresent(key(address, user, now));
        return record == null || record.refusal == 0
                ? Duration.ZERO
                : Duration.ofNanos(Math.max(0, record.since - now));
    }

    /** Counts a failed login. What {@link #refusedFor} has turned away is none. */
    public void failed(@Nullable InetAddress address, String user, long now) {
        if (limit > 0) {
            records.asMap().compute(key(address, user, now), (key, record) -> after(record, now));
        }
    }

    /** A user has proved at this address who it is. */
    public void succeeded(@Nullable InetAddress address, String user, long now) {
        if (limit > 0) {
            known.put(pair(address, user), now);
        }
    }

    private Offences after(@Nullable Offences record, long now) {
        if (record == null || now - record.since > window) {
            return new Offences(1, 0, now);
        }
        if (now - record.since < 0) {
            return record; // began before the refusal, together with those that caused it
        }
        int failures = record.failures + 1;
        if (failures < limit) {
            return new Offences(failures, record.refusal, record.since);
        }
        long refusal = record.refusal == 0 ? FIRST_REFUSAL : Math.min(2 * record.refusal, LONGEST_REFUSAL);
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

    /** Whose record counts: the address's, or the user's there. */
    private ByteBuffer key(@Nullable InetAddress address, String user, long now) {
        ByteBuffer pair = pair(address, user);
        Long since = known.getIfPresent(pair);
        return since != null && now - since < KNOWN_FOR.toNanos() ? pair : pair(address, "");
    }

    private static ByteBuffer pair(@Nullable InetAddress address, String user) {
        byte[] network = network(address);
        byte[] name = user.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(1 + network.length + name.length)
                .put((byte) network.length)
                .put(network)
                .put(name)
                .flip();
    }

    private static byte[] network(@Nullable InetAddress address) {
        if (address == null) {
            return new byte[0];
        }
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address ? Arrays.copyOf(bytes, IPV6_NETWORK_LENGTH) : bytes;
    }

    @Override
    public String toString() {
        return "LoginThrottle[" + records.estimatedSize() + " addresses]";
    }
}

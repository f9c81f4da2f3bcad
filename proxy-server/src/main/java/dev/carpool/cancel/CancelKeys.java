package dev.carpool.cancel;

import dev.carpool.config.ListenConfig;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The cancel keys handed to clients (PostgreSQL manual, "Canceling Requests in Progress"). A key tells which proxy made
 * it, so that a request which a load balancer brings to another proxy is known as foreign there:
 *
 * <ul>
 *   <li>The process id is made up: the instance id in the upper bits, a number that is unique among the live sessions
 *       below. It is above all process ids of an operating system (Linux: 2<sup>22</sup>) and below 2<sup>31</sup>.
 *   <li>The secret is 4 random bytes in protocol 3.0. In 3.2 it is 32 bytes, of which the first 8 are a random number of
 *       this process; they tell proxies apart that have the same instance id.
 * </ul>
 *
 * Thread-safe.
 *
 * @param <S> the session a key stands for
 */
public final class CancelKeys<S> {
    private static final int SHORT_KEY = 4;
    private static final int LONG_KEY = 32;
    private static final int PROCESS_LENGTH = 8;

    /** Bits of the process id that tell the sessions of one instance apart. */
    private static final int SESSION_BITS = 20;

    private static final int SESSIONS = 1 << SESSION_BITS;

    /** Lifts the process ids of instance 1 above the operating system's. */
    private static final int FIRST = 4;

    private static final class Entry<S> {
        final S session;
        final byte[] key;

        Entry(S session, byte[] key) {
            this.session = session;
            this.key = key;
        }
    }

    private final Map<Integer, Entry<S>> entries = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();
    private final int instance;
    private final byte[] process = new byte[PROCESS_LENGTH];

    /** The next session's number is further by this odd step, modulo {@link #SESSIONS}: all numbers have their turn. */
    private final int step = random.nextInt() | 1;

    private final AtomicInteger next = new AtomicInteger(random.nextInt());
    private final LongAdder foreign = new LongAdder();

    /** @param instance 1 to {@link ListenConfig#HIGHEST_INSTANCE_ID}; 0 for one at random */
    public CancelKeys(int instance) {
        if (instance < 0 || instance > ListenConfig.HIGHEST_INSTANCE_ID) {
            throw new IllegalArgumentException("no instance id: " + instance);
        }
        this.instance = instance == 0 ? 1 + random.nextInt(ListenConfig.HIGHEST_INSTANCE_ID) : instance;
        random.nextBytes(process);
    }

    /** What the process ids made here begin with. */
    public int instance() {
        return instance;
    }

    /** A new secret. */
    public byte[] newKey(boolean longKey) {
        byte[] key = new byte[longKey ? LONG_KEY : SHORT_KEY];
        random.nextBytes(key);
        if (longKey) {
            System.arraycopy(process, 0, key, 0, PROCESS_LENGTH);
        }
        return key;
    }

    /**
     * Registers a session; returns the process id it is told.
     *
     * @throws IllegalStateException when a million sessions are registered
     */
    public int register(S session, byte[] key) {
        Entry<S> entry = new Entry<>(session, key);
        for (int i = 0; i < SESSIONS; i++) {
            int number = next.getAndAdd(step) & SESSIONS - 1;
            int processId = instance - 1 + FIRST << SESSION_BITS | number;
            if (processId > FIRST << SESSION_BITS && entries.putIfAbsent(processId, entry) == null) {
                return processId;
            }
        }
        throw new IllegalStateException("no process id is free");
    }

    public void forget(int processId) {
        entries.remove(processId);
    }

    /** The session whose process id and secret these are; null for any other. Compares in constant time. */
    public @Nullable S find(int processId, byte[] key) {
        Entry<S> entry = entries.get(processId);
        return entry != null && MessageDigest.isEqual(entry.key, key) ? entry.session : null;
    }

    /** The session that was told this process id; null for none. */
    public @Nullable S told(int processId) {
        Entry<S> entry = entries.get(processId);
        return entry == null ? null : entry.session;
    }

    /** Whether another proxy has made this key, or none at all; counts it if so. */
    public boolean isForeign(int processId, byte[] key) {
        boolean mine = processId >>> SESSION_BITS == instance - 1 + FIRST
                && (key.length != LONG_KEY || Arrays.equals(process, 0, PROCESS_LENGTH, key, 0, PROCESS_LENGTH));
        if (!mine) {
            foreign.increment();
        }
        return !mine;
    }

    /** Cancel requests that came here with another proxy's key, since the start. */
    public long foreign() {
        return foreign.sum();
    }
}

package dev.carpool.cancel;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The cancel keys handed to clients (PostgreSQL manual, "Canceling Requests in Progress"). A process id is made up, unique
 * in this instance; the secret is 4 bytes in protocol 3.0 and 32 bytes in 3.2. Thread-safe.
 *
 * @param <S> the session a key stands for
 */
public final class CancelKeys<S> {
    private static final int SHORT_KEY = 4;
    private static final int LONG_KEY = 32;

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

    /** A new secret. */
    public byte[] newKey(boolean longKey) {
        byte[] key = new byte[longKey ? LONG_KEY : SHORT_KEY];
        random.nextBytes(key);
        return key;
    }

    /** Registers a session; returns the process id it is told. */
    public int register(S session, byte[] key) {
        Entry<S> entry = new Entry<>(session, key);
        while (true) {
            int processId = 1 + random.nextInt(Integer.MAX_VALUE - 1);
            if (entries.putIfAbsent(processId, entry) == null) {
                return processId;
            }
        }
    }

    public void forget(int processId) {
        entries.remove(processId);
    }

    /** The session whose process id and secret these are; null for any other. Compares in constant time. */
    public @Nullable S find(int processId, byte[] key) {
        Entry<S> entry = entries.get(processId);
        return entry != null && MessageDigest.isEqual(entry.key, key) ? entry.session : null;
    }
}

package dev.carpool.client;

import java.util.ArrayList;
import java.util.List;

/**
 * Notifications that only a session's own server connection has had, because it has begun to listen to their channel just
 * now. They are told among those of the shared listener, in the order in which the server connection has had all of them:
 * as many of these come behind each as have come behind it there. Confined to the session's event loop.
 */
final class EarlyNotifications {
    /** Bytes kept at most. */
    private static final int MOST = 64 * 1024;

    /** Takes one. */
    interface Taker {
        /** @param before how many of the shared listener's that wait have to be taken first */
        void take(int before, byte[] message);
    }

    /** @param passed how many of the shared listener's the server connection has had before */
    private record Early(byte[] message, int passed) {}

    private final List<Early> waiting = new ArrayList<>(0);
    private int bytes;
    private int passed;

    /** {@link #passed} where the shared listener has taken over last; -1 if it has not. */
    private int takenOver = -1;

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** The server connection has had one of the shared listener's. */
    void passed() {
        if (!waiting.isEmpty()) {
            passed++;
        }
    }

    /** The shared listener takes over here. */
    void takenOver() {
        takenOver = passed;
    }

    /** Returns false, and keeps nothing, if there is no room. */
    boolean add(byte[] message) {
        if (bytes + message.length > MOST) {
            return false;
        }
        bytes += message.length;
        waiting.add(new Early(message, passed));
        return true;
    }

    /**
     * Gives all away.
     *
     * @param others how many of the shared listener's wait, up to where it has taken over
     */
    void take(int others, Taker taker) {
        int taken = 0;
        int last = takenOver < 0 ? passed : takenOver;
        for (Early early : waiting) {
            int behind = Math.max(0, last - early.passed);
            int before = Math.max(0, others - behind - taken);
            taker.take(before, early.message);
            taken += before;
        }
        waiting.clear();
        bytes = 0;
        passed = 0;
        takenOver = -1;
    }
}

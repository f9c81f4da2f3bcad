package dev.carpool.pool;

/**
 * Somebody who queues for a server connection. Implemented by client sessions.
 * The accounts call nothing but these two methods, under the host's lock.
 */
public interface Waiter {
    /** Index of the event loop the waiter lives on. */
    int loop();

    /** The waiter's place in a queue; always the same object, so that queueing allocates nothing. */
    WaiterNode node();
}

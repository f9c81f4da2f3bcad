package dev.carpool.pool;

/** Where a {@link ServerSlot} is in its life. In every state it counts against all caps. */
public enum SlotState {
    /** Connecting and logging in. */
    OPENING,
    /** Ready, used by nobody. */
    IDLE,
    /** Handed to a client session, or being reset or checked. */
    IN_USE,
    /** Its socket is being closed. */
    CLOSING,
    /** Gone; counts no more. */
    CLOSED
}

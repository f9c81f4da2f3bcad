package dev.carpool.protocol;

/** Bytes that are not what the protocol allows. Has no stack trace: it tells of a peer, not of this program. */
public final class ProtocolViolation extends RuntimeException {
    public ProtocolViolation(String message) {
        super(message, null, false, false);
    }
}

package dev.carpool.auth;

/** A SCRAM exchange that ends without a login. The message names no secret and is meant for the log. */
public final class ScramFailure extends Exception {
    /** What went wrong, so that the caller can choose the error. */
    public enum Reason {
        /** The other side sent something that RFC 5802 does not allow: a protocol violation. */
        MALFORMED,
        /** The channel bindings differ, or somebody hid that they were possible: perhaps a man in the middle. */
        CHANNEL_BINDING,
        /** Wrong password (or no such user). */
        WRONG_PROOF,
        /** The server did not prove that it knows the password, or said that it refuses ours. */
        SERVER_REFUSED,
        /** {@link ScramKeys} of another salt or iteration count: the password was changed on the server. */
        KEYS_OUTDATED,
        /** Nothing that the server offers fits the settings. */
        NO_MECHANISM
    }

    private final Reason reason;

    ScramFailure(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    static ScramFailure malformed(String message) {
        return new ScramFailure(Reason.MALFORMED, message);
    }
}

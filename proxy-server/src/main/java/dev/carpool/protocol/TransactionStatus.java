package dev.carpool.protocol;

/** The status byte of ReadyForQuery (PostgreSQL manual, "Message Formats"). */
public final class TransactionStatus {
    public static final byte IDLE = 'I';
    public static final byte IN_TRANSACTION = 'T';
    public static final byte FAILED = 'E';

    private TransactionStatus() {}

    public static boolean isValid(byte status) {
        return status == IDLE || status == IN_TRANSACTION || status == FAILED;
    }
}

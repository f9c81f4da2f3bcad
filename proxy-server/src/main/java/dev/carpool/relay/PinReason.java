package dev.carpool.relay;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Why a session must keep its server connection between transactions: state that cannot be moved to another one. */
public enum PinReason {
    /** It holds advisory locks. */
    ADVISORY_LOCK(1),
    /** Something exists in its temporary schema. */
    TEMP(1 << 1),
    /** A cursor WITH HOLD is open. */
    HELD_CURSOR(1 << 2),
    /** It listens, and the shared listener cannot do it. */
    LISTEN(1 << 3),
    /** It has prepared a statement in SQL that cannot be prepared again elsewhere. */
    SQL_PREPARE(1 << 4),
    /** It has loaded a library or has state that no catalog shows: setseed, a backup, a replication origin. */
    HIDDEN_STATE(1 << 5),
    /** It has asked for the process id of its server process and may act on it. */
    BACKEND_PID(1 << 6),
    /** It has used a sequence and reads currval or lastval. */
    SEQUENCE(1 << 7),
    /** What it holds could not be found out. */
    UNKNOWN(1 << 8);

    private static final PinReason[] ALL = values();

    /** How many there are. */
    static final int COUNT = ALL.length;

    private final int bit;

    PinReason(int bit) {
        this.bit = bit;
    }

    int bit() {
        return bit;
    }

    /** From 0. */
    int number() {
        return Integer.numberOfTrailingZeros(bit);
    }

    /** As SHOW and metrics spell it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Several, as SHOW spells them. */
    static String text(List<PinReason> reasons) {
        StringBuilder text = new StringBuilder();
        for (PinReason reason : reasons) {
            text.append(text.isEmpty() ? "" : ",").append(reason.text());
        }
        return text.toString();
    }

    /** The reasons in a set of bits. */
    static List<PinReason> of(int bits) {
        List<PinReason> reasons = new ArrayList<>();
        for (PinReason reason : ALL) {
            if ((bits & reason.bit()) != 0) {
                reasons.add(reason);
            }
        }
        return reasons;
    }
}

package dev.carpool.suspicion;

import io.netty.buffer.ByteBuf;

/**
 * What a CommandComplete tag says about the session's state, as bits of {@link Suspicion}. A tag says less than the
 * text: SET LOCAL has the tag of SET, a temporary table that of any table, and a function leaves no tag at all. Use it
 * where the text was not seen, or to learn which of several statements took place.
 */
public final class CommandTags {
    /** What CREATE and ALTER make and change without a function that could be called by it. */
    private static final String[] WITHOUT_FUNCTIONS = {
        "INDEX", "SEQUENCE", "ROLE", "DATABASE", "TABLESPACE", "STATISTICS", "PUBLICATION", "SUBSCRIPTION", "SYSTEM"
    };

    private CommandTags() {}

    /**
     * The reasons in the tag at {@code [index, index + length)}, without its terminating zero. Changes no index,
     * allocates nothing; an unknown tag has none.
     */
    public static int suspicion(ByteBuf buffer, int index, int length) {
        if (length < 2) {
            return Suspicion.NONE;
        }
        return switch (buffer.getByte(index)) {
            case 'A' ->
                startsWith(buffer, index, length, "ALTER ")
                        ? defined(buffer, index + 6, length - 6) | ofObject(buffer, index + 6, length - 6)
                        : Suspicion.NONE;
            case 'B' -> is(buffer, index, length, "BEGIN") ? Suspicion.TRANSACTION : Suspicion.NONE;
            case 'C' -> ofC(buffer, index, length);
            case 'D' -> ofD(buffer, index, length);
            case 'L' -> ofL(buffer, index, length);
            case 'N' -> is(buffer, index, length, "NOTIFY") ? Suspicion.NOTIFY : Suspicion.NONE;
            case 'P' -> ofP(buffer, index, length);
            case 'R' -> ofR(buffer, index, length);
            case 'S' -> ofS(buffer, index, length);
            case 'U' -> is(buffer, index, length, "UNLISTEN") ? Suspicion.LISTEN : Suspicion.NONE;
            default -> Suspicion.NONE;
        };
    }

    /** Whether the tag is DISCARD ALL or DEALLOCATE ALL, which also drop the protocol's prepared statements. */
    public static boolean endsAllStatements(ByteBuf buffer, int index, int length) {
        return (suspicion(buffer, index, length) & Suspicion.DEALLOCATED_ALL) != 0;
    }

    private static int ofC(ByteBuf buffer, int index, int length) {
        if (is(buffer, index, length, "COMMIT")) {
            return Suspicion.TRANSACTION | Suspicion.COMMITTED;
        }
        if (startsWith(buffer, index, length, "CREATE ")) {
            int table = is(buffer, index, length, "CREATE TABLE") ? Suspicion.TABLE : Suspicion.NONE;
            return defined(buffer, index + 7, length - 7) | table | ofObject(buffer, index + 7, length - 7);
        }
        if (startsWith(buffer, index, length, "CLOSE CURSOR")) {
            return Suspicion.DROPPED;
        }
        if (is(buffer, index, length, "CALL")) {
            return Suspicion.DO_OR_CALL;
        }
        return is(buffer, index, length, "COMMIT PREPARED") ? Suspicion.TWO_PHASE : Suspicion.NONE;
    }

    private static int ofD(ByteBuf buffer, int index, int length) {
        if (buffer.getByte(index + 1) == 'O') {
            return length == 2 ? Suspicion.DO_OR_CALL : Suspicion.NONE;
        }
        if (startsWith(buffer, index, length, "DROP ")) {
            return Suspicion.DROPPED | ofObject(buffer, index + 5, length - 5);
        }
        if (startsWith(buffer, index, length, "DISCARD")) {
            int all = is(buffer, index, length, "DISCARD ALL")
                    ? Suspicion.DEALLOCATED_ALL | Suspicion.WENT_BACK | Suspicion.SEQUENCES_DISCARDED
                    : is(buffer, index, length, "DISCARD SEQUENCES") ? Suspicion.SEQUENCES_DISCARDED : Suspicion.NONE;
            return Suspicion.SET | Suspicion.DISCARD | all;
        }
        if (startsWith(buffer, index, length, "DEALLOCATE")) {
            int all = is(buffer, index, length, "DEALLOCATE ALL") ? Suspicion.DEALLOCATED_ALL : Suspicion.NONE;
            return Suspicion.SQL_PREPARE | all;
        }
        return is(buffer, index, length, "DECLARE CURSOR") ? Suspicion.CURSOR : Suspicion.NONE;
    }

    /** Whether functions are made, or may be called by what is made or changed. */
    private static int defined(ByteBuf buffer, int index, int length) {
        for (String object : WITHOUT_FUNCTIONS) {
            if (is(buffer, index, length, object)) {
                return Suspicion.NONE;
            }
        }
        return Suspicion.DEFINES;
    }

    /** What CREATE, ALTER and DROP are about. */
    private static int ofObject(ByteBuf buffer, int index, int length) {
        boolean shared = is(buffer, index, length, "ROLE") || is(buffer, index, length, "DATABASE");
        return shared ? Suspicion.OTHERS : Suspicion.NONE;
    }

    private static int ofL(ByteBuf buffer, int index, int length) {
        if (is(buffer, index, length, "LISTEN")) {
            return Suspicion.LISTEN;
        }
        return is(buffer, index, length, "LOAD") ? Suspicion.LOAD : Suspicion.NONE;
    }

    private static int ofP(ByteBuf buffer, int index, int length) {
        if (is(buffer, index, length, "PREPARE")) {
            return Suspicion.SQL_PREPARE;
        }
        return is(buffer, index, length, "PREPARE TRANSACTION")
                ? Suspicion.TWO_PHASE | Suspicion.TRANSACTION | Suspicion.COMMITTED
                : Suspicion.NONE;
    }

    private static int ofR(ByteBuf buffer, int index, int length) {
        if (is(buffer, index, length, "RESET")) {
            return Suspicion.SET | Suspicion.WENT_BACK;
        }
        if (is(buffer, index, length, "ROLLBACK")) {
            return Suspicion.TRANSACTION | Suspicion.ROLLED_BACK;
        }
        if (is(buffer, index, length, "RELEASE")) {
            return Suspicion.TRANSACTION;
        }
        return is(buffer, index, length, "ROLLBACK PREPARED") ? Suspicion.TWO_PHASE : Suspicion.NONE;
    }

    private static int ofS(ByteBuf buffer, int index, int length) {
        if (is(buffer, index, length, "SET")) {
            return Suspicion.SET;
        }
        if (is(buffer, index, length, "SAVEPOINT")) {
            return Suspicion.TRANSACTION | Suspicion.SAVEPOINT;
        }
        return is(buffer, index, length, "START TRANSACTION") ? Suspicion.TRANSACTION : Suspicion.NONE;
    }

    private static boolean is(ByteBuf buffer, int index, int length, String tag) {
        return length == tag.length() && startsWith(buffer, index, length, tag);
    }

    private static boolean startsWith(ByteBuf buffer, int index, int length, String tag) {
        if (length < tag.length()) {
            return false;
        }
        for (int i = 0; i < tag.length(); i++) {
            if (buffer.getByte(index + i) != tag.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}

package dev.carpool.relay;

import dev.carpool.suspicion.ProcessIds;
import dev.carpool.suspicion.Suspicion;
import java.util.List;
import java.util.stream.IntStream;

/** What FunctionCall may do to the session, by the object id of the function (pg_proc.dat). */
final class FunctionCalls {
    private static final ProcessIds SIGNALLED = first(1, true);
    private static final ProcessIds SEEN = first(1, false);
    private static final ProcessIds SEEN_WITH_ARRAY = first(2, false);

    private FunctionCalls() {}

    private static ProcessIds first(int arguments, boolean signalled) {
        return new ProcessIds(
                List.of(),
                IntStream.range(0, arguments)
                        .mapToObj(number -> new ProcessIds.Parameter(number, signalled))
                        .toList());
    }

    /** Which of its arguments are ids of server processes. */
    static ProcessIds processIds(int oid) {
        return switch (oid) {
            case 2096, 2171 -> SIGNALLED; // pg_terminate_backend, pg_cancel_backend
            case 2022, 2561, 3376, 4543 -> SEEN; // pg_stat_get_activity, pg_blocking_pids …
            case 3378 -> SEEN_WITH_ARRAY; // pg_isolation_test_session_is_blocked
            default -> ProcessIds.NONE;
        };
    }

    /** Bits of {@link Suspicion}. */
    static int suspicion(int oid) {
        return switch (oid) {
            case 2022, 2096, 2171, 2561, 3376, 3378, 4543 -> Suspicion.NONE; // as above
            case 1574, 1576, 1765 -> Suspicion.SEQUENCE; // nextval, setval
            case 1575, 2559 -> Suspicion.SEQUENCE_READ; // currval, lastval
            case 1599, 6006, 6007 -> Suspicion.HIDDEN_STATE; // setseed, pg_replication_origin_session_setup, _reset
            case 2172, 2173, 2739 -> Suspicion.HIDDEN_STATE; // pg_backup_start, pg_backup_stop
            case 2026 -> Suspicion.BACKEND_PID; // pg_backend_pid
            case 3036 -> Suspicion.NOTIFY; // pg_notify
            default -> isOfLargeObjects(oid) ? Suspicion.NONE : Suspicion.UNKNOWN_CALL;
        };
    }

    /**
     * PostgreSQL's large object functions, fixed since PostgreSQL 7.1, the 64-bit ones since 9.3. They leave nothing behind
     * at the end of a transaction.
     */
    private static boolean isOfLargeObjects(int oid) {
        return switch (oid) {
            case 715,
                    764,
                    765,
                    767,
                    952,
                    953,
                    954,
                    955,
                    956,
                    957,
                    958,
                    964,
                    1004,
                    3170,
                    3171,
                    3172,
                    3457,
                    3458,
                    3459,
                    3460 -> true;
            default -> false;
        };
    }
}

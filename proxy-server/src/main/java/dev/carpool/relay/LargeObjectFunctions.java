package dev.carpool.relay;

/**
 * Object ids of PostgreSQL's large object functions, which clients call through FunctionCall (pg_proc.dat; fixed since
 * PostgreSQL 7.1, the 64-bit ones since 9.3). They leave nothing behind at the end of a transaction.
 */
final class LargeObjectFunctions {
    private LargeObjectFunctions() {}

    static boolean contains(int oid) {
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

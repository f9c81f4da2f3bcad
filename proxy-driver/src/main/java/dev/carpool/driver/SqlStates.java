package dev.carpool.driver;

/** SQLSTATE codes the driver reads or sets (PostgreSQL manual, appendix A). */
final class SqlStates {
    static final String CANNOT_CONNECT = "08001";
    static final String CONNECTION_FAILURE = "08006";
    static final String INVALID_PARAMETER_VALUE = "22023";
    static final String QUERY_CANCELED = "57014";
    static final String ADMIN_SHUTDOWN = "57P01";
    static final String CRASH_SHUTDOWN = "57P02";
    static final String CANNOT_CONNECT_NOW = "57P03";

    private SqlStates() {}
}

package dev.carpool.config;

/**
 * Limits that protect PostgreSQL and the proxy; 0 is unlimited unless said otherwise.
 *
 * @param maxClientConnections client sessions in all
 * @param maxDbClientConnections client sessions of one database
 * @param maxUserClientConnections client sessions of one user
 * @param maxServerConnections server connections to one host, over all its databases and users
 * @param maxDbConnections server connections of one database
 * @param maxUserConnections server connections of one user
 * @param maxWaitingClients waiters of one pool
 * @param maxPreparedStatements prepared statements kept on a server connection; 0 leaves them to PostgreSQL
 * @param maxClientPreparedBytes memory for the prepared statements of one client session
 * @param maxConcurrentLogins logins to one host at the same time
 * @param maxPacketSize longest message accepted, in bytes
 * @param listenQueueSize notifications kept for one client session that does not take them, in bytes
 */
public record LimitsConfig(
        int maxClientConnections,
        int maxDbClientConnections,
        int maxUserClientConnections,
        int maxServerConnections,
        int maxDbConnections,
        int maxUserConnections,
        int maxWaitingClients,
        int maxPreparedStatements,
        long maxClientPreparedBytes,
        int maxConcurrentLogins,
        long maxPacketSize,
        long listenQueueSize) {

    public static LimitsConfig defaults() {
        return CarpoolConfig.defaults().limits();
    }

    static LimitsConfig of(SettingValues values) {
        return new LimitsConfig(
                values.get(Settings.MAX_CLIENT_CONN),
                values.get(Settings.MAX_DB_CLIENT_CONNECTIONS),
                values.get(Settings.MAX_USER_CLIENT_CONNECTIONS),
                values.get(Settings.MAX_SERVER_CONNECTIONS),
                values.get(Settings.MAX_DB_CONNECTIONS),
                values.get(Settings.MAX_USER_CONNECTIONS),
                values.get(Settings.MAX_WAITING_CLIENTS),
                values.get(Settings.MAX_PREPARED_STATEMENTS),
                values.get(Settings.MAX_CLIENT_PREPARED_BYTES),
                values.get(Settings.MAX_CONCURRENT_LOGINS),
                values.get(Settings.MAX_PACKET_SIZE),
                values.get(Settings.LISTEN_QUEUE_SIZE));
    }
}

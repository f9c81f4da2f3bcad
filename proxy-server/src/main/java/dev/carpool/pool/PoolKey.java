package dev.carpool.pool;

/**
 * What a pool is for.
 *
 * @param database as clients name it
 * @param user as the server knows it: the client's, or the database's forced user
 * @param purpose whose connections these are
 * @param serial tells temporary pools apart; 0 for a lasting one
 */
public record PoolKey(String database, String user, Purpose purpose, long serial) {
    static PoolKey ofSessions(String database, String user) {
        return new PoolKey(database, user, Purpose.SESSIONS, 0);
    }

    /** Whose connections a pool holds. */
    public enum Purpose {
        /** Client sessions'. */
        SESSIONS,
        /** One login that proves a client's password; the connection is closed after it. */
        PROOF,
        /** The same for the console, which has to be reachable while everything is paused. */
        CONSOLE_PROOF,
        /** The replication connection of one client. */
        REPLICATION,
        /** The connection that listens for all sessions of a database. */
        LISTENER
    }

    @Override
    public String toString() {
        return database + "/" + user;
    }
}

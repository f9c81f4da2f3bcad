package dev.carpool.driver;

import java.io.EOFException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/** Tells failures that pass with time (a proxy or server that is not up yet) from those that stay. */
final class LoginFailure {
    private static final Set<String> SHUTTING_DOWN_OR_STARTING =
            Set.of(SqlStates.ADMIN_SHUTDOWN, SqlStates.CRASH_SHUTDOWN, SqlStates.CANNOT_CONNECT_NOW);
    private static final Set<String> NO_CONNECTION = Set.of(SqlStates.CANNOT_CONNECT, SqlStates.CONNECTION_FAILURE);

    private LoginFailure() {}

    /**
     * Whether another attempt may succeed without anybody changing anything. pgjdbc also uses 08001 and 08006 for
     * certificates that cannot be verified, missing key files and the like: there only a network error counts.
     *
     * @param wantsCertainServer whether 08001 without a cause can mean that the wanted kind of server was not found
     */
    static boolean mayPass(SQLException failure, boolean wantsCertainServer) {
        String state = failure.getSQLState();
        if (state == null) {
            return false;
        }
        if (SHUTTING_DOWN_OR_STARTING.contains(state)) {
            return true;
        }
        if (!NO_CONNECTION.contains(state)) {
            return false;
        }
        return wasSentByServer(failure)
                || hasNetworkCause(failure)
                || (wantsCertainServer && state.equals(SqlStates.CANNOT_CONNECT) && failure.getCause() == null);
    }

    private static boolean wasSentByServer(SQLException failure) {
        return failure instanceof PSQLException sent && sent.getServerErrorMessage() != null;
    }

    private static boolean hasNetworkCause(SQLException failure) {
        @Nullable Throwable cause = failure.getCause();
        for (int depth = 0; cause != null && depth < 10; depth++) {
            if (isNetworkError(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /** SocketException includes refused, reset and unreachable; EOFException is a peer that hung up. */
    private static boolean isNetworkError(Throwable cause) {
        return cause instanceof SocketException
                || cause instanceof SocketTimeoutException
                || cause instanceof UnknownHostException
                || cause instanceof EOFException
                || cause instanceof ClosedChannelException;
    }
}

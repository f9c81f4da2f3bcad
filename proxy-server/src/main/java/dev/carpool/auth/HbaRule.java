package dev.carpool.auth;

import java.net.InetAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One line of {@code auth_hba_file}.
 *
 * @param network null for every address
 * @param line for the log
 */
record HbaRule(
        Type type, Names databases, Names users, @Nullable Network network, HbaMethod method, int line) {
    enum Type {
        LOCAL,
        HOST,
        HOSTSSL,
        HOSTNOSSL
    }

    /** The names in a database or user column. {@code sameUser} and {@code replication} are for databases only. */
    record Names(boolean all, boolean sameUser, boolean replication, Set<String> names) {
        boolean fitDatabase(HbaRules.Client client) {
            if (client.replication()) {
                return replication;
            }
            return all || (sameUser && client.database().equals(client.user())) || names.contains(client.database());
        }

        boolean fitUser(HbaRules.Client client) {
            return all || names.contains(client.user());
        }
    }

    boolean fits(HbaRules.Client client) {
        return fitsSocket(client) && databases.fitDatabase(client) && users.fitUser(client);
    }

    private boolean fitsSocket(HbaRules.Client client) {
        InetAddress address = client.address();
        if (address == null || type == Type.LOCAL) {
            return address == null && type == Type.LOCAL;
        }
        boolean rightTls = type == Type.HOST || client.tls() == (type == Type.HOSTSSL);
        return rightTls && (network == null || network.contains(address.getAddress()));
    }
}

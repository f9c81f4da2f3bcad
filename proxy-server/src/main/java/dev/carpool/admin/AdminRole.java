package dev.carpool.admin;

import dev.carpool.client.LocalDatabase.Proof;
import dev.carpool.config.AdminConfig;
import org.jspecify.annotations.Nullable;

/** What a client of the console may do. */
enum AdminRole {
    /** Look. */
    VIEWER,
    /** Look and change. */
    OPERATOR;

    boolean includes(AdminRole needed) {
        return compareTo(needed) >= 0;
    }

    /** The role of a client; null when it may not enter. */
    static @Nullable AdminRole of(AdminConfig config, String user, Proof proof) {
        if (proof == Proof.TOKEN || config.adminUsers().contains(user)) {
            return OPERATOR;
        }
        if (config.statsUsers().contains(user)) {
            return VIEWER;
        }
        if (!config.adminUsers().isEmpty() || !config.statsUsers().isEmpty()) {
            return null;
        }
        return proof == Proof.SUPERUSER ? OPERATOR : VIEWER;
    }
}

package dev.carpool.server;

import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Names of what the proxy prepares for itself on server connections: no client can mean them in PREPARE, EXECUTE or
 * DEALLOCATE, since nobody can guess them.
 */
public final class OwnNames {
    private static final String PREFIX = "carpool_" + HexFormat.of().toHexDigits(new SecureRandom().nextLong()) + "_";

    private OwnNames() {}

    /** The name of what is called so among the proxy's own. */
    public static String of(String what) {
        return PREFIX + what;
    }
}

package dev.carpool.config;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How clients prove who they are.
 *
 * @param file list of users and secrets in the format of PgBouncer's userlist.txt
 * @param hbaFile rules for {@link AuthType#HBA}
 * @param user who runs {@code query}; null for no lookup in PostgreSQL
 * @param query one parameter, the user name; returns the name and the secret
 * @param dbname database in which {@code query} runs; null for the one the client asked for
 * @param passthroughTtl how long a proved password is remembered; zero to prove every login anew
 * @param failureLimit failed logins of one address within {@code failureWindow} before it is refused; 0 for no limit
 * @param scramIterations rounds of verifiers made from plain secrets
 */
public record AuthConfig(
        AuthType type,
        @Nullable Path file,
        @Nullable Path hbaFile,
        @Nullable String user,
        String query,
        @Nullable String dbname,
        Duration passthroughTtl,
        int failureLimit,
        Duration failureWindow,
        int scramIterations) {

    /** PgBouncer's default for {@code auth_query}: the secret of a user who may log in and has not expired. */
    public static final String DEFAULT_QUERY =
            "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END"
                    + " FROM pg_authid WHERE rolname=$1 AND rolcanlogin";

    public static AuthConfig defaults() {
        return CarpoolConfig.defaults().auth();
    }

    static AuthConfig of(SettingValues values) {
        return new AuthConfig(
                values.get(Settings.AUTH_TYPE),
                values.get(Settings.AUTH_FILE).orElse(null),
                values.get(Settings.AUTH_HBA_FILE).orElse(null),
                orNull(values.get(Settings.AUTH_USER)),
                values.get(Settings.AUTH_QUERY),
                orNull(values.get(Settings.AUTH_DBNAME)),
                values.get(Settings.AUTH_PASSTHROUGH_TTL),
                values.get(Settings.AUTH_FAILURE_LIMIT),
                values.get(Settings.AUTH_FAILURE_WINDOW),
                values.get(Settings.SCRAM_ITERATIONS));
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }
}

package dev.carpool.error;

import java.util.Arrays;
import java.util.Locale;

/**
 * Every error that Carpool itself sends to a client, with its stable code, SQLSTATE, text and hint.
 * {@code docs/errors.md} is checked against this table. Texts are {@link String#format} patterns.
 */
public enum CarpoolError {
    PROTOCOL_VIOLATION(
            "CP001",
            SqlState.PROTOCOL_VIOLATION,
            Severity.FATAL,
            "protocol violation: %s",
            "the client sent a message that PostgreSQL's protocol does not allow here"),
    UNSUPPORTED_PROTOCOL(
            "CP002",
            SqlState.FEATURE_NOT_SUPPORTED,
            Severity.FATAL,
            "unsupported frontend protocol %s",
            "Carpool speaks protocol version 3"),
    NO_USER_NAME(
            "CP004",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "no PostgreSQL user name specified in startup packet",
            "set user= in the connection string"),
    TLS_REQUIRED(
            "CP005",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "connection requires TLS",
            "connect with sslmode=require or higher"),
    LOGIN_TIMEOUT(
            "CP006",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "login was not completed within %s",
            "see client_login_timeout"),
    PASSWORD_FAILED(
            "CP101",
            SqlState.INVALID_PASSWORD,
            Severity.FATAL,
            "password authentication failed for user \"%s\"",
            "check user name and password"),
    CERTIFICATE_FAILED(
            "CP102",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "certificate authentication failed for user \"%s\"",
            "the common name of a certificate that is signed by client_tls_ca_file must be the user name"),
    LOGIN_REJECTED(
            "CP103",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "no authentication rule admits user \"%s\" to database \"%s\" from this address, %s",
            "see auth_type and auth_hba_file"),
    PASSWORD_NEEDS_TLS(
            "CP104",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "auth_type passthrough takes passwords only over TLS or from this host",
            "configure client_tls_cert_file and client_tls_key_file, or choose another auth_type"),
    TRUST_NEEDS_LOOPBACK(
            "CP105",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "the server asks no password for user \"%s\", so Carpool cannot prove a client that is not on this host",
            "set auth_type = trust if that is meant, or give the role a password and require it in pg_hba.conf"),
    LOGIN_THROTTLED(
            "CP106",
            SqlState.TOO_MANY_CONNECTIONS,
            Severity.FATAL,
            "too many failed logins from this address",
            "try again in %s"),
    NO_SUCH_DATABASE(
            "CP107",
            SqlState.INVALID_CATALOG_NAME,
            Severity.FATAL,
            "database \"%s\" is not configured",
            "add it to databases, or a \"*\" entry for all"),
    NO_SERVER_CREDENTIALS(
            "CP108",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "Carpool has no way to log in to the server as \"%s\" (it asks for %s)",
            "give a password in auth_file or the database entry, or use auth_type = passthrough"),
    PASSWORD_EMPTY(
            "CP109", SqlState.INVALID_PASSWORD, Severity.FATAL, "empty password returned by client", "give a password"),
    CHECKOUT_TIMEOUT(
            "CP201",
            SqlState.TOO_MANY_CONNECTIONS,
            Severity.FATAL,
            "no server connection for %s became free within %s (%s)",
            "raise the pool or the cap named here, or shorten transactions; SHOW POOLS tells which pool waits"),
    QUEUE_FULL(
            "CP202",
            SqlState.TOO_MANY_CONNECTIONS,
            Severity.FATAL,
            "too many sessions (%d) wait for a server connection for %s",
            "see max_waiting_clients"),
    TOO_MANY_CLIENTS(
            "CP203",
            SqlState.TOO_MANY_CONNECTIONS,
            Severity.FATAL,
            "too many client connections (max_client_conn is %d)",
            "raise max_client_conn"),
    TOO_MANY_DATABASE_CLIENTS(
            "CP204",
            SqlState.TOO_MANY_CONNECTIONS,
            Severity.FATAL,
            "too many client connections for database \"%s\" (max_db_client_connections is %d)",
            "raise max_db_client_connections"),
    TOO_MANY_USER_CLIENTS(
            "CP205",
            SqlState.TOO_MANY_CONNECTIONS,
            Severity.FATAL,
            "too many client connections for user \"%s\" (max_user_client_connections is %d)",
            "raise max_user_client_connections"),
    DATABASE_DISABLED(
            "CP207",
            SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE,
            Severity.FATAL,
            "database \"%s\" is disabled",
            "ENABLE it on the console"),
    NOTIFICATIONS_OVERFLOW(
            "CP208",
            SqlState.CONFIGURATION_LIMIT,
            Severity.FATAL,
            "the session has not taken its notifications (listen_queue_size is %d bytes)",
            "read them more often, keep transactions short, or raise listen_queue_size"),
    TOO_MANY_PINNED(
            "CP209",
            SqlState.CONFIGURATION_LIMIT,
            Severity.FATAL,
            "too many sessions (%d) keep a server connection of %s between transactions, and this one needs to (%s)",
            "see max_pinned_share; SHOW PINS tells which sessions do, and why"),
    SERVER_UNREACHABLE(
            "CP301",
            SqlState.CANNOT_CONNECT,
            Severity.FATAL,
            "cannot reach the server for %s: %s",
            "is PostgreSQL running at that address?"),
    SERVER_LOGIN_FAILED(
            "CP302",
            SqlState.CANNOT_CONNECT_NOW,
            Severity.FATAL,
            "login to the server for %s failed: %s",
            "Carpool tries again by itself"),
    SERVER_LOST(
            "CP303",
            SqlState.CONNECTION_FAILURE,
            Severity.ERROR,
            "the server connection was lost while a statement was running",
            "whether the statement took effect is not known; the session goes on"),
    SERVER_LOST_IN_TRANSACTION(
            "CP304",
            SqlState.CONNECTION_FAILURE,
            Severity.FATAL,
            "the server connection was lost in the middle of a transaction, or with state of the session",
            "connect again; the transaction was not committed unless its COMMIT was already sent"),
    SERVER_PROTOCOL(
            "CP305",
            SqlState.CONNECTION_FAILURE,
            Severity.FATAL,
            "the server sent a message that belongs to no request",
            "this is a bug in Carpool or in what stands between Carpool and PostgreSQL; please report it"),
    SERVER_TLS(
            "CP306",
            SqlState.CANNOT_CONNECT,
            Severity.FATAL,
            "TLS with the server for %s failed: %s",
            "see server_tls_sslmode and server_tls_ca_file"),
    LISTENER_UNAVAILABLE(
            "CP307",
            SqlState.CANNOT_CONNECT_NOW,
            Severity.ERROR,
            "no server connection that listens for database %s: %s",
            "the listener needs one server connection for each database, within all caps"),
    QUERY_TIMEOUT(
            "CP401",
            SqlState.QUERY_CANCELED,
            Severity.FATAL,
            "query timeout: the query took longer than %s",
            "see query_timeout"),
    TRANSACTION_TIMEOUT(
            "CP402",
            SqlState.TRANSACTION_TIMEOUT,
            Severity.FATAL,
            "transaction timeout: the transaction took longer than %s",
            "see transaction_timeout"),
    IDLE_TRANSACTION_TIMEOUT(
            "CP403",
            SqlState.IDLE_IN_TRANSACTION_TIMEOUT,
            Severity.FATAL,
            "idle transaction timeout: no request for %s inside a transaction",
            "see idle_transaction_timeout"),
    CLIENT_IDLE_TIMEOUT(
            "CP404",
            SqlState.IDLE_SESSION_TIMEOUT,
            Severity.FATAL,
            "client idle timeout: no request for %s",
            "see client_idle_timeout"),
    CANCELED_IN_QUEUE(
            "CP405",
            SqlState.QUERY_CANCELED,
            Severity.ERROR,
            "canceling statement due to user request",
            "it was still waiting for a server connection"),
    CANCEL_WAIT_TIMEOUT(
            "CP406",
            SqlState.QUERY_CANCELED,
            Severity.FATAL,
            "the cancel request was not carried out within cancel_wait_timeout",
            "see cancel_wait_timeout"),
    PIN_TIMEOUT(
            "CP407",
            SqlState.IDLE_SESSION_TIMEOUT,
            Severity.FATAL,
            "pin timeout: no request for %s while the session keeps a server connection (%s)",
            "see pin_timeout; give up what the session holds when it is not needed any more"),
    SHUTTING_DOWN(
            "CP501",
            SqlState.ADMIN_SHUTDOWN,
            Severity.FATAL,
            "terminating connection because the proxy is shutting down",
            "connect again"),
    KILLED(
            "CP502",
            SqlState.ADMIN_SHUTDOWN,
            Severity.FATAL,
            "terminating connection due to administrator command on the proxy",
            "KILL_CLIENT or KILL was used on the console"),
    SERVER_REPLACED(
            "CP503",
            SqlState.ADMIN_SHUTDOWN,
            Severity.FATAL,
            "terminating connection because its server connection is replaced",
            "connect again; RECONNECT or changed settings replace server connections: see server_fast_close"),
    DATABASE_REPLACED(
            "CP504",
            SqlState.ADMIN_SHUTDOWN,
            Severity.FATAL,
            "terminating connection because its database was dropped or renamed",
            ""),
    ROLE_REPLACED(
            "CP505",
            SqlState.ADMIN_SHUTDOWN,
            Severity.FATAL,
            "terminating connection because its role was dropped",
            "a role of the same name is not the same role"),
    STATEMENT_MODE_TRANSACTION(
            "CP601",
            SqlState.FEATURE_NOT_SUPPORTED,
            Severity.FATAL,
            "transaction blocks are not allowed in statement pooling mode",
            "use pool_mode = transaction"),
    DUPLICATE_STATEMENT(
            "CP602",
            SqlState.DUPLICATE_PREPARED_STATEMENT,
            Severity.ERROR,
            "prepared statement \"%s\" already exists",
            ""),
    TOO_MANY_STATEMENTS(
            "CP603",
            SqlState.PROGRAM_LIMIT,
            Severity.ERROR,
            "the session keeps more prepared statements than allowed (%s)",
            "close statements, or raise max_client_prepared_bytes"),
    STATE_NOT_KEPT(
            "CP604",
            SqlState.FEATURE_NOT_SUPPORTED,
            Severity.FATAL,
            "the session has state that is bound to its server connection (%s)",
            "session_state = error ends such sessions; keep or warn lets them keep the server connection"),
    STATE_KEPT(
            "CP605",
            SqlState.WARNING,
            Severity.WARNING,
            "the session keeps its server connection from now on (%s)",
            "nobody else can use it until the session gives up what it holds; see session_state"),
    CONSOLE_SYNTAX("CP701", SqlState.SYNTAX_ERROR, Severity.ERROR, "invalid command '%s', use SHOW HELP;", ""),
    CONSOLE_DENIED(
            "CP702",
            SqlState.INSUFFICIENT_PRIVILEGE,
            Severity.ERROR,
            "admin access needed",
            "the command needs the role operator: see admin_users"),
    CONSOLE_LOGIN(
            "CP703",
            SqlState.INVALID_AUTHORIZATION,
            Severity.FATAL,
            "user \"%s\" may not use the console",
            "see admin_users and stats_users"),
    CONSOLE_FAILED("CP704", SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, Severity.ERROR, "%s", ""),
    INTERNAL(
            "CP901",
            SqlState.INTERNAL_ERROR,
            Severity.FATAL,
            "internal error",
            "please report it with the proxy's log");

    /** Severity as PostgreSQL names it: after FATAL the client's connection is closed. */
    public enum Severity {
        /** Sent as a NoticeResponse: nothing has failed. */
        WARNING,
        ERROR,
        FATAL
    }

    private final String code;
    private final String sqlState;
    private final Severity severity;
    private final String text;
    private final String hint;

    CarpoolError(String code, String sqlState, Severity severity, String text, String hint) {
        this.code = code;
        this.sqlState = sqlState;
        this.severity = severity;
        this.text = text;
        this.hint = hint;
    }

    /** Stable code such as {@code CP201}. */
    public String code() {
        return code;
    }

    public String sqlState() {
        return sqlState;
    }

    public Severity severity() {
        return severity;
    }

    /** The message pattern, without prefix. */
    public String text() {
        return text;
    }

    /** The hint pattern; empty when there is none. */
    public String hint() {
        return hint;
    }

    /** The reply for these arguments, consumed by the text first and, where they are left over, by the hint. */
    public ErrorReply reply(Object... arguments) {
        int used = placeholders(text);
        Object[] rest = arguments.length > used ? Arrays.copyOfRange(arguments, used, arguments.length) : arguments;
        String message = String.format(Locale.ROOT, text, arguments);
        String hintText = placeholders(hint) == 0 ? hint : String.format(Locale.ROOT, hint, rest);
        boolean bare = isWordedAsPostgres() || isWordedAsPgBouncer();
        String full = bare ? message : "carpool: " + code + " " + message;
        return new ErrorReply(severity, sqlState, full, hintText);
    }

    /** Whether clients get PostgreSQL's own words, because they must not tell the two apart. */
    public boolean isWordedAsPostgres() {
        return this == DUPLICATE_STATEMENT
                || this == CANCELED_IN_QUEUE
                || this == PASSWORD_FAILED
                || this == PASSWORD_EMPTY;
    }

    /** Whether the console says it as PgBouncer does, because programs may look for its words. */
    public boolean isWordedAsPgBouncer() {
        return this == CONSOLE_SYNTAX || this == CONSOLE_DENIED || this == CONSOLE_FAILED;
    }

    private static int placeholders(String pattern) {
        int count = 0;
        for (int i = pattern.indexOf('%'); i >= 0; i = pattern.indexOf('%', i + 1)) {
            count++;
        }
        return count;
    }
}

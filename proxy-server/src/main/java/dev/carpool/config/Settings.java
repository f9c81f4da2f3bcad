package dev.carpool.config;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

import static dev.carpool.config.Scope.DATABASE;
import static dev.carpool.config.Scope.USER;
import static dev.carpool.config.Setting.entry;
import static dev.carpool.config.Setting.ours;
import static dev.carpool.config.Setting.pgBouncers;
import static dev.carpool.config.SettingSection.ADMIN;
import static dev.carpool.config.SettingSection.AUTHENTICATION;
import static dev.carpool.config.SettingSection.CAPS;
import static dev.carpool.config.SettingSection.CLIENT_TLS;
import static dev.carpool.config.SettingSection.LISTENING;
import static dev.carpool.config.SettingSection.LOG;
import static dev.carpool.config.SettingSection.POOLS;
import static dev.carpool.config.SettingSection.RUNTIME;
import static dev.carpool.config.SettingSection.SERVER;
import static dev.carpool.config.SettingSection.SERVER_CONNECTIONS;
import static dev.carpool.config.SettingSection.SERVER_TLS;
import static dev.carpool.config.SettingSection.TIMEOUTS;

/**
 * The table of settings. Reading, docs/config.md, SHOW CONFIG and the checks all come from it. It is one table, however
 * long, in the order of the document: a key is looked up in one place. The values are in the records.
 *
 * <p>A new setting is a row here, a component of one of the records, and nothing else; {@code SettingsTest} notices a row
 * whose value does not arrive in its record.
 */
public final class Settings {
    private static final List<Setting<?>> TABLE = new ArrayList<>();

    // Which server

    static final Setting<Optional<Upstream>> UPSTREAM = row(ours(
            SERVER,
            "upstream",
            SettingType.upstream(),
            "",
            "The PostgreSQL server of every database that has no `host` of its own, and of any database a client names."
                    + " With `/db` every client gets that one database. The flag `--upstream` sets it.",
            Settings::upstreamOf));

    // Listening

    static final Setting<List<String>> LISTEN_ADDR = row(pgBouncers(
                    LISTENING,
                    "listen_addr",
                    SettingType.hosts(),
                    "127.0.0.1",
                    "Where clients connect; `*` for every address of the machine.",
                    c -> c.listen().addresses().stream()
                            .map(a -> HostPort.of(a).host())
                            .toList())
            .inIni("")
            .atStartOnly());

    static final Setting<Integer> LISTEN_PORT = row(pgBouncers(
                    LISTENING,
                    "listen_port",
                    SettingType.count(0, 65_535),
                    "6432",
                    "The port there; 0 takes a free one.",
                    c -> c.listen().addresses().isEmpty()
                            ? 6432
                            : c.listen().addresses().get(0).getPort())
            .atStartOnly());

    static final Setting<Integer> LISTEN_BACKLOG = row(pgBouncers(
                    LISTENING,
                    "listen_backlog",
                    SettingType.count(1, 65_535),
                    "128",
                    "Connections the kernel keeps until Carpool accepts them.",
                    c -> c.listen().backlog())
            .atStartOnly());

    static final Setting<Boolean> SO_REUSEPORT = row(pgBouncers(
                    LISTENING,
                    "so_reuseport",
                    SettingType.flag(),
                    "false",
                    "Share the port with other processes. One Carpool uses all cores without it.",
                    c -> c.listen().reusePort())
            .atStartOnly());

    static final Setting<Integer> INSTANCE_ID = row(ours(
                    LISTENING,
                    "instance_id",
                    SettingType.count(0, ListenConfig.HIGHEST_INSTANCE_ID),
                    "0",
                    "Tells this process from others behind the same address: it is part of the cancel keys, so that none"
                            + " takes another's for its own; 0 takes one at random.",
                    c -> c.listen().instanceId())
            .atStartOnly());

    // Authentication of clients

    static final Setting<AuthType> AUTH_TYPE = row(pgBouncers(
                    AUTHENTICATION,
                    "auth_type",
                    SettingType.choice(AuthType.class, '-'),
                    "passthrough",
                    "How clients prove who they are. `passthrough` (not in PgBouncer) proves the password by a login to"
                            + " PostgreSQL and needs no list of users; it takes passwords over TLS or from this machine only.",
                    c -> c.auth().type())
            .inIni("md5"));

    static final Setting<Optional<Path>> AUTH_FILE = row(pgBouncers(
            AUTHENTICATION,
            "auth_file",
            SettingType.file(),
            "",
            "Users and their secrets, as PgBouncer's `userlist.txt`: `\"user\" \"secret\"` per line, the secret a SCRAM"
                    + " verifier, an MD5 hash or the password.",
            c -> Optional.ofNullable(c.auth().file())));

    static final Setting<Optional<Path>> AUTH_HBA_FILE = row(pgBouncers(
            AUTHENTICATION,
            "auth_hba_file",
            SettingType.file(),
            "",
            "Rules by address, database, user and TLS for `auth_type: hba`, as in PostgreSQL's `pg_hba.conf`.",
            c -> Optional.ofNullable(c.auth().hbaFile())));

    static final Setting<String> AUTH_USER = row(pgBouncers(
                    AUTHENTICATION,
                    "auth_user",
                    SettingType.text(),
                    "",
                    "Who runs `auth_query` for users that are not in `auth_file`; empty for no look-up.",
                    c -> orEmpty(c.auth().user()))
            .alsoFor(DATABASE));

    static final Setting<String> AUTH_QUERY = row(pgBouncers(
                    AUTHENTICATION,
                    "auth_query",
                    SettingType.text(),
                    AuthConfig.DEFAULT_QUERY,
                    "Finds the secret of a user: parameter `$1` is the user, the columns are the name and the secret.",
                    c -> c.auth().query())
            .alsoFor(DATABASE));

    static final Setting<String> AUTH_DBNAME = row(pgBouncers(
                    AUTHENTICATION,
                    "auth_dbname",
                    SettingType.text(),
                    "",
                    "The database `auth_query` runs in; empty for the one the client asked for.",
                    c -> orEmpty(c.auth().dbname()))
            .alsoFor(DATABASE));

    static final Setting<Integer> SCRAM_ITERATIONS = row(pgBouncers(
            AUTHENTICATION,
            "scram_iterations",
            SettingType.count(1, 10_000_000),
            "4096",
            "Rounds of the SCRAM verifiers Carpool makes from plain passwords.",
            c -> c.auth().scramIterations()));

    static final Setting<Duration> AUTH_PASSTHROUGH_TTL = row(ours(
            AUTHENTICATION,
            "auth_passthrough_ttl",
            SettingType.seconds(),
            "5min",
            "How long a password proved by a login to PostgreSQL is remembered (salted and hashed); 0 proves each login"
                    + " anew.",
            c -> c.auth().passthroughTtl()));

    static final Setting<Integer> AUTH_FAILURE_LIMIT = row(ours(
            AUTHENTICATION,
            "auth_failure_limit",
            SettingType.count(),
            "100",
            "Failed logins from one address within `auth_failure_window` before more are refused; 0 for no limit. Who has"
                    + " logged in from there within the last hour counts alone, and is not refused for others.",
            c -> c.auth().failureLimit()));

    static final Setting<Duration> AUTH_FAILURE_WINDOW = row(ours(
            AUTHENTICATION,
            "auth_failure_window",
            SettingType.seconds(),
            "1min",
            "The time in which failed logins are counted.",
            c -> c.auth().failureWindow()));

    // TLS

    static final Tls CLIENT_TLS_SETTINGS =
            new Tls(CLIENT_TLS, "client_tls_", "disable", "clients", CarpoolConfig::clientTls);

    static final Tls SERVER_TLS_SETTINGS =
            new Tls(SERVER_TLS, "server_tls_", "prefer", "PostgreSQL", CarpoolConfig::serverTls);

    // Pools

    static final Setting<PoolingMode> POOL_MODE = row(pgBouncers(
                    POOLS,
                    "pool_mode",
                    SettingType.choice(PoolingMode.class, '-'),
                    "transaction",
                    "When a server connection goes back to its pool: after each `transaction`, when the client leaves"
                            + " (`session`), or after each `statement`.",
                    c -> c.pool().mode())
            .inIni("session")
            .alsoFor(DATABASE, USER));

    static final Setting<Integer> DEFAULT_POOL_SIZE = row(pgBouncers(
            POOLS,
            "default_pool_size",
            SettingType.count(),
            "20",
            "Most server connections of one database and user; 0 leaves it to the limits above it.",
            c -> c.pool().size()));

    static final Setting<Integer> MIN_POOL_SIZE = row(pgBouncers(
                    POOLS,
                    "min_pool_size",
                    SettingType.count(),
                    "0",
                    "Server connections a pool keeps open while it has clients or a forced user.",
                    c -> c.pool().minSize())
            .alsoFor(DATABASE));

    static final Setting<Integer> RESERVE_POOL_SIZE = row(pgBouncers(
                    POOLS,
                    "reserve_pool_size",
                    SettingType.count(),
                    "0",
                    "Server connections beyond the pool size for clients that have waited `reserve_pool_timeout`.",
                    c -> c.pool().reserveSize())
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> RESERVE_POOL_TIMEOUT = row(pgBouncers(
            POOLS,
            "reserve_pool_timeout",
            SettingType.seconds(),
            "5s",
            "Time in the queue after which a client may use the reserve; 0 disables the reserve.",
            c -> c.pool().reserveTimeout()));

    static final Setting<SessionStateMode> SESSION_STATE = row(ours(
                    POOLS,
                    "session_state",
                    SettingType.choice(SessionStateMode.class, '-'),
                    "keep",
                    "What becomes of a session with state that cannot move to another server connection, such as a temporary"
                            + " table or an advisory lock: it keeps its server connection (`keep`), does so and its client gets a"
                            + " warning (`warn`), or it is ended when its transaction has ended (`error`). Settings move in any"
                            + " case.",
                    c -> c.pool().sessionState())
            .alsoFor(DATABASE, USER));

    static final Setting<Integer> MAX_PINNED_SHARE = row(ours(
                    POOLS,
                    "max_pinned_share",
                    SettingType.count(0, 100),
                    "0",
                    "Percent of a pool's size that sessions may keep between transactions, always at least one; a session that"
                            + " would be one more is ended when its transaction has ended. 0 is no limit.",
                    c -> c.pool().maxPinnedShare())
            .alsoFor(DATABASE, USER));

    static final Setting<Integer> MAX_PREPARED_STATEMENTS = row(pgBouncers(
            POOLS,
            "max_prepared_statements",
            SettingType.count(0, 1_000_000),
            "200",
            "Prepared statements kept on one server connection, least recently used out first; 0 leaves them to"
                    + " PostgreSQL, and then they do not work outside session mode.",
            c -> c.limits().maxPreparedStatements()));

    static final Setting<Long> MAX_CLIENT_PREPARED_BYTES = row(ours(
            POOLS,
            "max_client_prepared_bytes",
            SettingType.bytes(0, Long.MAX_VALUE),
            "16MB",
            "Memory for the prepared statements of one client; 0 is unlimited.",
            c -> c.limits().maxClientPreparedBytes()));

    // Limits

    static final Setting<Integer> MAX_SERVER_CONNECTIONS = row(ours(
                    CAPS,
                    "max_server_connections",
                    SettingType.count(),
                    "100",
                    "Most server connections to one PostgreSQL host, over all databases and users; 0 is unlimited.",
                    c -> c.limits().maxServerConnections())
            .inIni("0"));

    static final Setting<Integer> MAX_DB_CONNECTIONS = row(pgBouncers(
                    CAPS,
                    "max_db_connections",
                    SettingType.count(),
                    "0",
                    "Most server connections of one database, over all its users; 0 is unlimited.",
                    c -> c.limits().maxDbConnections())
            .alsoFor(DATABASE));

    static final Setting<Integer> MAX_USER_CONNECTIONS = row(pgBouncers(
                    CAPS,
                    "max_user_connections",
                    SettingType.count(),
                    "0",
                    "Most server connections of one user, over all databases; 0 is unlimited.",
                    c -> c.limits().maxUserConnections())
            .alsoFor(USER));

    static final Setting<Integer> MAX_CLIENT_CONN = row(pgBouncers(
                    CAPS,
                    "max_client_conn",
                    SettingType.count(),
                    "10000",
                    "Most client connections; 0 is unlimited.",
                    c -> c.limits().maxClientConnections())
            .inIni("100"));

    static final Setting<Integer> MAX_DB_CLIENT_CONNECTIONS = row(pgBouncers(
                    CAPS,
                    "max_db_client_connections",
                    SettingType.count(),
                    "0",
                    "Most client connections of one database; 0 is unlimited.",
                    c -> c.limits().maxDbClientConnections())
            .alsoFor(DATABASE));

    static final Setting<Integer> MAX_USER_CLIENT_CONNECTIONS = row(pgBouncers(
                    CAPS,
                    "max_user_client_connections",
                    SettingType.count(),
                    "0",
                    "Most client connections of one user; 0 is unlimited.",
                    c -> c.limits().maxUserClientConnections())
            .alsoFor(USER));

    static final Setting<Integer> MAX_WAITING_CLIENTS = row(ours(
            CAPS,
            "max_waiting_clients",
            SettingType.count(),
            "0",
            "Most clients in the queue of one pool; more get an error at once. 0 leaves it to `max_client_conn`.",
            c -> c.limits().maxWaitingClients()));

    static final Setting<Integer> MAX_CONCURRENT_LOGINS = row(ours(
            CAPS,
            "max_concurrent_logins",
            SettingType.count(1, 10_000),
            "8",
            "Logins to one PostgreSQL host at the same time, so that a restarted one is not overrun.",
            c -> c.limits().maxConcurrentLogins()));

    static final Setting<Long> MAX_PACKET_SIZE = row(pgBouncers(
            CAPS,
            "max_packet_size",
            SettingType.bytes(1024, Integer.MAX_VALUE),
            "2147483647",
            "Longest protocol message that is passed on.",
            c -> c.limits().maxPacketSize()));

    static final Setting<Long> LISTEN_QUEUE_SIZE = row(ours(
            CAPS,
            "listen_queue_size",
            SettingType.bytes(1024, Integer.MAX_VALUE),
            "1MB",
            "Notifications kept for one client session while it is in a transaction or does not read; a session that"
                    + " would need more is ended.",
            c -> c.limits().listenQueueSize()));

    static final Setting<Duration> FAIR_SHARE_QUANTUM = row(ours(
            CAPS,
            "fair_share_quantum",
            SettingType.seconds(),
            "100ms",
            "How long a database may keep server connections beyond its share of `max_server_connections` while others"
                    + " wait; longer is less fair, and saves logins.",
            c -> c.server().fairShareQuantum()));

    // Server connections

    static final Setting<Duration> SERVER_LIFETIME = row(pgBouncers(
                    SERVER_CONNECTIONS,
                    "server_lifetime",
                    SettingType.seconds(),
                    "60min",
                    "Age at which a server connection is closed once it is idle; 0 closes it after one use.",
                    c -> c.server().lifetime())
            .alsoFor(DATABASE));

    static final Setting<Duration> SERVER_LIFETIME_JITTER = row(ours(
            SERVER_CONNECTIONS,
            "server_lifetime_jitter",
            SettingType.seconds(),
            "6min",
            "Each lifetime is shortened by a random part of this, so that connections do not all end at once.",
            c -> c.server().lifetimeJitter()));

    static final Setting<Duration> SERVER_IDLE_TIMEOUT = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_idle_timeout",
            SettingType.seconds(),
            "10min",
            "Unused time after which a server connection is closed; 0 for never.",
            c -> c.server().idleTimeout()));

    static final Setting<Duration> SERVER_CHECK_DELAY = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_check_delay",
            SettingType.seconds(),
            "30s",
            "Unused time after which a server connection is checked before a client gets it.",
            c -> c.server().checkDelay()));

    static final Setting<Duration> SERVER_FUNCTION_CHECK_DELAY = row(ours(
            SERVER_CONNECTIONS,
            "server_function_check_delay",
            SettingType.seconds(),
            "1min",
            "How often each database is searched for functions that change session state where no statement names them, in"
                    + " triggers, views, defaults and policies. While there are any, the state of the session is read after"
                    + " every transaction. 0 is never.",
            c -> c.server().functionCheckDelay()));

    static final Setting<String> SERVER_CHECK_QUERY = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_check_query",
            SettingType.text(),
            ServerConfig.EMPTY_QUERY,
            "The check; `<empty>` sends a query without text, an empty value checks nothing.",
            c -> c.server().checkQuery()));

    static final Setting<Duration> SERVER_CONNECT_TIMEOUT = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_connect_timeout",
            SettingType.seconds(),
            "15s",
            "Time for connecting and logging in to PostgreSQL; 0 for no limit.",
            c -> c.server().connectTimeout()));

    static final Setting<Duration> SERVER_LOGIN_RETRY = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_login_retry",
            SettingType.seconds(),
            "15s",
            "Longest pause before the next login to a server that is down or refuses; pauses begin short and double.",
            c -> c.server().loginRetry()));

    static final Setting<String> SERVER_RESET_QUERY = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_reset_query",
            SettingType.text(),
            "DISCARD ALL",
            "Cleans a server connection between clients: in session mode always, otherwise when it may carry state.",
            c -> c.server().resetQuery()));

    static final Setting<Boolean> SERVER_RESET_QUERY_ALWAYS = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_reset_query_always",
            SettingType.flag(),
            "false",
            "Clean at every release, in the other modes too.",
            c -> c.server().resetQueryAlways()));

    static final Setting<Boolean> SERVER_ROUND_ROBIN = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_round_robin",
            SettingType.flag(),
            "false",
            "Take the server connection unused for longest, instead of the one used last.",
            c -> c.server().roundRobin()));

    static final Setting<Boolean> SERVER_FAST_CLOSE = row(pgBouncers(
            SERVER_CONNECTIONS,
            "server_fast_close",
            SettingType.flag(),
            "false",
            "In session mode, a server connection that is to be replaced ends after its transaction, not after its"
                    + " session; the client is told so (CP503).",
            c -> c.server().fastClose()));

    // Timeouts

    static final Setting<Duration> QUERY_WAIT_TIMEOUT = row(pgBouncers(
                    TIMEOUTS,
                    "query_wait_timeout",
                    SettingType.seconds(),
                    "30s",
                    "Time a client may wait for a server connection; 0 for no limit.",
                    c -> c.timeouts().queryWait())
            .inIni("120")
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> QUERY_TIMEOUT = row(pgBouncers(
                    TIMEOUTS,
                    "query_timeout",
                    SettingType.seconds(),
                    "0",
                    "Time a query may run; 0 is off.",
                    c -> c.timeouts().query())
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> TRANSACTION_TIMEOUT = row(pgBouncers(
                    TIMEOUTS,
                    "transaction_timeout",
                    SettingType.seconds(),
                    "0",
                    "Time a transaction may take; 0 is off.",
                    c -> c.timeouts().transaction())
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> IDLE_TRANSACTION_TIMEOUT = row(pgBouncers(
                    TIMEOUTS,
                    "idle_transaction_timeout",
                    SettingType.seconds(),
                    "0",
                    "Time a client may leave an open transaction without a request; 0 is off.",
                    c -> c.timeouts().idleTransaction())
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> CLIENT_IDLE_TIMEOUT = row(pgBouncers(
                    TIMEOUTS,
                    "client_idle_timeout",
                    SettingType.seconds(),
                    "0",
                    "Time a client may stay without a request; 0 is off.",
                    c -> c.timeouts().clientIdle())
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> PIN_TIMEOUT = row(ours(
                    TIMEOUTS,
                    "pin_timeout",
                    SettingType.seconds(),
                    "0",
                    "Time a client may stay without a request while its session keeps a server connection between"
                            + " transactions; 0 is off.",
                    c -> c.timeouts().pin())
            .alsoFor(DATABASE, USER));

    static final Setting<Duration> CLIENT_LOGIN_TIMEOUT = row(pgBouncers(
            TIMEOUTS,
            "client_login_timeout",
            SettingType.seconds(),
            "60s",
            "Time a client may take to log in; 0 is off.",
            c -> c.timeouts().clientLogin()));

    static final Setting<Duration> CANCEL_WAIT_TIMEOUT = row(pgBouncers(
            TIMEOUTS,
            "cancel_wait_timeout",
            SettingType.seconds(),
            "10s",
            "Time a cancel request may take; 0 is off.",
            c -> c.timeouts().cancelWait()));

    static final Setting<Duration> AUTODB_IDLE_TIMEOUT = row(pgBouncers(
            TIMEOUTS,
            "autodb_idle_timeout",
            SettingType.seconds(),
            "1h",
            "Unused time after which a database made from the `*` entry is forgotten; 0 for never.",
            c -> c.timeouts().autodbIdle()));

    static final Setting<Duration> SHUTDOWN_GRACE = row(ours(
            TIMEOUTS,
            "shutdown_grace",
            SettingType.seconds(),
            "20s",
            "Time for open transactions after SIGTERM; 0 waits for all of them.",
            c -> c.timeouts().shutdownGrace()));

    // Console and HTTP port

    static final Setting<Optional<InetSocketAddress>> ADMIN_LISTEN = row(ours(
                    ADMIN,
                    "admin_listen",
                    SettingType.listener(),
                    "127.0.0.1:9432",
                    "Where the HTTP port (health, metrics, statistics) listens; empty for nowhere. The flag `--admin` sets"
                            + " it.",
                    c -> Optional.ofNullable(c.admin().http()))
            .inIni("")
            .atStartOnly());

    static final Setting<Optional<Secret>> ADMIN_TOKEN = row(ours(
            ADMIN,
            "admin_token",
            SettingType.secret(),
            "",
            "Bearer token for all but the probes when the HTTP port is not on loopback.",
            c -> Optional.ofNullable(c.admin().token())));

    static final Setting<Set<String>> ADMIN_USERS = row(pgBouncers(
            ADMIN,
            "admin_users",
            SettingType.names(),
            "",
            "Users who may run every command on the console (database `carpool` or `pgbouncer`).",
            c -> c.admin().adminUsers()));

    static final Setting<Set<String>> STATS_USERS = row(pgBouncers(
            ADMIN,
            "stats_users",
            SettingType.names(),
            "",
            "Users who may run the SHOW commands.",
            c -> c.admin().statsUsers()));

    // Log

    static final Setting<Boolean> LOG_CONNECTIONS = row(pgBouncers(
            LOG,
            "log_connections",
            SettingType.flag(),
            "true",
            "A line for each login, of a client and to PostgreSQL, worded as PgBouncer's.",
            c -> c.log().connections()));

    static final Setting<Boolean> LOG_DISCONNECTIONS = row(pgBouncers(
            LOG,
            "log_disconnections",
            SettingType.flag(),
            "true",
            "A line for each connection that ends, of a client and to PostgreSQL, with the reason.",
            c -> c.log().disconnections()));

    static final Setting<Boolean> LOG_POOLER_ERRORS = row(pgBouncers(
            LOG,
            "log_pooler_errors",
            SettingType.flag(),
            "true",
            "A line for each error Carpool itself sends to a client.",
            c -> c.log().poolerErrors()));

    static final Setting<Boolean> LOG_STATS = row(pgBouncers(
            LOG,
            "log_stats",
            SettingType.flag(),
            "true",
            "A line of totals every `stats_period`.",
            c -> c.log().stats()));

    static final Setting<Duration> STATS_PERIOD = row(pgBouncers(
            LOG,
            "stats_period",
            SettingType.seconds(),
            "60s",
            "Period of that line and of the averages in SHOW STATS.",
            c -> c.log().statsPeriod()));

    static final Setting<Boolean> REPORT = row(ours(
            LOG,
            "report",
            SettingType.flag(),
            "false",
            "Count for each application and statement what it costs in transaction mode, in whatever mode it runs: for SHOW"
                    + " COMPATIBILITY and `carpool report`.",
            c -> c.log().report()));

    static final Setting<Integer> VERBOSE = row(pgBouncers(
            LOG,
            "verbose",
            SettingType.count(0, 3),
            "0",
            "How much more is logged: 1 adds what helps debugging, 2 what Netty tells, 3 all of it; no SQL and no secrets. Not"
                    + " where the system property `java.util.logging.config.file` sets the levels.",
            c -> c.log().verbose()));

    // Threads and sockets

    static final Setting<Transport> TRANSPORT = row(ours(
                    RUNTIME,
                    "transport",
                    SettingType.choice(Transport.class, '_'),
                    "auto",
                    "How Carpool talks to the kernel. `auto` is epoll, or NIO where epoll does not work; what is wanted and does"
                            + " not work gives way to the same two, with a line in the log.",
                    c -> c.runtime().transport())
            .atStartOnly());

    static final Setting<Integer> EVENT_LOOPS = row(ours(
                    RUNTIME,
                    "event_loops",
                    SettingType.count(0, 1024),
                    "0",
                    "Threads that move data; 0 is one per core, 1 is good for a sidecar.",
                    c -> c.runtime().eventLoops())
            .atStartOnly());

    static final Setting<Long> READ_BUFFER_SIZE = row(ours(
                    RUNTIME,
                    "read_buffer_size",
                    SettingType.bytes(1024, 1 << 24),
                    "16kB",
                    "Most bytes taken from a socket at once.",
                    c -> (long) c.runtime().readBufferBytes())
            .atStartOnly());

    static final Setting<Boolean> TCP_KEEPALIVE = row(pgBouncers(
                    RUNTIME,
                    "tcp_keepalive",
                    SettingType.flag(),
                    "true",
                    "Probe silent connections of both sides.",
                    c -> c.listen().tcp().keepAlive())
            .atStartOnly());

    static final Setting<Integer> TCP_KEEPCNT = row(pgBouncers(
                    RUNTIME,
                    "tcp_keepcnt",
                    SettingType.count(0, 127),
                    "0",
                    "Lost probes after which a connection is dead; 0 leaves it to the operating system. This and the next two need"
                            + " Linux or macOS.",
                    c -> c.listen().tcp().keepCount())
            .atStartOnly());

    static final Setting<Duration> TCP_KEEPIDLE = row(pgBouncers(
                    RUNTIME,
                    "tcp_keepidle",
                    SettingType.seconds(),
                    "0",
                    "Silence before the first probe, in whole seconds; 0 leaves it to the operating system.",
                    c -> c.listen().tcp().keepIdle())
            .atStartOnly());

    static final Setting<Duration> TCP_KEEPINTVL = row(pgBouncers(
                    RUNTIME,
                    "tcp_keepintvl",
                    SettingType.seconds(),
                    "0",
                    "Time between probes, in whole seconds; 0 leaves it to the operating system.",
                    c -> c.listen().tcp().keepInterval())
            .atStartOnly());

    static final Setting<Duration> TCP_USER_TIMEOUT = row(pgBouncers(
                    RUNTIME,
                    "tcp_user_timeout",
                    SettingType.millis(),
                    "0",
                    "How long sent data may stay unacknowledged; a plain number counts milliseconds, 0 leaves it to the operating"
                            + " system. This and the next need the transport epoll or io_uring.",
                    c -> c.listen().tcp().userTimeout())
            .atStartOnly());

    static final Setting<Boolean> TCP_DEFER_ACCEPT = row(pgBouncers(
                    RUNTIME,
                    "tcp_defer_accept",
                    SettingType.flag(),
                    "false",
                    "Let the kernel keep a client, for 45 s at most, until it has sent something. With PgBouncer on by"
                            + " default.",
                    c -> c.listen().tcp().deferAccept())
            .atStartOnly());

    static final Setting<Long> TCP_SOCKET_BUFFER = row(pgBouncers(
                    RUNTIME,
                    "tcp_socket_buffer",
                    SettingType.bytes(0, 1 << 30),
                    "0",
                    "Kernel buffers of each socket; 0 leaves them to the operating system.",
                    c -> (long) c.listen().tcp().socketBufferBytes())
            .atStartOnly());

    // Entries under databases and users

    static final Setting<String> HOST =
            row(entry("host", SettingType.text(), true, Set.of(DATABASE), "Name or address of the PostgreSQL server."));

    static final Setting<Integer> PORT =
            row(entry("port", SettingType.count(1, 65_535), true, Set.of(DATABASE), "Its port; 5432 when not set."));

    static final Setting<String> DBNAME = row(entry(
            "dbname",
            SettingType.text(),
            true,
            Set.of(DATABASE),
            "The database's name on that server; when not set, the name clients use."));

    static final Setting<String> FORCED_USER = row(entry(
            "user",
            SettingType.text(),
            true,
            Set.of(DATABASE),
            "The user of every server connection, whoever the client is."));

    static final Setting<Optional<Secret>> PASSWORD =
            row(entry("password", SettingType.secret(), true, Set.of(DATABASE), "The password of that user."));

    static final Setting<String> CONNECT_QUERY = row(
            entry("connect_query", SettingType.text(), true, Set.of(DATABASE), "Run on each new server connection."));

    static final Setting<Integer> POOL_SIZE = row(entry(
            "pool_size",
            SettingType.count(),
            true,
            Set.of(DATABASE, USER),
            "Most server connections of its pools; when not set, `default_pool_size`."));

    static final Setting<Integer> WEIGHT = row(entry(
            "weight",
            SettingType.count(1, 1000),
            false,
            Set.of(DATABASE),
            "Its share of `max_server_connections` in relation to other databases; 1 when not set."));

    static final Setting<Integer> GUARANTEED_CONNECTIONS = row(entry(
            "guaranteed_connections",
            SettingType.count(),
            false,
            Set.of(DATABASE),
            "Server connections that other databases never take from it; 0 when not set."));

    static final Setting<String> CLIENT_ENCODING = row(entry(
            "client_encoding", SettingType.text(), true, Set.of(DATABASE), "Setting of each new server connection."));

    static final Setting<String> DATESTYLE = row(
            entry("datestyle", SettingType.text(), true, Set.of(DATABASE), "Setting of each new server connection."));

    static final Setting<String> TIMEZONE = row(
            entry("timezone", SettingType.text(), true, Set.of(DATABASE), "Setting of each new server connection."));

    static final Setting<String> APPLICATION_NAME = row(entry(
            "application_name", SettingType.text(), true, Set.of(DATABASE), "Setting of each new server connection."));

    /** Those that become startup parameters of each server connection. */
    static final List<Setting<String>> STARTUP_PARAMETERS =
            List.of(CLIENT_ENCODING, DATESTYLE, TIMEZONE, APPLICATION_NAME);

    private Settings() {}

    /** Every row, in the order of the manual. */
    public static List<Setting<?>> all() {
        return Collections.unmodifiableList(TABLE);
    }

    /** The row with this key that can be set for {@code scope}; null when there is none. */
    static @Nullable Setting<?> find(Scope scope, String key) {
        for (Setting<?> setting : TABLE) {
            if (setting.isFor(scope) && setting.key().equals(key)) {
                return setting;
            }
        }
        return null;
    }

    /** Every key that can be set for {@code scope}. */
    static List<String> keys(Scope scope) {
        return TABLE.stream()
                .filter(setting -> setting.isFor(scope))
                .<String>map(Setting::key)
                .toList();
    }

    private static <T> Setting<T> row(Setting<T> setting) {
        TABLE.add(setting);
        return setting;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    private static Optional<Upstream> upstreamOf(CarpoolConfig config) {
        DatabaseConfig any = config.wildcard();
        if (any == null) {
            return Optional.empty();
        }
        return Optional.of(new Upstream(
                any.host(), any.port(), any.dbname().equals(DatabaseConfig.WILDCARD) ? null : any.dbname()));
    }

    /** The rows of one side's TLS, which are the same for clients and PostgreSQL. */
    static final class Tls {
        final Setting<SslMode> mode;
        final Setting<Optional<Path>> keyFile;
        final Setting<Optional<Path>> certFile;
        final Setting<Optional<Path>> caFile;
        final Setting<String> protocols;
        final Setting<String> ciphers;
        final Setting<String> tls13Ciphers;

        Tls(
                SettingSection section,
                String prefix,
                String defaultMode,
                String others,
                Function<CarpoolConfig, TlsConfig> side) {
            mode = row(pgBouncers(
                    section,
                    prefix + "sslmode",
                    SettingType.choice(SslMode.class, SslMode::text),
                    defaultMode,
                    "Whether connections with " + others + " use TLS, and how certificates are checked; PostgreSQL's"
                            + " `sslmode`.",
                    c -> side.apply(c).mode()));
            keyFile = row(pgBouncers(
                    section,
                    prefix + "key_file",
                    SettingType.file(),
                    "",
                    "Private key (PEM).",
                    c -> path(side.apply(c).keyFile())));
            certFile = row(pgBouncers(
                    section,
                    prefix + "cert_file",
                    SettingType.file(),
                    "",
                    "Certificate of that key and its chain (PEM).",
                    c -> path(side.apply(c).certFile())));
            caFile = row(pgBouncers(
                    section,
                    prefix + "ca_file",
                    SettingType.file(),
                    "",
                    "Certificates that sign the certificates of " + others + " (PEM).",
                    c -> path(side.apply(c).caFile())));
            protocols = row(pgBouncers(
                    section,
                    prefix + "protocols",
                    SettingType.text(),
                    "secure",
                    "`secure` (TLS 1.2 and 1.3), `all`, or a list such as `tlsv1.3`.",
                    c -> side.apply(c).protocols()));
            ciphers = row(pgBouncers(
                    section,
                    prefix + "ciphers",
                    SettingType.text(),
                    "default",
                    "`default`, or the cipher suites of TLS 1.2 and older.",
                    c -> side.apply(c).ciphers()));
            tls13Ciphers = row(pgBouncers(
                    section,
                    prefix.replace("_tls_", "_tls13_") + "ciphers",
                    SettingType.text(),
                    "",
                    "The cipher suites of TLS 1.3; empty for all.",
                    c -> side.apply(c).tls13Ciphers()));
        }

        TlsConfig of(SettingValues values) {
            return new TlsConfig(
                    values.get(mode),
                    text(values.get(keyFile)),
                    text(values.get(certFile)),
                    text(values.get(caFile)),
                    values.get(protocols),
                    values.get(ciphers),
                    values.get(tls13Ciphers));
        }

        private static Optional<Path> path(String file) {
            return file.isEmpty() ? Optional.empty() : Optional.of(Path.of(file));
        }

        private static String text(Optional<Path> file) {
            return file.map(Path::toString).orElse("");
        }
    }
}

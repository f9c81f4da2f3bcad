package dev.carpool.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/** Settings that work, but surprise people. Each is a notice that says what will happen. */
final class ConfigLints {
    private final CarpoolConfig config;
    private final GivenSettings given;
    private final Problems problems;
    private final Origin whole;
    private final Dialect dialect;

    ConfigLints(CarpoolConfig config, GivenSettings given, Problems problems, Origin whole, Dialect dialect) {
        this.config = config;
        this.given = given;
        this.problems = problems;
        this.whole = whole;
        this.dialect = dialect;
    }

    void run() {
        if (dialect == Dialect.PGBOUNCER) {
            pgBouncersDefaults();
        }
        reach();
        users();
        pools();
        serverConnections();
    }

    private void pgBouncersDefaults() {
        warnIf(
                isDefault(Settings.POOL_MODE)
                        && config.databases().values().stream()
                                .anyMatch(d -> d.pool().mode() == null),
                Settings.POOL_MODE,
                "is session, PgBouncer's default: a client keeps its server connection until it leaves");
        warnIf(
                isDefault(Settings.MAX_CLIENT_CONN),
                Settings.MAX_CLIENT_CONN,
                "is 100, PgBouncer's default: client 101 is refused");
        warnIf(
                isDefault(Settings.MAX_SERVER_CONNECTIONS),
                Settings.MAX_SERVER_CONNECTIONS,
                "is unlimited as in PgBouncer: only pool sizes protect PostgreSQL's max_connections");
    }

    /** What others on the network can do. */
    private void reach() {
        boolean remote = !config.listen().addresses().stream().allMatch(ConfigLints::isLoopback);
        AuthType auth = config.auth().type();
        boolean plain = !config.clientTls().mode().mayUseTls();
        warnIf(
                remote && plain && auth == AuthType.PASSTHROUGH,
                Settings.AUTH_TYPE,
                "passthrough without client TLS: only clients on this machine can log in; set client_tls_sslmode");
        warnIf(
                remote && plain && auth == AuthType.PLAIN,
                Settings.AUTH_TYPE,
                "plain without client TLS: passwords cross the network readable; set client_tls_sslmode");
        warnIf(
                remote && (auth == AuthType.TRUST || auth == AuthType.ANY),
                Settings.AUTH_TYPE,
                "%s: whoever reaches %s is in, without a password",
                auth.name().toLowerCase(Locale.ROOT),
                Settings.LISTEN_ADDR.show(config));
        warnIf(
                plain && !config.clientTls().certFile().isEmpty(),
                Settings.CLIENT_TLS_SETTINGS.certFile,
                "is not used while client_tls_sslmode is disable");
        InetSocketAddress http = config.admin().http();
        warnIf(
                http != null && !isLoopback(http) && config.admin().token() == null,
                Settings.ADMIN_LISTEN,
                "is not on loopback and there is no admin_token: only the probes will answer");
    }

    private void users() {
        AuthConfig auth = config.auth();
        boolean needsSecrets =
                Stream.of(AuthType.MD5, AuthType.SCRAM_SHA_256, AuthType.PLAIN).anyMatch(t -> t == auth.type());
        boolean hasUser = auth.user() != null
                || all().anyMatch(database -> database.authUser() != null || database.password() != null);
        warnIf(
                needsSecrets && auth.file() == null && !hasUser,
                Settings.AUTH_TYPE,
                "%s has nobody to let in: set auth_file or auth_user",
                Settings.AUTH_TYPE.show(config));
    }

    private void pools() {
        int cap = config.limits().maxServerConnections();
        PoolConfig pool = config.pool();
        warnIf(
                cap > 0 && pool.size() > cap,
                Settings.DEFAULT_POOL_SIZE,
                "%d can never be reached: max_server_connections is %d",
                pool.size(),
                cap);
        int databaseCap = config.limits().maxDbConnections();
        warnIf(
                cap > 0 && databaseCap > cap,
                Settings.MAX_DB_CONNECTIONS,
                "%d can never be reached: max_server_connections is %d",
                databaseCap,
                cap);
        warnIf(
                cap == 0 && databaseCap == 0 && pool.size() == 0,
                Settings.DEFAULT_POOL_SIZE,
                "0, and no other limit: PostgreSQL gets as many connections as there are busy clients");
        warnIf(
                pool.reserveSize() > 0 && pool.reserveTimeout().isZero(),
                Settings.RESERVE_POOL_TIMEOUT,
                "0 disables the reserve of %d",
                pool.reserveSize());
        warnIf(
                config.limits().maxPreparedStatements() == 0 && pool.mode() != PoolingMode.SESSION,
                Settings.MAX_PREPARED_STATEMENTS,
                "0: prepared statements of drivers fail outside session mode");
        warnIf(
                config.timeouts().queryWait().isZero(),
                Settings.QUERY_WAIT_TIMEOUT,
                "0: when PostgreSQL is busy or down, clients wait for ever");
    }

    private void serverConnections() {
        ServerConfig server = config.server();
        warnIf(
                server.lifetime().isZero(),
                Settings.SERVER_LIFETIME,
                "0: every server connection is closed after one use, which is a login per transaction");
        warnIf(
                isBelowASecond(server.lifetime()) || isBelowASecond(server.idleTimeout()),
                isBelowASecond(server.lifetime()) ? Settings.SERVER_LIFETIME : Settings.SERVER_IDLE_TIMEOUT,
                "is shorter than a second, the pace at which connections are inspected");
        warnIf(
                server.resetQuery().isEmpty(),
                Settings.SERVER_RESET_QUERY,
                "is empty: what a session leaves behind is seen by the next one in session mode");
        warnIf(
                server.lifetimeJitter().compareTo(server.lifetime()) > 0
                        && !server.lifetime().isZero(),
                Settings.SERVER_LIFETIME_JITTER,
                "is longer than server_lifetime: some connections end as soon as they begin");
    }

    private Stream<DatabaseConfig> all() {
        return Stream.concat(config.databases().values().stream(), Stream.ofNullable(config.wildcard()))
                .filter(Objects::nonNull);
    }

    private boolean isDefault(Setting<?> setting) {
        return given.origin(setting) == null;
    }

    private void warnIf(boolean surprising, Setting<?> setting, String format, Object... arguments) {
        if (surprising) {
            Origin origin = given.origin(setting);
            problems.notice(origin == null ? whole : origin, setting.key(), format, arguments);
        }
    }

    private static boolean isBelowASecond(Duration time) {
        return !time.isZero() && time.compareTo(Duration.ofSeconds(1)) < 0;
    }

    /** Without a look-up: {@code localhost}, or an address of the loopback network. */
    private static boolean isLoopback(InetSocketAddress address) {
        InetAddress resolved = address.getAddress();
        if (resolved != null) {
            return resolved.isLoopbackAddress();
        }
        String host = address.getHostString();
        return host.equals("localhost") || host.equals("::1") || host.matches("127(\\.[0-9]{1,3}){3}");
    }
}

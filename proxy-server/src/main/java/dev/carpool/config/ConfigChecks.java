package dev.carpool.config;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Settings that are right one by one and contradict each other. */
final class ConfigChecks {
    private final CarpoolConfig config;
    private final SettingValues values;
    private final GivenSettings given;
    private final Problems problems;
    private final Origin whole;

    ConfigChecks(CarpoolConfig config, SettingValues values, GivenSettings given, Problems problems, Origin whole) {
        this.config = config;
        this.values = values;
        this.given = given;
        this.problems = problems;
        this.whole = whole;
    }

    void run() {
        somewhere();
        authentication();
        tls(Settings.CLIENT_TLS_SETTINGS, config.clientTls());
        tls(Settings.SERVER_TLS_SETTINGS, config.serverTls());
        clientTls();
        pools();
        config.databases().values().forEach(this::database);
        DatabaseConfig any = config.wildcard();
        if (any != null) {
            database(any);
        }
        guaranteed();
    }

    private void somewhere() {
        if (given.databases().isEmpty() && config.wildcard() == null && !values.isBad(Settings.UPSTREAM)) {
            problems.add(
                    whole,
                    "",
                    "no database is configured: add --upstream postgresql://host:port (or upstream), or entries under"
                            + " databases");
        }
        unless(
                !config.listen().addresses().isEmpty(),
                Settings.LISTEN_ADDR,
                "nothing to listen on: Carpool has no Unix sockets, so an address or * is needed here");
    }

    private void authentication() {
        AuthConfig auth = config.auth();
        unless(
                auth.type() != AuthType.HBA || auth.hbaFile() != null || values.isBad(Settings.AUTH_HBA_FILE),
                Settings.AUTH_TYPE,
                "hba needs rules in auth_hba_file");
        SslMode mode = config.clientTls().mode();
        unless(
                auth.type() != AuthType.CERT
                        || mode.verifiesCertificate()
                        || values.isBad(Settings.CLIENT_TLS_SETTINGS.mode),
                Settings.AUTH_TYPE,
                "cert needs client_tls_sslmode verify-ca or verify-full, not " + mode.text());
    }

    private void tls(Settings.Tls settings, TlsConfig tls) {
        if (values.isBad(settings.keyFile) || values.isBad(settings.certFile)) {
            return;
        }
        unless(
                tls.certFile().isEmpty() || !tls.keyFile().isEmpty(),
                settings.certFile,
                "needs its private key in " + settings.keyFile);
        unless(
                tls.keyFile().isEmpty() || !tls.certFile().isEmpty(),
                settings.keyFile,
                "needs its certificate in " + settings.certFile);
    }

    private void clientTls() {
        Settings.Tls settings = Settings.CLIENT_TLS_SETTINGS;
        TlsConfig tls = config.clientTls();
        boolean bad = values.isBad(settings.keyFile) || values.isBad(settings.certFile);
        unless(
                bad
                        || !tls.mode().mayUseTls()
                        || (!tls.keyFile().isEmpty() && !tls.certFile().isEmpty()),
                settings.mode,
                tls.mode().text() + " needs client_tls_key_file and client_tls_cert_file");
        unless(
                !tls.mode().verifiesCertificate() || !tls.caFile().isEmpty() || values.isBad(settings.caFile),
                settings.mode,
                tls.mode().text() + " needs client_tls_ca_file");
    }

    private void pools() {
        PoolConfig pool = config.pool();
        unless(
                pool.size() == 0 || pool.minSize() <= pool.size() || values.isBad(Settings.DEFAULT_POOL_SIZE),
                Settings.MIN_POOL_SIZE,
                "%d is larger than default_pool_size, %d",
                pool.minSize(),
                pool.size());
        LimitsConfig limits = config.limits();
        unless(
                limits.maxServerConnections() == 0
                        || pool.minSize() <= limits.maxServerConnections()
                        || values.isBad(Settings.MAX_SERVER_CONNECTIONS),
                Settings.MIN_POOL_SIZE,
                "%d is larger than max_server_connections, %d",
                pool.minSize(),
                limits.maxServerConnections());
    }

    private void database(DatabaseConfig database) {
        PoolConfig pool = database.pool().over(config.pool());
        Integer minSize = database.pool().minSize();
        unless(
                minSize == null || pool.size() == 0 || minSize <= pool.size(),
                database,
                Settings.MIN_POOL_SIZE,
                "%d is larger than the pool, %d",
                pool.minSize(),
                pool.size());
        int cap = config.maxDbConnections(database);
        unless(
                cap == 0 || database.guaranteed() <= cap,
                database,
                Settings.GUARANTEED_CONNECTIONS,
                "%d is more than max_db_connections, %d",
                database.guaranteed(),
                cap);
        unless(
                database.forcedUser() != null || config.auth().type() != AuthType.ANY,
                database,
                Settings.FORCED_USER,
                "is needed with auth_type any");
        unless(
                database.password() == null || database.forcedUser() != null,
                database,
                Settings.PASSWORD,
                "is nobody's: set user as well");
    }

    /** Guarantees under one host cap must fit into it together. */
    private void guaranteed() {
        int cap = config.limits().maxServerConnections();
        Map<String, Integer> sums = new HashMap<>();
        for (DatabaseConfig database : config.databases().values()) {
            int sum = sums.merge(database.host() + ":" + database.port(), database.guaranteed(), Integer::sum);
            unless(
                    cap == 0 || database.guaranteed() == 0 || sum <= cap,
                    database,
                    Settings.GUARANTEED_CONNECTIONS,
                    "with those of other databases of that host it makes %d, more than max_server_connections, %d",
                    sum,
                    cap);
        }
    }

    private void unless(boolean right, Setting<?> setting, String format, Object... arguments) {
        if (!right && !values.isBad(setting)) {
            Origin origin = given.origin(setting);
            problems.add(origin == null ? whole : origin, setting.key(), format, arguments);
        }
    }

    private void unless(
            boolean right, DatabaseConfig database, Setting<?> setting, String format, Object... arguments) {
        if (!right) {
            problems.add(origin(database, setting), "databases." + database.name() + "." + setting, format, arguments);
        }
    }

    private Origin origin(DatabaseConfig database, Setting<?> setting) {
        GivenSettings.@Nullable Entry entry = given.databases().get(database.name());
        if (entry == null) {
            return whole;
        }
        Given own = entry.settings().get(setting);
        return own == null ? entry.origin() : own.origin();
    }
}

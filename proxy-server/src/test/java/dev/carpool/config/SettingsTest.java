package dev.carpool.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class SettingsTest {
    @TempDir
    private Path directory;

    @Test
    void bringsEachGlobalSettingIntoItsRecordAndBack() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        for (Setting<?> setting : Settings.all()) {
            if (setting.isFor(Scope.GLOBAL) && setting != Settings.UPSTREAM) {
                arrives(setting, file);
            }
        }
    }

    private static <T> void arrives(Setting<T> setting, Path file) throws BadValue {
        T value = another(setting, file);
        SettingValues values = new SettingValues(Dialect.CARPOOL);
        values.put(setting, value);
        CarpoolConfig config = CarpoolConfig.of(values, Map.of(), null, Map.of());
        assertEquals(setting.type().format(value), setting.show(config), setting.key());
        assertNotEquals(CarpoolConfig.defaults(), config, setting.key());
    }

    /** A value that is not the default. */
    private static <T> T another(Setting<T> setting, Path file) throws BadValue {
        String now = setting.type().format(setting.defaultValue(Dialect.CARPOOL));
        for (String text : List.of(
                "2",
                "4096",
                "true",
                "false",
                "1h",
                "session",
                "warn",
                "md5",
                "require",
                "nio",
                "host:1",
                file.toString())) {
            try {
                T value = setting.type().parse(text, Dialect.CARPOOL);
                if (!setting.type().format(value).equals(now)) {
                    return value;
                }
            } catch (BadValue e) {
                // not a value of this setting: try the next
            }
        }
        throw new BadValue("no other value for " + setting);
    }

    @Test
    void readsBackWhatItShows() throws BadValue {
        for (SettingValue shown : SettingValue.of(ConfigFixture.config())) {
            Setting<?> setting = Settings.find(Scope.GLOBAL, shown.key());
            assertTrue(setting != null, shown.key());
            setting.type().parse(shown.value(), Dialect.PGBOUNCER);
        }
    }

    @Test
    void showsSettingsByKeyWithPlainValues() {
        List<SettingValue> shown = SettingValue.of(ConfigFixture.config("server_lifetime=2min", "admin_token=x"));
        assertEquals(
                shown.stream().map(SettingValue::key).sorted().toList(),
                shown.stream().map(SettingValue::key).toList());
        assertTrue(shown.contains(new SettingValue("server_lifetime", "120", "3600", true)));
        assertTrue(shown.contains(new SettingValue("admin_token", "***", "", true)));
        assertTrue(shown.contains(new SettingValue("listen_port", "6432", "6432", false)));
        assertTrue(shown.contains(new SettingValue("upstream", "postgresql://db:5432", "", true)));
        assertTrue(shown.contains(new SettingValue("log_connections", "1", "1", true)));
    }

    @Test
    void hasDefaultsThatMakeSenseOutOfTheBox() {
        CarpoolConfig defaults = CarpoolConfig.defaults();
        assertEquals(100, defaults.limits().maxServerConnections());
        assertEquals(20, defaults.pool().size());
        assertEquals(60, defaults.server().lifetime().toMinutes());
        assertEquals(10, defaults.server().idleTimeout().toMinutes());
        assertEquals(30, defaults.timeouts().queryWait().toSeconds());
        assertEquals(PoolingMode.TRANSACTION, defaults.pool().mode());
        assertEquals(200, defaults.limits().maxPreparedStatements());
        assertNull(defaults.wildcard());
    }

    @Test
    void hasOneRowForEachKeyAndScope() {
        Set<String> seen = new HashSet<>();
        for (Setting<?> setting : Settings.all()) {
            for (Scope scope : Scope.values()) {
                assertTrue(!setting.isFor(scope) || seen.add(scope + setting.key()), setting.key());
            }
        }
        for (PgBouncerOnly foreign : PgBouncerOnly.all()) {
            assertTrue(seen.add(foreign.scope() + foreign.key()), foreign.key());
        }
    }

    /** The manual of PgBouncer 1.25, chapters "[pgbouncer] section", "[databases]" and "[users]", and what its table adds. */
    @Test
    void knowsEveryKeyOfPgBouncer() {
        String global = """
                admin_users application_name_add_host auth_dbname auth_file auth_hba_file auth_ident_file
                auth_ldap_options auth_query auth_type auth_user autodb_idle_timeout cancel_wait_timeout
                client_idle_timeout client_login_timeout client_tls13_ciphers client_tls_ca_file client_tls_cert_file
                client_tls_ciphers client_tls_dheparams client_tls_ecdhcurve client_tls_key_file client_tls_protocols
                client_tls_sslmode conffile default_pool_size disable_pqexec dns_max_ttl dns_nxdomain_ttl
                dns_zone_check_period idle_transaction_timeout ignore_startup_parameters job_name listen_addr
                listen_backlog listen_port log_connections log_disconnections log_pooler_errors log_stats logfile
                login_notify_message max_client_conn max_db_client_connections max_db_connections max_packet_size
                max_prepared_statements max_user_client_connections max_user_connections min_pool_size peer_id pidfile
                pkt_buf pool_idle_timeout pool_mode query_timeout query_wait_notify query_wait_timeout reserve_pool_size
                reserve_pool_timeout resolv_conf sbuf_loopcnt scram_iterations server_check_delay server_check_query
                server_connect_timeout server_fast_close server_idle_timeout server_lifetime server_login_retry
                server_reset_query server_reset_query_always server_round_robin server_tls13_ciphers server_tls_ca_file
                server_tls_cert_file server_tls_ciphers server_tls_key_file server_tls_protocols server_tls_sslmode
                service_name so_reuseport stats_period stats_users suspend_timeout syslog syslog_facility syslog_ident
                tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle tcp_keepintvl tcp_socket_buffer tcp_user_timeout
                track_extra_parameters transaction_timeout unix_socket_dir unix_socket_group unix_socket_mode user
                verbose""";
        String database = """
                dbname host port user password auth_user auth_dbname auth_query client_encoding datestyle timezone
                application_name pool_size min_pool_size reserve_pool_size query_wait_timeout max_db_connections
                max_db_client_connections server_lifetime load_balance_hosts pool_mode connect_query""";
        String user = """
                pool_mode pool_size reserve_pool_size max_user_connections max_user_client_connections query_timeout
                query_wait_timeout idle_transaction_timeout transaction_timeout client_idle_timeout""";
        knows(Scope.GLOBAL, global);
        knows(Scope.DATABASE, database);
        knows(Scope.USER, user);
    }

    private static void knows(Scope scope, String keys) {
        for (String key : keys.split("\\s+")) {
            Setting<?> setting = Settings.find(scope, key);
            assertTrue(
                    setting == null ? PgBouncerOnly.find(scope, key) != null : setting.pgBouncers(), scope + " " + key);
        }
    }

    @Test
    void acceptsEveryDefaultOfPgBouncerWithoutAWord() {
        for (PgBouncerOnly foreign : PgBouncerOnly.all()) {
            Problems problems = new Problems();
            foreign.report(
                    new Given(
                            new SettingPath(foreign.scope(), "app", foreign.key()),
                            foreign.harmless(),
                            Origin.file("pgbouncer.ini"),
                            Dialect.PGBOUNCER),
                    problems);
            assertEquals(List.of(), problems.problems(), foreign.key());
            assertEquals(List.of(), problems.notices(), foreign.key());
        }
    }
}

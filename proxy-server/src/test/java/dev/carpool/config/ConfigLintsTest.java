package dev.carpool.config;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ConfigLintsTest {
    @TempDir
    private Path directory;

    private ConfigFixture files;

    @BeforeEach
    void useDirectory() {
        files = new ConfigFixture(directory);
    }

    @Test
    void saysNothingOfTheDefaults() {
        assertEquals(List.of(), files.notices(ConfigFixture.reader()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "listen_addr=*                          | auth_type: passthrough without client TLS",
                "listen_addr=*,auth_type=plain,auth_user=u | auth_type: plain without client TLS",
                "listen_addr=*,auth_type=trust          | auth_type: trust: whoever reaches * is in",
                "admin_listen=*:9432                    | admin_listen: is not on loopback and there is no admin_token",
                "auth_type=md5                          | auth_type: md5 has nobody to let in",
                "default_pool_size=200                  | default_pool_size: 200 can never be reached",
                "max_db_connections=200                 | max_db_connections: 200 can never be reached",
                "default_pool_size=0,max_server_connections=0 | default_pool_size: 0, and no other limit",
                "reserve_pool_size=5,reserve_pool_timeout=0   | reserve_pool_timeout: 0 disables the reserve of 5",
                "max_prepared_statements=0              | max_prepared_statements: 0: prepared statements",
                "query_wait_timeout=0                   | query_wait_timeout: 0: when PostgreSQL",
                "server_lifetime=0,server_lifetime_jitter=0   | server_lifetime: 0: every server connection",
                "server_idle_timeout=100ms              | server_idle_timeout: is shorter than a second",
                "server_reset_query=                    | server_reset_query: is empty",
                "server_lifetime=1min                   | server_lifetime_jitter: is longer than server_lifetime"
            })
    void warnsOfWhatSurprises(String assignments, String notice) {
        List<String> notices = files.notices(ConfigFixture.reader(assignments.split(",(?=[a-z])")));
        assertEquals(1, notices.size(), notices.toString());
        assertTrue(notices.get(0).contains(": " + notice), notices.get(0));
    }

    @Test
    void namesPgBouncersDefaultsThatSurprise() {
        assertEquals(
                List.of("max_client_conn", "max_server_connections", "pool_mode"),
                files
                        .ini("[databases]\na=host=b\n[pgbouncer]\nlisten_addr=localhost\nauth_type=trust\n")
                        .read()
                        .notices()
                        .stream()
                        .map(ConfigProblem::key)
                        .sorted()
                        .toList());
    }

    @Test
    void isSilentAboutDefaultsThatWereChosen() {
        assertEquals(List.of(), files.notices(files.ini("""
                        [databases]
                        a = host=b
                        [pgbouncer]
                        listen_addr = localhost
                        auth_type = trust
                        pool_mode = session
                        max_client_conn = 100
                        max_server_connections = 0
                        """)));
    }
}

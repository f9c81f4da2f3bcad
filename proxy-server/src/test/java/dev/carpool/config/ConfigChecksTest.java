package dev.carpool.config;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;

final class ConfigChecksTest {
    @TempDir
    private Path directory;

    private ConfigFixture files;

    @BeforeEach
    void useDirectory() {
        files = new ConfigFixture(directory);
    }

    private List<String> problems(String... assignments) {
        return files.problems(ConfigFixture.reader(assignments));
    }

    @Test
    void reportsMinimumsAboveTheirMaximum() {
        assertEquals(
                List.of("--set: min_pool_size: 30 is larger than default_pool_size, 20"), problems("min_pool_size=30"));
        assertEquals(
                List.of("--set: min_pool_size: 9 is larger than max_server_connections, 5"),
                problems("min_pool_size=9", "max_server_connections=5"));
        assertEquals(
                List.of("--set: databases.app.min_pool_size: 3 is larger than the pool, 2"),
                problems("databases.app.min_pool_size=3", "databases.app.pool_size=2"));
        assertEquals(List.of(), problems("min_pool_size=30", "default_pool_size=0"));
    }

    @Test
    void reportsGuaranteesThatCannotBeKept() {
        assertEquals(
                List.of("--set: databases.app.guaranteed_connections: 8 is more than max_db_connections, 5"),
                problems("databases.app.guaranteed_connections=8", "max_db_connections=5"));
        assertEquals(
                List.of("--set: databases.b.guaranteed_connections: with those of other databases of that host it makes"
                        + " 12, more than max_server_connections, 10"),
                problems(
                        "max_server_connections=10",
                        "databases.a.guaranteed_connections=6",
                        "databases.b.guaranteed_connections=6",
                        "databases.c.guaranteed_connections=6",
                        "databases.c.host=elsewhere"));
    }

    @Test
    void reportsAuthenticationWithoutItsMeans() {
        assertEquals(List.of("--set: auth_type: hba needs rules in auth_hba_file"), problems("auth_type=hba"));
        assertEquals(
                List.of("--set: auth_type: cert needs client_tls_sslmode verify-ca or verify-full, not disable"),
                problems("auth_type=cert"));
        assertEquals(
                List.of("configuration: databases.*.user: is needed with auth_type any"), problems("auth_type=any"));
        assertEquals(List.of(), problems("auth_type=any", "databases.*.user=joe"));
    }

    @Test
    void reportsPasswordsOfNobody() {
        assertEquals(
                List.of("--set: databases.app.password: is nobody's: set user as well"),
                problems("databases.app.password=x"));
    }

    @Test
    void reportsTlsWithoutKeyCertificateOrAuthority() {
        Path pem = files.file("x.pem", "");
        assertEquals(
                List.of("--set: client_tls_sslmode: require needs client_tls_key_file and client_tls_cert_file"),
                problems("client_tls_sslmode=require"));
        assertEquals(
                List.of("--set: client_tls_sslmode: verify-full needs client_tls_ca_file"),
                problems(
                        "client_tls_sslmode=verify-full", "client_tls_key_file=" + pem, "client_tls_cert_file=" + pem));
        assertEquals(
                List.of("--set: server_tls_cert_file: needs its private key in server_tls_key_file"),
                problems("server_tls_cert_file=" + pem));
        assertEquals(
                List.of("--set: server_tls_key_file: needs its certificate in server_tls_cert_file"),
                problems("server_tls_key_file=" + pem));
        assertEquals(List.of(), problems("server_tls_sslmode=verify-full"));
    }

    @Test
    void doesNotBuildOnValuesThatAreBadThemselves() {
        assertEquals(
                List.of(
                        "--set: default_pool_size: \"x\" is not a whole number",
                        "--set: client_tls_cert_file: there is no file \"gone.pem\""),
                problems(
                        "min_pool_size=30",
                        "default_pool_size=x",
                        "client_tls_sslmode=require",
                        "client_tls_cert_file=gone.pem"));
    }
}

package dev.carpool.config;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ConfigReaderTest {
    @TempDir
    private Path directory;

    private ConfigFixture files;

    @BeforeEach
    void useDirectory() {
        files = new ConfigFixture(directory);
    }

    @Test
    void prefersFlagsOverEnvironmentOverFileOverDefaults() {
        CarpoolConfig config = files.yaml(
                        "upstream: file:1\ndefault_pool_size: 1\nmin_pool_size: 1\nreserve_pool_size: 1\n")
                .withEnvironment(Map.of("CARPOOL_MIN_POOL_SIZE", "0", "CARPOOL_RESERVE_POOL_SIZE", "2"))
                .with("reserve_pool_size=3")
                .read()
                .configOrThrow();
        assertEquals(1, config.pool().size());
        assertEquals(0, config.pool().minSize());
        assertEquals(3, config.pool().reserveSize());
        assertEquals(PoolingMode.TRANSACTION, config.pool().mode());
    }

    @Test
    void frontsAnyDatabaseOfTheUpstream() {
        CarpoolConfig config = ConfigReader.create()
                .with("--upstream", "upstream=postgresql://db:5433")
                .read()
                .configOrThrow();
        assertEquals(CarpoolConfig.fronting("db", 5433), config);
        assertEquals(AuthType.PASSTHROUGH, config.auth().type());
        DatabaseConfig any = config.database("whatever");
        assertNotNull(any);
        assertEquals("whatever", any.dbname());
    }

    @Test
    void sendsEveryClientToTheDatabaseOfTheUpstream() {
        CarpoolConfig config = ConfigReader.create()
                .with("upstream=postgresql://db/app")
                .read()
                .configOrThrow();
        DatabaseConfig any = config.database("whatever");
        assertNotNull(any);
        assertEquals("app", any.dbname());
        assertEquals("whatever", any.name());
    }

    @Test
    void listensWhereTheFlagSays() {
        CarpoolConfig config = ConfigFixture.config("listen=[::1]:7000");
        assertEquals("::1", config.listen().addresses().get(0).getHostString());
        assertEquals(7000, config.listen().addresses().get(0).getPort());
    }

    @Test
    void namesTheFlagOrVariableInItsProblems() {
        assertEquals(
                List.of(
                        "--admin: admin_listen: \"9432\" has no port: write host:port",
                        "--listen: \"here\" has no port: write host:port",
                        "--set: pool_mode: has no value: write key=value",
                        "--set: databases.app.pool_sise: unknown setting; did you mean pool_size?",
                        "CARPOOL_POOL_MOD: pool_mod: unknown setting; did you mean pool_mode?",
                        "CARPOOL_VERBOSE: verbose: 9 is too large: at most 3"),
                files.problems(ConfigFixture.reader("pool_mode", "databases.app.pool_sise=3")
                        .with("--admin", "admin_listen=9432")
                        .with("--listen", "listen=here")
                        .withEnvironment(Map.of("CARPOOL_POOL_MOD", "session", "CARPOOL_VERBOSE", "9"))));
    }

    @Test
    void setsDatabasesAndUsersByPath() {
        CarpoolConfig config = ConfigFixture.config(
                "databases.my.app.pool_size=5", "databases.*.max_db_connections=7", "users.joe.pool_mode=session");
        DatabaseConfig app = config.database("my.app");
        DatabaseConfig any = config.database("any");
        assertNotNull(app);
        assertNotNull(any);
        assertEquals(5, config.pool(app, "x").size());
        assertEquals(PoolingMode.SESSION, config.pool(app, "joe").mode());
        assertEquals(7, config.maxDbConnections(any));
        assertEquals("db:5432/any", any.host() + ":" + any.port() + "/" + any.dbname());
    }

    @Test
    void ignoresVariablesThatKubernetesSetsForAServiceNamedCarpool() {
        Map<String, String> variables = new HashMap<>();
        variables.put("CARPOOL_SERVICE_HOST", "10.0.0.1");
        variables.put("CARPOOL_SERVICE_PORT", "6432");
        variables.put("CARPOOL_SERVICE_PORT_POSTGRES", "6432");
        variables.put("CARPOOL_PORT", "tcp://10.0.0.1:6432");
        variables.put("CARPOOL_PORT_6432_TCP", "tcp://10.0.0.1:6432");
        variables.put("CARPOOL_PORT_6432_TCP_ADDR", "10.0.0.1");
        variables.put("CARPOOL_ADMIN_SERVICE_HOST", "10.0.0.2");
        variables.put("CARPOOL_JAVA_OPTS", "-Xmx64m");
        variables.put("PATH", "/bin");
        assertEquals(
                ConfigFixture.config(),
                ConfigFixture.reader().withEnvironment(variables).read().configOrThrow());
    }

    @Test
    void letsALaterSourceMoveTheWildcard() {
        String entry = "databases:\n  \"*\": { host: file, port: 7, pool_size: 3 }\n";
        CarpoolConfig moved =
                files.yaml(entry).with("upstream=postgresql://flag:8").read().configOrThrow();
        CarpoolConfig kept = files.yaml("upstream: postgresql://file:8\n")
                .with("databases.*.host=flag")
                .read()
                .configOrThrow();
        DatabaseConfig movedAny = moved.wildcard();
        DatabaseConfig keptAny = kept.wildcard();
        assertNotNull(movedAny);
        assertNotNull(keptAny);
        assertEquals("flag:8", movedAny.host() + ":" + movedAny.port());
        assertEquals(3, moved.pool(movedAny, "x").size());
        assertEquals("flag", keptAny.host());
        assertEquals(
                List.of(
                        "carpool.yaml:2: databases.*: says where databases are, and so does upstream: keep one of them"),
                files.problems(files.yaml(entry + "upstream: postgresql://other\n")));
    }

    @Test
    void asksForADatabaseWhenThereIsNone() {
        assertEquals(
                List.of(
                        "configuration: no database is configured: add --upstream postgresql://host:port (or upstream), or"
                                + " entries under databases"),
                files.problems(ConfigReader.create()));
    }

    @Test
    void readsAgainAsOftenAsAsked() {
        ConfigReader reader = files.yaml("upstream: db:1\nverbose: 1\n");
        assertEquals(1, reader.read().configOrThrow().log().verbose());
        files.file("carpool.yaml", "upstream: db:1\nverbose: 2\n");
        assertEquals(2, reader.read().configOrThrow().log().verbose());
    }

    @Test
    void showsNoSecretInConfigurationProblemsNoticesAndSettings() {
        ConfigReader reader = files.yaml("""
                        upstream: db:5432
                        admin_token: hush-token
                        admin_listen: 0.0.0.0:9432
                        databases:
                          app: { user: joe, password: hush-password }
                        """)
                .withEnvironment(Map.of("CARPOOL_ADMIN_TOKEN", "hush-variable"))
                .with("databases.app.password=hush-flag");
        CarpoolConfig config = reader.read().configOrThrow();
        assertNotNull(config.admin().token());
        assertTrue(config.admin().token().matches("hush-variable"));
        String everything = config.toString()
                + reader.read()
                + SettingValue.of(config)
                + reader.with("upstream=postgresql://joe:hush-url@db").read().problems()
                + reader.with("databases.app.passwort=hush-typo").read().problems()
                + files.ini("[databases]\napp = host=db password='hush-quote\n")
                        .read()
                        .problems();
        assertTrue(!everything.contains("hush"), everything);
    }
}

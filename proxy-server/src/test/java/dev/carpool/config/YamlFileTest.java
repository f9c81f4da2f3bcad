package dev.carpool.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

final class YamlFileTest {
    @TempDir
    private Path directory;

    private ConfigFixture files;

    @BeforeEach
    void useDirectory() {
        files = new ConfigFixture(directory);
    }

    @Test
    void readsSettingsDatabasesAndUsers() {
        CarpoolConfig config = files.yaml("""
                        # comment
                        pool_mode: session   # trailing comment
                        default_pool_size: 7
                        query_wait_timeout: 500ms
                        admin_users: [root, "o'neil"]
                        databases:
                          app:
                            host: db1
                            port: 5433
                            pool_size: 5
                            weight: 3
                          "*": { host: db2, dbname: everything }
                        users:
                          report: { pool_mode: statement, query_timeout: 1min }
                        """).read().configOrThrow();

        assertEquals(PoolingMode.SESSION, config.pool().mode());
        assertEquals(7, config.pool().size());
        assertEquals(Duration.ofMillis(500), config.timeouts().queryWait());
        assertEquals(Set.of("root", "o'neil"), config.admin().adminUsers());
        DatabaseConfig app = config.database("app");
        assertNotNull(app);
        assertEquals("db1:5433/app", app.host() + ":" + app.port() + "/" + app.dbname());
        assertEquals(5, config.pool(app, "anybody").size());
        assertEquals(3, app.weight());
        DatabaseConfig other = config.database("other");
        assertNotNull(other);
        assertEquals(
                "other on db2:5432/everything",
                other.name() + " on " + other.host() + ":" + other.port() + "/" + other.dbname());
        assertEquals(PoolingMode.STATEMENT, config.pool(app, "report").mode());
        assertEquals(Duration.ofMinutes(1), config.timeouts(app, "report").query());
    }

    @Test
    void reportsAllProblemsAtOnceWithTheirLines() {
        assertEquals(
                List.of(
                        "carpool.yaml:1: pool_mod: unknown setting; did you mean pool_mode?",
                        "carpool.yaml:2: default_pool_size: \"many\" is not a whole number",
                        "carpool.yaml:3: query_timeout: \"5m\" has an unknown unit; known are us, ms, s, min, h, d",
                        "carpool.yaml:4: min_pool_size: has no value; for an empty one write \"\"",
                        "carpool.yaml:7: databases.app.pool_sise: unknown setting; did you mean pool_size?",
                        "carpool.yaml:8: databases.app.query_timeout: \"-1\" is not a duration such as 30s, 5min or 500ms",
                        "carpool.yaml:9: databases.nowhere: has no host, and there is no upstream",
                        "carpool.yaml:11: users.joe.max_db_connections: unknown setting of an entry; it is one of the"
                                + " whole proxy"),
                files.problems(files.yaml("""
                        pool_mod: session
                        default_pool_size: many
                        query_timeout: 5m
                        min_pool_size:
                        databases:
                          app: { host: db,
                            pool_sise: 3,
                            query_timeout: -1 }
                          nowhere:
                        users:
                          joe: { max_db_connections: 3 }
                        """)));
    }

    @Test
    void reportsKeysGivenTwiceWithBothLines() {
        assertEquals(
                List.of(
                        "carpool.yaml:3: pool_mode: is there twice, first in line 1",
                        "carpool.yaml:6: databases.a: is there twice, first in line 5"),
                files.problems(files.yaml("""
                        pool_mode: session
                        upstream: postgresql://db
                        pool_mode: transaction
                        databases:
                          a: { host: x }
                          a: { host: y }
                        """)));
    }

    @Test
    void reportsWhereTheFileStopsBeingYaml() {
        List<String> problems = files.problems(files.yaml("pool_mode: session\nusers: [a\nother: {b\n"));
        assertEquals("carpool.yaml:3", problems.get(0).substring(0, 14), problems.toString());
    }

    @Test
    void reportsShapesThatAreNoSettings() {
        assertEquals(
                List.of(
                        "carpool.yaml:1: upstream: must be a single value",
                        "carpool.yaml:2: databases: must be a map from names to settings",
                        "carpool.yaml:4: users.joe: must be a map of settings"),
                files.problems(files.yaml("""
                                upstream: { host: db }
                                databases: [a, b]
                                users:
                                  joe: session
                                """).with("databases.app.host=db")));
        assertEquals(
                List.of("carpool.yaml:1: must be a map of settings"),
                files.problems(files.yaml("- a").with(ConfigFixture.UPSTREAM)));
    }

    @Test
    void takesAnEmptyFileForDefaults() {
        CarpoolConfig config =
                files.yaml("# nothing\n").with(ConfigFixture.UPSTREAM).read().configOrThrow();
        assertEquals(CarpoolConfig.fronting("db", 5432), config);
    }

    @Test
    void givesDatabasesWithoutHostTheUpstream() {
        CarpoolConfig config = files.yaml("""
                        upstream: postgresql://main:5433
                        databases:
                          app: { pool_size: 3 }
                          elsewhere: { host: far }
                        """).read().configOrThrow();
        DatabaseConfig app = config.database("app");
        DatabaseConfig elsewhere = config.database("elsewhere");
        DatabaseConfig any = config.database("any");
        assertNotNull(app);
        assertNotNull(elsewhere);
        assertNotNull(any);
        assertEquals("main:5433", app.host() + ":" + app.port());
        assertEquals("far:5432", elsewhere.host() + ":" + elsewhere.port());
        assertEquals("main:5433/any", any.host() + ":" + any.port() + "/" + any.dbname());
    }

    @Test
    void refusesSettingsThatOnlyPgBouncerHas() {
        assertEquals(
                List.of("carpool.yaml:2: pidfile: PgBouncer's, not Carpool's: no such file is written"),
                files.problems(files.yaml("upstream: db:5432\npidfile: /run/x.pid\n")));
    }

    @Test
    void refusesTheNamesOfTheConsole() {
        assertEquals(
                List.of("carpool.yaml:2: databases.pgbouncer: this name is reserved for the console"),
                files.problems(files.yaml("databases:\n  pgbouncer: { host: db }\n")));
    }

    @Test
    void reportsAMissingFile() {
        ConfigReading reading = ConfigReader.create()
                .withFile(directory.resolve("none.yaml"))
                .with(ConfigFixture.UPSTREAM)
                .read();
        assertNull(reading.config());
        assertEquals("there is no such file", reading.problems().get(0).message());
    }
}

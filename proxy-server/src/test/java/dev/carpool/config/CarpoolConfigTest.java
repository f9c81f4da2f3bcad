package dev.carpool.config;

import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

final class CarpoolConfigTest {

    private static DatabaseConfig database(CarpoolConfig config, String name) {
        DatabaseConfig database = config.database(name);
        assertNotNull(database);
        return database;
    }

    @Test
    void prefersUserOverDatabaseOverGlobal() {
        CarpoolConfig config = ConfigFixture.config(
                "pool_mode=transaction",
                "default_pool_size=20",
                "reserve_pool_size=1",
                "databases.app.pool_mode=session",
                "databases.app.pool_size=10",
                "users.joe.pool_mode=statement",
                "databases.app.session_state=warn",
                "databases.app.max_pinned_share=40",
                "users.joe.session_state=error",
                "databases.app.pin_timeout=9",
                "query_timeout=1",
                "transaction_timeout=1",
                "databases.app.query_timeout=2",
                "databases.app.transaction_timeout=2",
                "users.joe.query_timeout=3");
        DatabaseConfig app = database(config, "app");
        assertEquals(
                new PoolConfig(PoolingMode.STATEMENT, 10, 0, 1, Duration.ofSeconds(5), SessionStateMode.ERROR, 40),
                config.pool(app, "joe"));
        assertEquals(PoolingMode.SESSION, config.pool(app, "ann").mode());
        assertEquals(SessionStateMode.WARN, config.pool(app, "ann").sessionState());
        assertEquals(
                SessionStateMode.KEEP,
                config.pool(database(config, "other"), "ann").sessionState());
        assertEquals(Duration.ofSeconds(9), config.timeouts(app, "joe").pin());
        assertEquals(20, config.pool(database(config, "other"), "joe").size());
        assertEquals(Duration.ofSeconds(3), config.timeouts(app, "joe").query());
        assertEquals(Duration.ofSeconds(2), config.timeouts(app, "joe").transaction());
        assertEquals(
                Duration.ofSeconds(1),
                config.timeouts(database(config, "other"), "ann").query());
    }

    @Test
    void makesNothingNewWhereNothingDiffers() {
        CarpoolConfig config = ConfigFixture.config();
        DatabaseConfig app = database(config, "app");
        assertSame(config.pool(), config.pool(app, "joe"));
        assertSame(config.timeouts(), config.timeouts(app, "joe"));
        assertSame(config.auth(), config.auth(app));
    }

    @Test
    void countsLimitsByTheirOwnEntryFirst() {
        CarpoolConfig config = ConfigFixture.config(
                "max_db_connections=30",
                "max_db_client_connections=31",
                "max_user_connections=32",
                "max_user_client_connections=33",
                "server_lifetime=1h",
                "databases.app.max_db_connections=3",
                "databases.app.max_db_client_connections=4",
                "databases.app.server_lifetime=0",
                "users.joe.max_user_connections=5",
                "users.joe.max_user_client_connections=6");
        DatabaseConfig app = database(config, "app");
        DatabaseConfig other = database(config, "other");
        assertEquals(3, config.maxDbConnections(app));
        assertEquals(30, config.maxDbConnections(other));
        assertEquals(4, config.maxDbClientConnections(app));
        assertEquals(31, config.maxDbClientConnections(other));
        assertEquals(5, config.maxUserConnections("joe"));
        assertEquals(32, config.maxUserConnections("ann"));
        assertEquals(6, config.maxUserClientConnections("joe"));
        assertEquals(33, config.maxUserClientConnections("ann"));
        assertEquals(Duration.ZERO, config.serverLifetime(app));
        assertEquals(Duration.ofHours(1), config.serverLifetime(other));
    }

    @Test
    void asksADatabasesOwnAuthUser() {
        CarpoolConfig config = ConfigFixture.config(
                "auth_type=scram-sha-256",
                "auth_user=everywhere",
                "databases.app.auth_user=here",
                "databases.app.auth_query=q");
        assertEquals("here", config.auth(database(config, "app")).user());
        assertEquals("q", config.auth(database(config, "app")).query());
        assertEquals("everywhere", config.auth(database(config, "other")).user());
        assertEquals(
                AuthConfig.DEFAULT_QUERY, config.auth(database(config, "other")).query());
    }

    @Test
    void refusesUnknownDatabasesWithoutAWildcard() {
        CarpoolConfig config =
                ConfigReader.create().with("databases.app.host=db").read().configOrThrow();
        assertNotNull(config.database("app"));
        assertNull(config.database("other"));
    }
}

package dev.carpool.it;

import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class StartupIT {
    private ProxyUnderTest proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("default_pool_size=2");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void tellsTheClientWhatPostgresReports() throws Exception {
        try (ScriptedClient client = proxy.login();
                Connection direct = PostgresUnderTest.shared()
                        .connect(PostgresUnderTest.APP, PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD)) {
            for (String name : List.of(
                    "server_version",
                    "server_encoding",
                    "client_encoding",
                    "integer_datetimes",
                    "standard_conforming_strings",
                    "is_superuser",
                    "session_authorization",
                    "in_hot_standby",
                    "default_transaction_read_only",
                    "scram_iterations",
                    "search_path")) {
                assertEquals(
                        Sql.value(direct, "select current_setting(?)", name),
                        client.parameters().get(name),
                        name);
            }
            assertTrue(client.processId() != 0);
            assertEquals(4, client.key().length);
        }
    }

    @Test
    void honoursStartupParametersThatPostgresDoesNotReport() throws Exception {
        try (ScriptedClient client = proxy.login("extra_float_digits", "-3", "statement_timeout", "7654")) {
            assertEquals("-3", client.value("show extra_float_digits"));
            assertEquals("7654ms", client.value("show statement_timeout"));
        }
    }

    @Test
    void honoursSettingsInOptions() throws Exception {
        String options = "-c search_path=\"a\\ b\",public -c lock_timeout=4321 --work-mem=3MB -c app.tenant=t1";
        try (ScriptedClient client = proxy.login("options", options);
                ScriptedClient other = proxy.login()) {
            for (int i = 0; i < 3; i++) {
                assertEquals("a b,public", client.value("show search_path").replace("\"", ""));
                assertEquals("4321ms", client.value("show lock_timeout"));
                assertEquals("3MB", client.value("show work_mem"));
                assertEquals("t1", client.value("show app.tenant"));
                assertEquals("\"$user\", public", other.value("show search_path"));
                assertEquals("0", other.value("show lock_timeout"));
                assertEquals("4MB", other.value("show work_mem"));
                assertNotEquals("t1", other.value("select current_setting('app.tenant', true)"));
            }
        }
    }

    @Test
    void reportsTheSettingsTheClientAskedFor() throws Exception {
        try (ScriptedClient client = proxy.login(
                "application_name",
                "my app",
                "TimeZone",
                "asia/tokyo",
                "DateStyle",
                "German",
                "client_encoding",
                "LATIN1")) {
            assertEquals("my app", client.parameters().get("application_name"));
            assertEquals("Asia/Tokyo", client.parameters().get("TimeZone"));
            assertEquals("German, DMY", client.parameters().get("DateStyle"));
            assertEquals("LATIN1", client.parameters().get("client_encoding"));
            assertEquals("my app", client.value("show application_name"));
        }
    }

    @Test
    void refusesSettingsAsPostgresDoes() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            client.startup(PostgresUnderTest.APP, PostgresUnderTest.APP, "TimeZone", "Nowhere/Land");
            client.expect('R');
            client.send(Wire.password(PostgresUnderTest.APP_PASSWORD));
            Reply error = client.expectFatal();
            assertEquals("22023", error.field('C'));
            assertTrue(error.field('M').contains("TimeZone"), error::toString);
        }
        try (ScriptedClient client = proxy.client()) {
            client.startup(PostgresUnderTest.APP, PostgresUnderTest.APP, "no_such_setting", "1");
            client.expect('R');
            client.send(Wire.password(PostgresUnderTest.APP_PASSWORD));
            assertEquals("42704", client.expectFatal().field('C'));
        }
    }

    @Test
    void speaksProtocol32WithLongKeys() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            client.startup(Wire.VERSION_3_2, PostgresUnderTest.APP, PostgresUnderTest.APP);
            client.authenticate(PostgresUnderTest.APP_PASSWORD);
            assertTrue(client.key().length > 4 && client.key().length <= 256, () -> "" + client.key().length);
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
    }

    @Test
    void negotiatesNewerVersionsAndUnknownOptionsDown() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            client.startup(3 << 16 | 9999, PostgresUnderTest.APP, PostgresUnderTest.APP, "_pq_.future", "1");
            var body = client.expect('v').buffer();
            int version = body.getInt();
            assertTrue(version == 2 || version == Wire.VERSION_3_2, () -> "version " + version);
            assertEquals(1, body.getInt());
            assertEquals("_pq_.future", Reply.cstring(body));
            client.authenticate(PostgresUnderTest.APP_PASSWORD);
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
    }

    @Test
    void refusesEncryptionPolitelyWhenItHasNone() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            assertEquals('N', client.send(Wire.gssEncRequest()).nextByte());
            assertEquals('N', client.send(Wire.sslRequest()).nextByte());
            client.login(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, PostgresUnderTest.APP);
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
    }

    @Test
    void takesTheUserNameForTheDatabaseWhenThereIsNone() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            client.send(Wire.startup(Wire.VERSION_3_0, java.util.Map.of("user", PostgresUnderTest.APP)));
            client.authenticate(PostgresUnderTest.APP_PASSWORD);
            assertEquals(PostgresUnderTest.APP, client.value("select current_database()"));
        }
    }

    @Test
    void refusesUnknownProtocolsAndMissingUsers() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            client.startup(2 << 16, PostgresUnderTest.APP, PostgresUnderTest.APP);
            assertEquals("0A000", client.expectFatal().field('C'));
        }
        try (ScriptedClient client = proxy.client()) {
            client.send(Wire.startup(Wire.VERSION_3_0, java.util.Map.of("database", "app")));
            assertEquals("28000", client.expectFatal().field('C'));
        }
    }

    @Test
    void readsStartupByteByByte() throws Exception {
        try (ScriptedClient client = proxy.client()) {
            byte[] startup = Wire.startup(
                    Wire.VERSION_3_0,
                    java.util.Map.of("user", PostgresUnderTest.APP, "database", PostgresUnderTest.APP));
            for (int i = 0; i < startup.length; i++) {
                client.send(Wire.part(startup, i, i + 1));
            }
            client.authenticate(PostgresUnderTest.APP_PASSWORD);
            byte[] query = Wire.query("select 'byte by byte'");
            for (int i = 0; i < query.length; i++) {
                client.send(Wire.part(query, i, i + 1));
            }
            assertEquals("T D:byte by byte C:SELECT_1 Z:I", client.replies());
        }
    }

    @Test
    void passesReplicationConnectionsThrough() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("walker");
        postgres.execute("alter role " + role + " replication");
        try (ScriptedClient client = proxy.loginAs(role, role, "postgres", "replication", "database")) {
            String system = client.query("IDENTIFY_SYSTEM");
            assertTrue(system.startsWith("T D:") && system.endsWith("C:IDENTIFY_SYSTEM Z:I"), system);
            assertEquals("T D:1 C:SELECT_1 Z:I", client.query("select 1"));
        }
        try (ScriptedClient client = proxy.loginAs(role, role, "postgres", "replication", "true")) {
            assertTrue(client.query("IDENTIFY_SYSTEM").endsWith("C:IDENTIFY_SYSTEM Z:I"));
        }
    }

    @Test
    void closesWithoutWordsAfterTerminate() throws Exception {
        try (ScriptedClient client = proxy.login()) {
            client.send(Wire.terminate()).expectClosed();
        }
        Await.until("the session is forgotten", () -> proxy.sessions() == 0);
    }

    @Test
    void servesHundredLogins() throws Exception {
        for (int i = 0; i < 100; i++) {
            try (ScriptedClient client = proxy.login("application_name", "n" + i % 7)) {
                assertEquals("n" + i % 7, client.value("show application_name"));
            }
        }
        assertFalse(PostgresUnderTest.shared().backends(PostgresUnderTest.APP) > 3);
    }
}

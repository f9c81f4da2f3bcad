package dev.carpool.it;

import java.io.EOFException;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

/** Settings of one client are always there for it, and never for another. */
class SettingsIT {
    private static final List<String> NAMES =
            List.of("application_name", "TimeZone", "DateStyle", "client_encoding", "IntervalStyle", "search_path");
    private static final List<String> OF_A =
            List.of("client a", "Asia/Tokyo", "German, DMY", "LATIN1", "iso_8601", "pg_catalog");
    private static final List<String> OF_B =
            List.of("client b", "Europe/Rome", "ISO, YMD", "UTF8", "sql_standard", "public");

    private ProxyUnderTest proxy;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("default_pool_size=1");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private static String[] startup(List<String> values) {
        String[] parameters = new String[2 * NAMES.size()];
        for (int i = 0; i < NAMES.size(); i++) {
            parameters[2 * i] = NAMES.get(i);
            parameters[2 * i + 1] = values.get(i);
        }
        return parameters;
    }

    private static void assertHas(List<String> values, ScriptedClient client) throws Exception {
        for (int i = 0; i < NAMES.size(); i++) {
            assertEquals(values.get(i), client.value("show " + NAMES.get(i)), NAMES.get(i));
        }
    }

    @Test
    void givenAtStartupAreKeptAndDoNotLeak() throws Exception {
        try (ScriptedClient a = proxy.login(startup(OF_A));
                ScriptedClient plain = proxy.login();
                ScriptedClient b = proxy.login(startup(OF_B))) {
            String encoding = plain.value("show client_encoding");
            String style = plain.value("show DateStyle");
            for (int i = 0; i < 3; i++) {
                assertHas(OF_A, a);
                assertEquals(encoding, plain.value("show client_encoding"));
                assertEquals(style, plain.value("show DateStyle"));
                assertEquals("", plain.value("show application_name"));
                assertHas(OF_B, b);
            }
        }
    }

    @Test
    void setLaterAreKeptAndDoNotLeak() throws Exception {
        try (ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login();
                ScriptedClient plain = proxy.login()) {
            for (int i = 0; i < NAMES.size(); i++) {
                a.query("set " + NAMES.get(i) + " to '" + OF_A.get(i).replace(", ", "', '") + "'");
            }
            for (int i = 0; i < NAMES.size(); i++) {
                b.query("set " + NAMES.get(i) + " to '" + OF_B.get(i).replace(", ", "', '") + "'");
            }
            for (int i = 0; i < 3; i++) {
                assertHas(OF_A, a);
                assertEquals("", plain.value("show application_name"));
                assertHas(OF_B, b);
            }
        }
    }

    /** The bytes of a search_path in LATIN1 are two characters of which UTF-8 would make one. */
    @Test
    void textIsKeptInTheEncodingOfItsClient() throws Exception {
        try (ScriptedClient a = proxy.login("client_encoding", "LATIN1");
                ScriptedClient b = proxy.login()) {
            a.query("set search_path to \"sch\u00e9ma\"");
            assertEquals("\"sch\u00e9ma\"", a.value("show search_path"));
            assertEquals("9", a.value("select length(current_setting('search_path'))"));
            for (int i = 0; i < 3; i++) {
                assertEquals("\"$user\", public", b.value("show search_path"));
                assertEquals("\"sch\u00e9ma\"", a.value("show search_path"));
                assertEquals("9", a.value("select length(current_setting('search_path'))"));
            }
        }
    }

    @Test
    void setByFunctionOrInTheExtendedProtocolAreKeptToo() throws Exception {
        try (ScriptedClient a = proxy.login();
                ScriptedClient b = proxy.login()) {
            a.query("select set_config('application_name', 'by function', false)");
            b.exchange(Wire.extended("set application_name to extended"));
            for (int i = 0; i < 3; i++) {
                assertEquals("by function", a.value("show application_name"));
                assertEquals("extended", b.value("show application_name"));
            }
        }
    }

    @Test
    void setInARolledBackTransactionAreNotKept() throws Exception {
        try (ScriptedClient a = proxy.login("application_name", "before");
                ScriptedClient b = proxy.login("application_name", "other")) {
            a.query("begin");
            a.query("set application_name to inside");
            a.query("set local timezone to 'Asia/Tokyo'");
            assertEquals("inside", a.value("show application_name"));
            a.query("rollback");
            assertEquals("other", b.value("show application_name"));
            assertEquals("before", a.value("show application_name"));
            a.query("begin");
            a.query("set local application_name to localy");
            assertEquals("localy", a.value("show application_name"));
            a.query("commit");
            assertEquals("other", b.value("show application_name"));
            assertEquals("before", a.value("show application_name"));
        }
    }

    @Test
    void defaultsOfRoleAndDatabaseHold() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("styled");
        postgres.execute(
                "alter role " + role + " set datestyle to 'SQL, DMY'",
                "alter role " + role + " set statement_timeout to '12345'",
                "alter role " + role + " in database app set timezone to 'Asia/Kolkata'");
        try (ScriptedClient a = proxy.loginAs(role, role, "app");
                ScriptedClient b = proxy.loginAs(role, role, "app", "TimeZone", "Europe/Rome")) {
            for (int i = 0; i < 3; i++) {
                assertEquals("Asia/Kolkata", a.value("show timezone"));
                assertEquals("12345ms", a.value("show statement_timeout"));
                assertEquals("SQL, DMY", a.value("show datestyle"));
                assertEquals("Europe/Rome", b.value("show timezone"));
                assertEquals("SQL, DMY", b.value("show datestyle"));
            }
        }
    }

    @Test
    void oddValuesArePassedOnUnharmed() throws Exception {
        String odd = "it's \\ a \"name\"; drop table x --";
        try (ScriptedClient a = proxy.login("application_name", odd);
                ScriptedClient b = proxy.login("application_name", "$1 $$ %s")) {
            for (int i = 0; i < 3; i++) {
                assertEquals(odd, a.value("show application_name"));
                assertEquals("$1 $$ %s", b.value("show application_name"));
            }
        }
    }

    @Test
    void driversSeeTheirTimeZone() throws Exception {
        try (Connection a = proxy.connect("ApplicationName", "jdbc a");
                Connection b = proxy.connect("ApplicationName", "jdbc b")) {
            Sql.run(a, "set timezone to 'Asia/Tokyo'");
            Sql.run(b, "set timezone to 'UTC'");
            for (int i = 0; i < 3; i++) {
                assertEquals("jdbc a Asia/Tokyo", tell(a));
                assertEquals("jdbc b UTC", tell(b));
            }
            a.setClientInfo("ApplicationName", "renamed");
            assertEquals("jdbc b UTC", tell(b));
            assertEquals("renamed Asia/Tokyo", tell(a));
        }
    }

    private static String tell(Connection connection) throws Exception {
        return Sql.value(
                connection, "select current_setting('application_name') || ' ' || current_setting('timezone')");
    }

    @Test
    void resetGoesBackToWhatTheClientStartedWith() throws Exception {
        try (ScriptedClient a = proxy.login("application_name", "started", "TimeZone", "Asia/Tokyo");
                ScriptedClient b = proxy.login("application_name", "other")) {
            a.query("set application_name to changed");
            b.query("select 1");
            a.query("reset application_name");
            b.query("select 1");
            assertEquals("started", a.value("show application_name"));
            a.query("set timezone to 'Europe/Rome'");
            b.query("select 1");
            a.query("reset all");
            b.query("select 1");
            assertEquals("Asia/Tokyo", a.value("show timezone"));
            assertEquals("started", a.value("show application_name"));
            assertEquals("other", b.value("show application_name"));
        }
    }

    @Test
    void nothingIsAskedInTheNameOfARoleThatIsGone() throws Exception {
        PostgresUnderTest postgres = PostgresUnderTest.shared();
        String role = postgres.newRole("gone");
        String table = PostgresUnderTest.newName("writes");
        postgres.execute("grant " + role + " to app");
        try (ScriptedClient a = proxy.login("options", "-c role=" + role);
                ScriptedClient b = proxy.login()) {
            b.query("create table " + table + " (n int); grant all on " + table + " to public");
            assertEquals(role, a.value("select current_user"));
            b.query("select 1");
            postgres.execute("drop role " + role);
            assertThrows(EOFException.class, () -> a.query("insert into " + table + " values (1)"));
            assertEquals("0", b.value("select count(*) from " + table));
        }
    }
}

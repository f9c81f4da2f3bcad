package dev.carpool.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class IniFileTest {
    private static final String LISTEN = "listen_addr = localhost\n";

    @TempDir
    private Path directory;

    private ConfigFixture files;

    @BeforeEach
    void useDirectory() {
        files = new ConfigFixture(directory);
    }

    @Test
    void readsWhatOperatorsOfPgBouncerHave() {
        Path list = files.file("userlist.txt", "\"app\" \"secret\"\n");
        CarpoolConfig config = files.ini("""
                        ;; PgBouncer configuration
                        [databases]
                        app = host=db1 port=5433 dbname=production pool_size=15 reserve_pool=3
                        forced = host=db1 user=owner password='it''s' connect_query='select 1' timezone=UTC
                        * = host=db2 auth_user=lookup

                        [users]
                        report = pool_mode=transaction max_user_connections=4 query_timeout=30

                        [pgbouncer]
                        listen_addr = 0.0.0.0,::1
                        listen_port = 6433
                        auth_type = SCRAM-SHA-256
                        auth_file = %s
                        admin_users = postgres, root
                        max_client_conn = 1000
                        server_idle_timeout = 0.5
                        tcp_user_timeout = 1500
                        server_check_query = select 1 ; not a comment
                        """.formatted(list)).read().configOrThrow();

        assertEquals(2, config.listen().addresses().size());
        assertEquals("::1", config.listen().addresses().get(1).getHostString());
        assertEquals(6433, config.listen().addresses().get(1).getPort());
        assertEquals(AuthType.SCRAM_SHA_256, config.auth().type());
        assertEquals(list, config.auth().file());
        assertEquals(1000, config.limits().maxClientConnections());
        assertEquals(Duration.ofMillis(500), config.server().idleTimeout());
        assertEquals(Duration.ofMillis(1500), config.listen().tcp().userTimeout());
        assertEquals("select 1 ; not a comment", config.server().checkQuery());
        DatabaseConfig app = config.database("app");
        assertNotNull(app);
        assertEquals("production", app.dbname());
        assertEquals(15, config.pool(app, "x").size());
        assertEquals(3, config.pool(app, "x").reserveSize());
        assertEquals(PoolingMode.TRANSACTION, config.pool(app, "report").mode());
        assertEquals(Duration.ofSeconds(30), config.timeouts(app, "report").query());
        assertEquals(4, config.maxUserConnections("report"));
        DatabaseConfig forced = config.database("forced");
        assertNotNull(forced);
        assertEquals("owner", forced.forcedUser());
        assertEquals(Secret.of("it's"), forced.password());
        assertEquals(Map.of("timezone", "UTC"), forced.parameters());
        DatabaseConfig any = config.database("any");
        assertNotNull(any);
        assertEquals("lookup", config.auth(any).user());
    }

    @Test
    void behavesAsUnderPgBouncerWhereDefaultsDiffer() {
        CarpoolConfig config = files.ini("[databases]\napp = host=db\n[pgbouncer]\n" + LISTEN)
                .read()
                .configOrThrow();
        assertEquals(PoolingMode.SESSION, config.pool().mode());
        assertEquals(AuthType.MD5, config.auth().type());
        assertEquals(Duration.ofMinutes(2), config.timeouts().queryWait());
        assertEquals(100, config.limits().maxClientConnections());
        assertEquals(0, config.limits().maxServerConnections());
        assertNull(config.admin().http());
        assertNull(config.database("unknown"));
    }

    @Test
    void letsFlagsAndEnvironmentOverrideTheIni() {
        CarpoolConfig config = files.ini("[databases]\napp = host=db\n[pgbouncer]\npool_mode = session\n")
                .withEnvironment(Map.of("CARPOOL_LISTEN_ADDR", "127.0.0.1", "CARPOOL_POOL_MODE", "statement"))
                .with("pool_mode=transaction")
                .with("databases.app.pool_size=9")
                .read()
                .configOrThrow();
        DatabaseConfig app = config.database("app");
        assertNotNull(app);
        assertEquals(
                new PoolConfig(PoolingMode.TRANSACTION, 9, 0, 0, Duration.ofSeconds(5), SessionStateMode.KEEP, 0),
                config.pool(app, "u"));
    }

    @Test
    void readsIntegersOfTheMainSectionInCNotation() {
        CarpoolConfig config = files.ini("""
                        [pgbouncer]
                        listen_addr = localhost
                        default_pool_size = 010
                        max_client_conn = 0x20
                        unix_socket_mode = 0777
                        [databases]
                        app = host=db pool_size=010
                        """).read().configOrThrow();
        assertEquals(8, config.pool().size());
        assertEquals(32, config.limits().maxClientConnections());
        DatabaseConfig app = config.database("app");
        assertNotNull(app);
        assertEquals(10, config.pool(app, "u").size());
    }

    @Test
    void takesUnitsAsWell() {
        CarpoolConfig config = files.ini("[databases]\napp=host=db\n[pgbouncer]\n" + LISTEN
                        + "server_lifetime=2h\nserver_round_robin=on\n")
                .read()
                .configOrThrow();
        assertEquals(Duration.ofHours(2), config.server().lifetime());
        assertTrue(config.server().roundRobin());
    }

    @Test
    void continuesTheSectionAcrossAnIncludedFile() {
        Path more = files.file("more.ini", "pool_mode = transaction\n[databases]\n");
        CarpoolConfig config = files.ini("[pgbouncer]\n%include " + more + "\napp = host=db\n[pgbouncer]\n" + LISTEN)
                .read()
                .configOrThrow();
        assertEquals(PoolingMode.TRANSACTION, config.pool().mode());
        assertNotNull(config.database("app"));
    }

    @Test
    void namesTheIncludedFileInItsProblems() {
        Path more = files.file("more.ini", "\npool_mode = sometimes\n");
        assertEquals(
                List.of("more.ini:2: pool_mode: \"sometimes\" is none of transaction, session, statement"),
                files.problems(files.ini("[databases]\na=host=b\n[pgbouncer]\n" + LISTEN + "%include " + more + "\n")));
    }

    @Test
    void stopsAtFilesThatIncludeThemselves() {
        Path loop = files.file("loop.ini", "");
        files.file("loop.ini", "%include " + loop + "\n");
        List<String> problems =
                files.problems(files.ini("[databases]\na=host=b\n[pgbouncer]\n" + LISTEN + "%include " + loop + "\n"));
        assertEquals(List.of("loop.ini:1: %include: files include each other more than 10 deep"), problems);
    }

    @Test
    void takesQuotedNames() {
        CarpoolConfig config = files.ini("[pgbouncer]\n" + LISTEN
                        + "[databases]\n'my db' = host=a\n\"her \"\"db\"\"\" = host=b\nit.s-1* = host=c\n")
                .read()
                .configOrThrow();
        assertEquals(
                List.of("my db", "her \"db\"", "it.s-1*"),
                List.copyOf(config.databases().keySet()));
    }

    @Test
    void reportsAllSyntaxErrorsAndGoesOn() {
        assertEquals(
                List.of(
                        "pgbouncer.ini:1: pool_mode: stands before the first section",
                        "pgbouncer.ini:2: [database]: unknown section; did you mean databases?",
                        "pgbouncer.ini:5: pool_mod: unknown setting; did you mean pool_mode?",
                        "pgbouncer.ini:6: syntax error: neither a section, nor key = value, nor a comment",
                        "pgbouncer.ini:8: databases.app: is not a list of key=value",
                        "pgbouncer.ini:9: databases.two.sslmode: unknown setting"),
                files.problems(files.ini("""
                        pool_mode = session
                        [database]
                        [pgbouncer]
                        listen_addr = *
                        pool_mod = session
                        what is this
                        [databases]
                        app = host
                        two = host=db sslmode=require
                        """)));
    }

    @Test
    void letsTheLastOfTwoEntriesWin() {
        ConfigReading reading = files.ini(
                        "[pgbouncer]\n" + LISTEN + "[databases]\napp = host=one pool_size=3\napp = host=two\n")
                .read();
        DatabaseConfig app = reading.configOrThrow().database("app");
        assertNotNull(app);
        assertEquals("two", app.host());
        assertEquals(PoolOverrides.NONE, app.pool());
        assertTrue(reading.notices().stream().anyMatch(notice -> notice.key().equals("databases.app")));
    }

    @Test
    void acceptsWhatItDoesNotDoWithOneNoticeEach() {
        List<String> notices = files.notices(files.ini("""
                [pgbouncer]
                listen_addr = localhost
                auth_type = trust
                pool_mode = transaction
                max_client_conn = 10
                max_server_connections = 50
                ignore_startup_parameters = extra_float_digits
                pidfile = /run/pgbouncer.pid
                pkt_buf = 4096
                logfile =
                [peers]
                1 = host=other
                [databases]
                app =
                """));
        assertEquals(
                List.of(
                        "pgbouncer.ini:7: ignore_startup_parameters: has no effect: not needed: every startup parameter"
                                + " is accepted and honoured",
                        "pgbouncer.ini:8: pidfile: has no effect: no such file is written",
                        "pgbouncer.ini:12: peers.1: has no effect: cancel requests are not passed on to other processes",
                        "pgbouncer.ini:14: databases.app: has no host: PgBouncer would use a Unix socket, Carpool uses"
                                + " localhost"),
                notices);
    }

    @Test
    void refusesWhatItCannotDoSafely() {
        assertEquals(
                List.of(
                        "pgbouncer.ini:1: listen_addr: nothing to listen on: Carpool has no Unix sockets, so an address"
                                + " or * is needed here",
                        "pgbouncer.ini:2: auth_type: \"ldap\" is none of passthrough, scram-sha-256, md5, plain, trust,"
                                + " cert, hba, reject, any",
                        "pgbouncer.ini:3: disable_pqexec: cannot be done safely: the simple query protocol cannot be"
                                + " forbidden",
                        "pgbouncer.ini:5: databases.a.host: \"h1,h2\" is more than one host; an entry has one",
                        "pgbouncer.ini:6: databases.b.host: \"/tmp\" is a Unix socket; Carpool connects over TCP only"),
                files.problems(files.ini("""
                                [pgbouncer]
                                auth_type = ldap
                                disable_pqexec = 1
                                [databases]
                                a = host=h1,h2
                                b = host=/tmp
                                """)).stream()
                        .map(line -> line.replace("pgbouncer.ini: ", "pgbouncer.ini:1: "))
                        .toList());
    }

    @Test
    void takesMinusOneInEntriesForNotSet() {
        CarpoolConfig config = files.ini(
                        "[pgbouncer]\n" + LISTEN + "[databases]\napp = host=db pool_size=-1 query_wait_timeout=-1\n")
                .read()
                .configOrThrow();
        DatabaseConfig app = config.database("app");
        assertNotNull(app);
        assertEquals(PoolOverrides.NONE, app.pool());
        assertEquals(TimeoutOverrides.NONE, app.timeouts());
    }

    @Test
    void recognizesTheFormatByContentWhenTheNameDoesNotTell() {
        Path file = files.file("bouncer.conf", "; old\n\n[databases]\napp = host=db\n[pgbouncer]\n" + LISTEN);
        assertEquals(
                PoolingMode.SESSION,
                ConfigReader.create()
                        .withFile(file)
                        .read()
                        .configOrThrow()
                        .pool()
                        .mode());
    }

    @Test
    void toleratesWindowsLineEnds() {
        CarpoolConfig config = files.ini("[databases]\r\napp = host=db\r\n[pgbouncer]\r\nlisten_addr = localhost\r\n")
                .read()
                .configOrThrow();
        DatabaseConfig app = config.database("app");
        assertNotNull(app);
        assertEquals("db", app.host());
    }

    @Test
    void refusesToStayRootWhenItShouldBecomeAnotherUser() {
        Given user = new Given(SettingPath.global("user"), "postgres", Origin.file("x.ini"), Dialect.PGBOUNCER);
        PgBouncerOnly row = PgBouncerOnly.find(Scope.GLOBAL, "user");
        assertNotNull(row);
        Problems asRoot = new Problems();
        Problems asOther = new Problems();
        Problems asThatUser = new Problems();
        row.report(user, asRoot, "root");
        row.report(user, asOther, "joe");
        row.report(user, asThatUser, "postgres");
        assertEquals(1, asRoot.problems().size());
        assertEquals(1, asOther.notices().size());
        assertEquals(List.of(), asThatUser.problems());
        assertEquals(List.of(), asThatUser.notices());
    }
}

package dev.carpool.it;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.carpool.driver.CarpoolDataSource;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The project's own driver, and pgjdbc's whole API through it. */
class DriverIT {
    private static final String APP = PostgresUnderTest.APP;
    private static final String PASSWORD = PostgresUnderTest.APP_PASSWORD;

    private static String url(ProxyUnderTest proxy) {
        return "jdbc:carpool:postgresql://" + proxy.host() + ":" + proxy.port() + "/" + APP;
    }

    @Test
    void connectsThroughDriverManager() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start();
                Connection connection =
                        DriverManager.getConnection(url(proxy) + "?ApplicationName=by+url", APP, PASSWORD)) {
            assertEquals("by url", Sql.value(connection, "show application_name"));
            assertEquals("PostgreSQL", connection.getMetaData().getDatabaseProductName());
        }
    }

    @Test
    void connectsThroughTheDataSource() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            CarpoolDataSource source = new CarpoolDataSource();
            source.setUrl(url(proxy));
            try (Connection connection = source.getConnection(APP, PASSWORD)) {
                assertEquals(APP, Sql.value(connection, "select current_user"));
            }
        }
    }

    @Test
    void triesTheNextHost() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        try (ProxyUnderTest proxy = ProxyUnderTest.start();
                Connection connection = DriverManager.getConnection(
                        "jdbc:carpool:postgresql://127.0.0.1:" + closed + ",127.0.0.1:" + proxy.port() + "/app",
                        APP,
                        PASSWORD)) {
            assertEquals("1", Sql.value(connection, "select 1"));
        }
    }

    @Test
    void waitsForAProxyThatStarts() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        Background<String> early = Background.start(() -> {
            try (Connection connection = DriverManager.getConnection(
                    "jdbc:carpool:postgresql://127.0.0.1:" + port + "/app", APP, PASSWORD)) {
                return Sql.value(connection, "select 'patient'");
            }
        });
        try (ProxyUnderTest proxy = ProxyUnderTest.start("listen_port=" + port)) {
            assertEquals("patient", early.result());
            assertEquals(port, proxy.port());
        }
    }

    @Test
    void reportsWrongPasswordsAtOnce() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            assertEquals(
                    "28P01",
                    Sql.state(() -> DriverManager.getConnection(url(proxy), APP, "wrong")
                            .close()));
        }
    }

    @Test
    void servesLargeObjects() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                Connection connection = DriverManager.getConnection(url(proxy), APP, PASSWORD)) {
            connection.setAutoCommit(false);
            LargeObjectManager objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();
            long id = objects.createLO();
            byte[] content = "0123456789".repeat(100_000).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            try (LargeObject object = objects.open(id, LargeObjectManager.WRITE)) {
                object.write(content);
            }
            connection.commit();
            try (LargeObject object = objects.open(id, LargeObjectManager.READ)) {
                assertEquals(content.length, object.size());
                object.seek(500_003);
                assertEquals("34567", new String(object.read(5), java.nio.charset.StandardCharsets.US_ASCII));
            }
            objects.delete(id);
            connection.commit();
        }
    }

    @Test
    void keepsBatchesKeysAndWarnings() throws Exception {
        String table = PostgresUnderTest.newName("batched");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=1");
                Connection connection =
                        DriverManager.getConnection(url(proxy) + "?reWriteBatchedInserts=true", APP, PASSWORD)) {
            Sql.run(connection, "create table " + table + " (id serial primary key, t text)");
            try (PreparedStatement insert = connection.prepareStatement(
                    "insert into " + table + " (t) values (?)", PreparedStatement.RETURN_GENERATED_KEYS)) {
                for (int i = 0; i < 1000; i++) {
                    insert.setString(1, "row " + i);
                    insert.addBatch();
                }
                assertEquals(1000, insert.executeBatch().length);
                try (ResultSet keys = insert.getGeneratedKeys()) {
                    int count = 0;
                    while (keys.next()) {
                        count++;
                    }
                    assertEquals(1000, count);
                }
            }
            try (var statement = connection.createStatement()) {
                statement.execute("do $$ begin raise warning 'careful'; end $$");
                assertEquals("careful", statement.getWarnings().getMessage());
            }
            assertEquals("1000", Sql.value(connection, "select count(*) from " + table));
        }
    }

    @Test
    void twoHundredConnectionsOfHikariShareFive() throws Exception {
        String table = PostgresUnderTest.newName("accounts");
        try (ProxyUnderTest proxy = ProxyUnderTest.start("default_pool_size=5")) {
            HikariConfig config = new HikariConfig();
            config.setJdbcUrl(url(proxy));
            config.setUsername(APP);
            config.setPassword(PASSWORD);
            config.setMaximumPoolSize(200);
            config.setMinimumIdle(200);
            config.setConnectionTimeout(60_000);
            config.addDataSourceProperty("ApplicationName", "orders");
            config.addDataSourceProperty("prepareThreshold", "1");
            try (HikariDataSource source = new HikariDataSource(config)) {
                try (Connection connection = source.getConnection()) {
                    Sql.run(
                            connection,
                            "create table " + table + " (id int primary key, balance int not null)",
                            "insert into " + table + " select i, 100 from generate_series(0, 199) i");
                }
                CyclicBarrier allConnected = new CyclicBarrier(200);
                List<Background<Boolean>> workers = new ArrayList<>();
                for (int i = 0; i < 200; i++) {
                    int number = i;
                    workers.add(Background.start(() -> {
                        try (Connection connection = source.getConnection()) {
                            allConnected.await();
                            for (int round = 0; round < 10; round++) {
                                transfer(connection, table, number, (number + 1 + round) % 200);
                            }
                            return true;
                        }
                    }));
                }
                for (Background<Boolean> worker : workers) {
                    assertTrue(worker.result(120));
                }
                assertTrue(proxy.open() <= 5, () -> proxy.open() + " server connections");
                assertEquals(200, proxy.sessions());
                try (Connection connection = source.getConnection()) {
                    assertEquals("20000", Sql.value(connection, "select sum(balance) from " + table));
                }
            }
            Await.until("all have left", () -> proxy.sessions() == 0);
        }
    }

    private static void transfer(Connection connection, String table, int from, int to) throws Exception {
        connection.setAutoCommit(false);
        try (PreparedStatement change =
                connection.prepareStatement("update " + table + " set balance = balance + ? where id = ?")) {
            // In one order everywhere, so that no two transactions wait for each other.
            for (int id : new int[] {Math.min(from, to), Math.max(from, to)}) {
                change.setInt(1, id == from ? -1 : 1);
                change.setInt(2, id);
                assertEquals(1, change.executeUpdate());
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
        assertEquals("orders", Sql.value(connection, "show application_name"));
    }

    @Test
    void leavesTheCallersPropertiesAlone() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            Properties properties = new Properties();
            properties.setProperty("user", APP);
            properties.setProperty("password", PASSWORD);
            Properties before = (Properties) properties.clone();
            DriverManager.getConnection(url(proxy), properties).close();
            assertEquals(before, properties);
        }
    }
}

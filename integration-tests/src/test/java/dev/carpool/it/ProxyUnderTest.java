package dev.carpool.it;

import dev.carpool.CarpoolProxy;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.ConfigReader;
import dev.carpool.config.ConfigReading;
import dev.carpool.config.Transport;
import dev.carpool.pool.ServerPool;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * A proxy in this JVM, on a free port of 127.0.0.1. Settings are given as {@code --set} takes them. Its transport is
 * {@code -Dcarpool.it.transport} (auto).
 */
final class ProxyUnderTest implements AutoCloseable {
    /** As the setting takes it. */
    static final String TRANSPORT = System.getProperty("carpool.it.transport", "auto");

    private final CarpoolProxy proxy;

    private ProxyUnderTest(CarpoolProxy proxy) {
        this.proxy = proxy;
    }

    /** In front of the shared PostgreSQL, for any database and user. */
    static ProxyUnderTest start(String... settings) throws Exception {
        String upstream = PostgresUnderTest.shared().url();
        return start(ConfigReader.create().with("--upstream", "upstream=" + upstream), settings);
    }

    /**
     * As {@link #start}, with so many open server connections, which requests of the ordinary role use in turn. With more
     * than one event loop a connection that has to move would be overtaken.
     */
    static ProxyUnderTest inTurn(int connections) throws Exception {
        ProxyUnderTest proxy = start("default_pool_size=" + connections, "server_round_robin=1", "event_loops=1");
        List<ScriptedClient> holders = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            ScriptedClient holder = proxy.login();
            holders.add(holder);
            holder.query("begin");
        }
        for (ScriptedClient holder : holders) {
            holder.query("commit");
            holder.leave();
        }
        proxy.awaitTurn();
        return proxy;
    }

    /**
     * Settings for a proxy each of whose clients can be given each server connection: with io_uring, whose connections stay on
     * their event loop, there is only one loop.
     */
    static String[] sharing(String... settings) {
        if (!TRANSPORT.equals("io_uring")) {
            return settings;
        }
        String[] all = Arrays.copyOf(settings, settings.length + 1);
        all[settings.length] = "event_loops=1";
        return all;
    }

    /** In front of another server. */
    static ProxyUnderTest inFrontOf(String upstream, String... settings) throws Exception {
        // Such servers have no catalog to search.
        ConfigReader reader = ConfigReader.create()
                .with("--upstream", "upstream=" + upstream)
                .with("test", "server_function_check_delay=0");
        return start(reader, settings);
    }

    /** With a configuration file. */
    static ProxyUnderTest fromFile(Path file, String... settings) throws Exception {
        return start(ConfigReader.create().withFile(file), settings);
    }

    private static ProxyUnderTest start(ConfigReader reader, String... settings) throws Exception {
        CarpoolConfig config = read(reader, settings);
        CarpoolProxy proxy = CarpoolProxy.start(config);
        Transport wanted = config.runtime().transport();
        if (wanted != Transport.AUTO && proxy.transport() != wanted) {
            proxy.close();
            throw new IllegalStateException("transport " + wanted + " is not available here");
        }
        return new ProxyUnderTest(proxy);
    }

    private static CarpoolConfig read(ConfigReader reader, String... settings) {
        ConfigReader all = reader.with("listen=127.0.0.1:0")
                .with("admin_listen=")
                .with("log_stats=false")
                .with("transport=" + TRANSPORT);
        for (String setting : settings) {
            all = all.with(setting);
        }
        ConfigReading reading = all.read();
        CarpoolConfig config = reading.config();
        if (config == null) {
            throw new IllegalArgumentException(ConfigReading.lines(reading.problems()));
        }
        return config;
    }

    /** Puts other settings in force, as a reload does. */
    void reload(String... settings) throws Exception {
        proxy.reload(read(
                ConfigReader.create()
                        .with(
                                "--upstream",
                                "upstream=" + PostgresUnderTest.shared().url()),
                settings));
    }

    CarpoolProxy proxy() {
        return proxy;
    }

    InetSocketAddress address() {
        return proxy.addresses().get(0);
    }

    String host() {
        return address().getAddress().getHostAddress();
    }

    int port() {
        return address().getPort();
    }

    /** For pgjdbc, without user and password. */
    String jdbcUrl(String database) {
        return "jdbc:postgresql://" + host() + ":" + port() + "/" + database;
    }

    /** The ordinary role in its own database, through the proxy. */
    Connection connect(String... properties) throws SQLException {
        return connectAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, PostgresUnderTest.APP, properties);
    }

    /** @param properties names and values of pgjdbc's connection properties, in turn */
    Connection connectAs(String user, String password, String database, String... properties) throws SQLException {
        Properties all = new Properties();
        all.setProperty("user", user);
        all.setProperty("password", password);
        all.setProperty("connectTimeout", "10");
        all.setProperty("socketTimeout", "60");
        for (int i = 0; i < properties.length; i += 2) {
            all.setProperty(properties[i], properties[i + 1]);
        }
        return DriverManager.getConnection(jdbcUrl(database), all);
    }

    /** A raw connection, before its startup message. */
    ScriptedClient client() throws Exception {
        return ScriptedClient.connect(address());
    }

    /** A raw connection of the ordinary role, logged in. */
    ScriptedClient login(String... parameters) throws Exception {
        return loginAs(PostgresUnderTest.APP, PostgresUnderTest.APP_PASSWORD, PostgresUnderTest.APP, parameters);
    }

    ScriptedClient loginAs(String user, String password, String database, String... parameters) throws Exception {
        return client().login(user, password, database, parameters);
    }

    int sessions() {
        return List.copyOf(proxy.sessions().all()).size();
    }

    /** Sessions that queue for a server connection, over all pools. */
    int waiting() {
        return proxy.pools().pools().stream()
                .mapToInt(pool -> pool.snapshot().waiting())
                .sum();
    }

    /** Server connections that nobody uses, over all pools. */
    int idle() {
        return proxy.pools().pools().stream()
                .mapToInt(pool -> pool.snapshot().idle())
                .sum();
    }

    /** Waits for the questions behind transactions: what is asked of a server connection makes it miss its turn. */
    void awaitTurn() throws Exception {
        Await.until(
                "server connections are idle or pinned",
                () -> proxy.pools().pools().stream()
                        .map(ServerPool::snapshot)
                        .allMatch(pool -> pool.idle() + pool.pinned() == pool.open()));
    }

    /** Server connections, over all pools. */
    int open() {
        return proxy.pools().pools().stream()
                .mapToInt(pool -> pool.snapshot().open())
                .sum();
    }

    void stop(Duration grace) {
        proxy.stop(grace);
    }

    @Override
    public void close() {
        proxy.close();
    }
}

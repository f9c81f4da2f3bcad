package dev.carpool.driver;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.hostchooser.HostRequirement;

/** Everything one connect call needs to know, after URL, properties and defaults are merged in pgjdbc's order. */
final class LoginPlan {
    private final List<String> hosts;
    private final @Nullable String database;
    private final Properties properties;
    private final HostRequirement hostRequirement;
    private final LoginTimeout timeout;
    private final RetryPolicy retry;

    private LoginPlan(Properties resolved, LoginTimeout timeout, RetryPolicy retry) throws SQLException {
        this.hosts = hosts(resolved);
        this.database = PGProperty.PG_DBNAME.getOrNull(resolved);
        this.properties = withoutAddress(resolved);
        this.hostRequirement = hostRequirement(resolved);
        this.timeout = timeout;
        this.retry = retry;
    }

    /**
     * Merges and checks. Of a name given twice the URL wins, then {@code given}, then {@code pg_service.conf}, then
     * {@link PgDefaults}. {@code given} is only read.
     *
     * @param dataSourceSeconds login timeout of the data source; 0 when there is none
     * @param driverManagerSeconds login timeout of the DriverManager; 0 when there is none
     * @throws SQLException with SQLSTATE 22023 when something is wrong with it
     */
    static LoginPlan of(CarpoolUrl url, Properties given, int dataSourceSeconds, int driverManagerSeconds)
            throws SQLException {
        RetryPolicy retry = RetryPolicy.read(carpoolProperties(url, given));
        Properties resolved = org.postgresql.Driver.parseURL(url.forPgjdbc(), pgjdbcProperties(given));
        if (resolved == null) {
            throw new SQLException(
                    "carpool: wrong URL or properties: there must be as many ports as hosts, and a service must be in"
                            + " pg_service.conf; the logger org.postgresql says more",
                    SqlStates.INVALID_PARAMETER_VALUE);
        }
        String loginTimeout = PGProperty.LOGIN_TIMEOUT.getOrNull(resolved);
        return new LoginPlan(resolved, LoginTimeout.of(loginTimeout, dataSourceSeconds, driverManagerSeconds), retry);
    }

    RetryPolicy retry() {
        return retry;
    }

    LoginTimeout timeout() {
        return timeout;
    }

    /** Whether a host that is up may still be the wrong one, so that "none found" can change with time. */
    boolean wantsCertainServer() {
        return hostRequirement != HostRequirement.any;
    }

    /** Whether the first attempt, over several hosts at once, must leave time to ask each of them. */
    boolean leavesTimeForRetry() {
        return retry.enabled() && hosts.size() > 1 && !wantsCertainServer();
    }

    /** The URL with all hosts, for the first attempt. Shows no parameters. */
    String url() {
        return url(String.join(",", hosts));
    }

    /**
     * The URLs to try one after the other in a further round. Each host has its own, so that the error of each is seen:
     * pgjdbc reports only the last one's. With a targetServerType pgjdbc needs to see all hosts at once.
     *
     * @param random from 0 to 1, chooses the first host when loadBalanceHosts is on
     */
    List<String> urlsForRetry(double random) {
        if (wantsCertainServer()) {
            return List.of(url());
        }
        List<String> urls = new ArrayList<>();
        hosts.forEach(host -> urls.add(url(host)));
        if (PGProperty.LOAD_BALANCE_HOSTS.getBoolean(properties)) {
            Collections.rotate(urls, (int) (random * urls.size()));
        }
        return urls;
    }

    /** A fresh copy of pgjdbc's properties for an attempt with this much time left. */
    Properties properties(Duration left) {
        Properties copy = new Properties();
        copy.putAll(properties);
        PGProperty.LOGIN_TIMEOUT.set(copy, timeout.forAttempt(left));
        return copy;
    }

    /** Hosts and ports. */
    @Override
    public String toString() {
        return String.join(",", hosts);
    }

    /** A fresh copy of what is not ours, with {@link PgDefaults} behind it. */
    static Properties pgjdbcProperties(Properties given) {
        Properties properties = PgDefaults.asDefaults();
        for (String name : given.stringPropertyNames()) {
            if (!CarpoolProperty.isOurs(name)) {
                properties.setProperty(name, given.getProperty(name));
            }
        }
        return properties;
    }

    /** What is ours, from both places. Values that are no strings count as their text. */
    static Map<String, String> carpoolProperties(CarpoolUrl url, Properties given) {
        Map<String, String> ours = new HashMap<>();
        for (String name : given.stringPropertyNames()) {
            if (CarpoolProperty.isOurs(name)) {
                ours.put(name, given.getProperty(name));
            }
        }
        given.forEach((name, value) -> {
            if (CarpoolProperty.isOurs(name.toString())) {
                ours.put(name.toString(), value.toString());
            }
        });
        ours.putAll(url.carpoolParameters());
        return ours;
    }

    private String url(String address) {
        String path = database == null ? "" : URLEncoder.encode(database, StandardCharsets.UTF_8);
        return "jdbc:postgresql://" + address + "/" + path;
    }

    private static List<String> hosts(Properties resolved) {
        String[] hosts = resolved.getProperty(PGProperty.PG_HOST.getName(), "").split(",");
        String[] ports = resolved.getProperty(PGProperty.PG_PORT.getName(), "").split(",");
        List<String> addresses = new ArrayList<>();
        for (int i = 0; i < hosts.length; i++) {
            addresses.add(hosts[i] + ":" + ports[i]);
        }
        return List.copyOf(addresses);
    }

    private static Properties withoutAddress(Properties resolved) {
        Properties rest = new Properties();
        rest.putAll(resolved);
        for (PGProperty address : List.of(PGProperty.PG_HOST, PGProperty.PG_PORT, PGProperty.PG_DBNAME)) {
            rest.remove(address.getName());
        }
        return rest;
    }

    private static HostRequirement hostRequirement(Properties resolved) throws SQLException {
        String text = resolved.getProperty(PGProperty.TARGET_SERVER_TYPE.getName(), HostRequirement.any.name());
        try {
            return HostRequirement.getTargetServerType(text);
        } catch (IllegalArgumentException e) {
            throw new SQLException(
                    "carpool: targetServerType must not be '" + text + "'", SqlStates.INVALID_PARAMETER_VALUE, e);
        }
    }
}

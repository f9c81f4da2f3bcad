package dev.carpool.metrics;

import dev.carpool.pool.HostSnapshot;
import dev.carpool.pool.PoolSnapshot;
import dev.carpool.relay.LatencyHistogram;
import dev.carpool.relay.PinReason;
import dev.carpool.relay.SessionStateStats;
import dev.carpool.relay.TrafficStats;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Map;

/**
 * Everything that comes and goes: pools, databases, hosts. Read as a whole at each scrape, so that a pool that was
 * forgotten is gone from the next one.
 */
final class PoolCollector implements MultiCollector {
    /** With more databases the histograms are those of all together: 80 lines for each would be too much. */
    static final int MOST_HISTOGRAMS = 200;

    /** The label of histograms over all databases. */
    static final String ALL = "*";

    private final MonitoredProxy proxy;

    PoolCollector(MonitoredProxy proxy) {
        this.proxy = proxy;
    }

    @Override
    public MetricSnapshots collect() {
        ProxyReading reading = ProxyReading.of(proxy);
        Families families = new Families();
        for (DatabaseReading database : reading.databases()) {
            database(families, database);
            for (PoolReading pool : database.pools()) {
                pool(families, pool);
            }
        }
        if (reading.databases().size() <= MOST_HISTOGRAMS) {
            reading.databases().forEach(database -> histograms(families, database.name(), database.traffic()));
        } else {
            histograms(families, ALL, reading.traffic());
        }
        reading.databases().forEach(database -> sessionState(families, database));
        proxy.pools().hosts().forEach((name, host) -> host(families, name, host));
        return families.build();
    }

    private void database(Families families, DatabaseReading database) {
        Labels labels = Labels.of("database", database.name());
        boolean down = database.status().equals("down");
        families.gauge("carpool_database_up", "0 when the last login failed and no connection is left", labels)
                .value(down ? 0 : 1);
        families.gauge("carpool_database_paused", "1 while PAUSE is in force", labels)
                .value(database.isPaused() ? 1 : 0);
        families.gauge("carpool_database_disabled", "1 while DISABLE is in force", labels)
                .value(database.isDisabled() ? 1 : 0);
        families.gauge("carpool_database_clients", "Client sessions", labels)
                .value(proxy.sessions().ofDatabase(database.name()));
        families.gauge(
                        "carpool_database_max_server_connections",
                        "The tighter of the database's cap and its host's; 0 is no limit",
                        labels)
                .value(database.max());
        families.gauge("carpool_database_round_trip_seconds", "Last check of an idle connection", labels)
                .value(database.roundTripNanos() / 1e9);
    }

    private static void pool(Families families, PoolReading reading) {
        Labels labels = Labels.of("database", reading.database(), "user", reading.user());
        Load load = reading.load();
        connections(families, "carpool_pool_server_connections", labels, load);
        families.gauge("carpool_pool_waiting_clients", "Client sessions waiting for a server connection", labels)
                .value(load.waiting());
        families.gauge("carpool_pool_longest_wait_seconds", "How long the first of them has waited", labels)
                .value(load.longestWaitNanos() / 1e9);
        families.gauge(
                        "carpool_pool_pinned_sessions",
                        "Client sessions that keep their server connection between transactions",
                        labels)
                .value(load.pinned());
        PoolSnapshot pool = reading.pool();
        families.gauge("carpool_pool_max_server_connections", "Pool size and reserve; 0 is no limit", labels)
                .value(pool.size() == 0 ? 0 : pool.size() + pool.reserve());
        traffic(families, labels, reading.traffic());
    }

    private static void connections(Families families, String name, Labels labels, Load load) {
        Map<String, Integer> states = Map.of(
                "in_use", load.inUse(),
                "idle", load.idle(),
                "opening", load.opening(),
                "closing", Math.max(0, load.open() - load.inUse() - load.idle() - load.opening()));
        for (String state : List.of("in_use", "idle", "opening", "closing")) {
            families.gauge(name, "Server connections by state", labels.add("state", state))
                    .value(states.getOrDefault(state, 0));
        }
    }

    private static void traffic(Families families, Labels labels, TrafficStats traffic) {
        families.counter("carpool_transactions", "Transactions", labels, traffic.transactions());
        families.counter("carpool_queries", "Queries: requests up to ReadyForQuery", labels, traffic.queries());
        families.counter("carpool_received_bytes", "Bytes from clients", labels, traffic.bytesReceived());
        families.counter("carpool_sent_bytes", "Bytes to clients", labels, traffic.bytesSent());
        families.counter("carpool_checkouts", "Server connections handed to clients", labels, traffic.checkouts());
        families.counter("carpool_logins", "Clients logged in", labels, traffic.logins());
        families.counter("carpool_client_parses", "Parse messages from clients", labels, traffic.clientParses());
        families.counter("carpool_server_parses", "Parse messages to servers", labels, traffic.serverParses());
        families.counter("carpool_binds", "Bind messages from clients", labels, traffic.binds());
    }

    private static void sessionState(Families families, DatabaseReading database) {
        Labels labels = Labels.of("database", database.name());
        SessionStateStats state = database.traffic().sessionState();
        for (PinReason reason : PinReason.values()) {
            families.counter(
                    "carpool_pins",
                    "Sessions that got pinned",
                    labels.add("reason", reason.text()),
                    state.pins(reason));
        }
        String help = "Questions for what a session holds: \"state\" names what it asks for, \"sweep\" asks for all";
        families.counter("carpool_probes", help, labels.add("kind", "state"), state.stateProbes());
        families.counter("carpool_probes", help, labels.add("kind", "sweep"), state.sweeps());
        families.counter("carpool_probe_failures", "Such questions that failed", labels, state.probeFailures());
        families.counter("carpool_syncs", "Settings given to a server connection for a session", labels, state.syncs());
    }

    private static void histograms(Families families, String database, TrafficStats traffic) {
        Labels labels = Labels.of("database", database);
        histogram(
                families,
                "carpool_wait_seconds",
                "Wait for a server connection",
                labels,
                traffic.waits(),
                traffic.waitNanos());
        histogram(
                families,
                "carpool_transaction_seconds",
                "Time of a transaction",
                labels,
                traffic.transactionTimes(),
                traffic.transactionNanos());
        histogram(
                families,
                "carpool_query_seconds",
                "Time of a query",
                labels,
                traffic.queryTimes(),
                traffic.queryNanos());
    }

    private static void histogram(
            Families families, String name, String help, Labels labels, LatencyHistogram times, long sumNanos) {
        families.histogram(name, help, labels, Buckets.of(times), sumNanos / 1e9);
    }

    private static void host(Families families, String name, HostSnapshot host) {
        Labels labels = Labels.of("host", name);
        int others = Math.max(0, host.open() - host.inUse() - host.idle());
        String help = "Server connections by state; \"other\" is opening or closing";
        families.gauge("carpool_host_server_connections", help, labels.add("state", "in_use"))
                .value(host.inUse());
        families.gauge("carpool_host_server_connections", help, labels.add("state", "idle"))
                .value(host.idle());
        families.gauge("carpool_host_server_connections", help, labels.add("state", "other"))
                .value(others);
        families.gauge("carpool_host_waiting_clients", "Client sessions waiting for a server connection", labels)
                .value(host.waiting());
        families.gauge("carpool_host_max_server_connections", "max_server_connections; 0 is no limit", labels)
                .value(host.cap());
    }
}

package dev.carpool.metrics;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.LimitsConfig;
import dev.carpool.pool.HostSnapshot;
import dev.carpool.pool.PoolSnapshot;
import dev.carpool.relay.SessionStateStats;
import dev.carpool.relay.TrafficStats;
import dev.carpool.server.Counters;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Map;

/** {@code /api/stats}: caps, totals, and what is open, in use, idle and waiting on each host, database and pool. */
final class StatsPage extends JsonPage {
    private final MonitoredProxy proxy;

    StatsPage(MonitoredProxy proxy) {
        this.proxy = proxy;
    }

    @Override
    int write(JsonGenerator json) throws IOException {
        ProxyReading reading = ProxyReading.of(proxy);
        json.writeStringField("version", proxy.version());
        json.writeBooleanField("ready", proxy.isReady());
        json.writeNumberField(
                "uptime_seconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1000);
        json.writeBooleanField("paused", proxy.pools().isAllPaused());
        caps(json, proxy.config());
        json.writeObjectFieldStart("totals");
        json.writeNumberField("clients", proxy.sessions().count());
        json.writeNumberField("clients_admitted", proxy.sessions().admitted());
        load(json, reading.load());
        traffic(json, reading.traffic());
        json.writeNumberField("failed_logins", proxy.failedLogins());
        json.writeNumberField("cancels", proxy.cancels().sent());
        json.writeNumberField("foreign_cancels", proxy.foreignCancels());
        json.writeNumberField("mismatches", Counters.mismatches());
        json.writeEndObject();
        hosts(json);
        json.writeArrayFieldStart("databases");
        for (DatabaseReading database : reading.databases()) {
            database(json, database);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("pools");
        for (DatabaseReading database : reading.databases()) {
            for (PoolReading pool : database.pools()) {
                pool(json, pool, database);
            }
        }
        json.writeEndArray();
        return 200;
    }

    private static void caps(JsonGenerator json, CarpoolConfig config) throws IOException {
        LimitsConfig limits = config.limits();
        json.writeObjectFieldStart("caps");
        json.writeNumberField("max_client_conn", limits.maxClientConnections());
        json.writeNumberField("max_db_client_connections", limits.maxDbClientConnections());
        json.writeNumberField("max_user_client_connections", limits.maxUserClientConnections());
        json.writeNumberField("max_server_connections", limits.maxServerConnections());
        json.writeNumberField("max_db_connections", limits.maxDbConnections());
        json.writeNumberField("max_user_connections", limits.maxUserConnections());
        json.writeNumberField("default_pool_size", config.pool().size());
        json.writeNumberField("reserve_pool_size", config.pool().reserveSize());
        json.writeNumberField("max_waiting_clients", limits.maxWaitingClients());
        json.writeNumberField(
                "query_wait_timeout_ms", config.timeouts().queryWait().toMillis());
        json.writeEndObject();
    }

    private void hosts(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("hosts");
        for (Map.Entry<String, HostSnapshot> entry : proxy.pools().hosts().entrySet()) {
            HostSnapshot host = entry.getValue();
            json.writeStartObject();
            json.writeStringField("host", entry.getKey());
            json.writeNumberField("open", host.open());
            json.writeNumberField("in_use", host.inUse());
            json.writeNumberField("idle", host.idle());
            json.writeNumberField("waiting", host.waiting());
            json.writeNumberField("max", host.cap());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private void database(JsonGenerator json, DatabaseReading database) throws IOException {
        json.writeStartObject();
        json.writeStringField("database", database.name());
        json.writeStringField("status", database.status());
        json.writeNumberField("clients", proxy.sessions().ofDatabase(database.name()));
        load(json, database.load());
        json.writeNumberField("max", database.max());
        json.writeNumberField("round_trip_ms", millis(database.roundTripNanos()));
        traffic(json, database.traffic());
        json.writeEndObject();
    }

    private static void pool(JsonGenerator json, PoolReading reading, DatabaseReading database) throws IOException {
        PoolSnapshot pool = reading.pool();
        json.writeStartObject();
        json.writeStringField("database", reading.database());
        json.writeStringField("user", reading.user());
        json.writeStringField("pool_mode", pool.mode().text());
        load(json, reading.load());
        json.writeNumberField(
                "max", ProxyReading.smaller(pool.size() == 0 ? 0 : pool.size() + pool.reserve(), database.max()));
        json.writeNumberField("pool_size", pool.size());
        json.writeNumberField("reserve_pool_size", pool.reserve());
        json.writeBooleanField("paused", pool.paused());
        json.writeStringField("waiting_for", pool.bottleneck());
        json.writeNumberField("round_trip_ms", millis(reading.roundTripNanos()));
        traffic(json, reading.traffic());
        json.writeEndObject();
    }

    private static void load(JsonGenerator json, Load load) throws IOException {
        json.writeNumberField("open", load.open());
        json.writeNumberField("in_use", load.inUse());
        json.writeNumberField("idle", load.idle());
        json.writeNumberField("opening", load.opening());
        json.writeNumberField("pinned", load.pinned());
        json.writeNumberField("waiting", load.waiting());
        json.writeNumberField("longest_wait_ms", millis(load.longestWaitNanos()));
    }

    private static void traffic(JsonGenerator json, TrafficStats traffic) throws IOException {
        json.writeNumberField("transactions", traffic.transactions());
        json.writeNumberField("queries", traffic.queries());
        json.writeNumberField("checkouts", traffic.checkouts());
        json.writeNumberField("logins", traffic.logins());
        json.writeNumberField("bytes_received", traffic.bytesReceived());
        json.writeNumberField("bytes_sent", traffic.bytesSent());
        json.writeNumberField("transaction_ms", millis(traffic.transactionNanos()));
        json.writeNumberField("query_ms", millis(traffic.queryNanos()));
        json.writeNumberField("wait_ms", millis(traffic.waitNanos()));
        SessionStateStats state = traffic.sessionState();
        json.writeNumberField("pins", state.pins());
        json.writeNumberField("state_probes", state.stateProbes());
        json.writeNumberField("sweep_probes", state.sweeps());
        json.writeNumberField("probe_failures", state.probeFailures());
        json.writeNumberField("syncs", state.syncs());
    }
}

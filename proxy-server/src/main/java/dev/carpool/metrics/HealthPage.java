package dev.carpool.metrics;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** {@code /health}: one object for each database. 200 while clients are welcome, 503 otherwise. */
final class HealthPage extends JsonPage {
    private final MonitoredProxy proxy;

    HealthPage(MonitoredProxy proxy) {
        this.proxy = proxy;
    }

    @Override
    int write(JsonGenerator json) throws IOException {
        ProxyReading reading = ProxyReading.of(proxy);
        boolean ready = proxy.isReady();
        boolean down = reading.databases().stream()
                .anyMatch(database -> database.status().equals("down"));
        json.writeStringField("status", !ready ? "stopping" : down ? "degraded" : "ok");
        json.writeStringField("version", proxy.version());
        json.writeArrayFieldStart("databases");
        for (DatabaseReading database : reading.databases()) {
            write(json, database);
        }
        json.writeEndArray();
        return ready ? 200 : 503;
    }

    private static void write(JsonGenerator json, DatabaseReading database) throws IOException {
        Load load = database.load();
        json.writeStartObject();
        json.writeStringField("database", database.name());
        json.writeStringField("status", database.status());
        json.writeNumberField("total", load.open());
        json.writeNumberField("idle", load.idle());
        json.writeNumberField("in_use", load.inUse());
        json.writeNumberField("waiting", load.waiting());
        json.writeNumberField("max", database.max());
        if (database.roundTripNanos() > 0) {
            json.writeNumberField("round_trip_ms", millis(database.roundTripNanos()));
        } else {
            json.writeNullField("round_trip_ms");
        }
        json.writeEndObject();
    }
}

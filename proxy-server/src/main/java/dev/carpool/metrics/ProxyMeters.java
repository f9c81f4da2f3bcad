package dev.carpool.metrics;

import dev.carpool.server.CloseReason;
import dev.carpool.server.Counters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Meters of the whole proxy, read when they are scraped. */
final class ProxyMeters {
    private ProxyMeters() {}

    static void register(MeterRegistry registry, MonitoredProxy proxy) {
        Gauge.builder("carpool.build.info", proxy, any -> 1)
                .description("Which version runs")
                .tag("version", proxy.version())
                .register(registry);
        gauge(registry, proxy, "carpool.ready", "1 while clients are welcome", now -> now.isReady() ? 1 : 0);
        clients(registry, proxy);
        caps(registry, proxy);
        counters(registry, proxy);
        memory(registry, proxy);
        loops(registry, proxy.eventLoops());
    }

    private static void clients(MeterRegistry registry, MonitoredProxy proxy) {
        gauge(
                registry,
                proxy,
                "carpool.clients",
                "Client sessions, those on the console and those logging in too",
                now -> now.sessions().count());
        gauge(
                registry,
                proxy,
                "carpool.clients.admitted",
                "Client sessions that count against max_client_conn",
                now -> now.sessions().admitted());
    }

    private static void caps(MeterRegistry registry, MonitoredProxy proxy) {
        gauge(
                registry,
                proxy,
                "carpool.max.clients",
                "max_client_conn; 0 is no limit",
                now -> now.config().limits().maxClientConnections());
        gauge(
                registry,
                proxy,
                "carpool.max.host.connections",
                "max_server_connections; 0 is no limit",
                now -> now.config().limits().maxServerConnections());
        gauge(
                registry,
                proxy,
                "carpool.max.database.connections",
                "max_db_connections; 0 is no limit",
                now -> now.config().limits().maxDbConnections());
        gauge(
                registry,
                proxy,
                "carpool.max.user.connections",
                "max_user_connections; 0 is no limit",
                now -> now.config().limits().maxUserConnections());
    }

    private static void counters(MeterRegistry registry, MonitoredProxy proxy) {
        counter(
                registry,
                proxy,
                "carpool.failed.logins",
                "Clients that did not prove who they are",
                now -> now.failedLogins());
        counter(
                registry,
                proxy,
                "carpool.cancels",
                "Cancel requests sent to servers",
                now -> now.cancels().sent());
        counter(
                registry,
                proxy,
                "carpool.foreign.cancels",
                "Cancel requests that came with the key of another proxy",
                now -> now.foreignCancels());
        counter(
                registry,
                proxy,
                "carpool.mismatches",
                "Server messages that belonged to no request",
                now -> Counters.mismatches());
        counter(
                registry,
                proxy,
                "carpool.server.connections.opened",
                "Server connections logged in",
                now -> Counters.openedConnections());
        for (CloseReason reason : CloseReason.values()) {
            FunctionCounter.builder(
                            "carpool.server.connections.closed", proxy, now -> Counters.closedConnections(reason))
                    .description("Server connections closed, by reason")
                    .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                    .register(registry);
        }
    }

    private static void memory(MeterRegistry registry, MonitoredProxy proxy) {
        PooledByteBufAllocator buffers = PooledByteBufAllocator.DEFAULT;
        bytes(
                registry,
                proxy,
                "carpool.direct.memory.reserved",
                "Direct memory held for buffers",
                now -> buffers.metric().usedDirectMemory());
        bytes(
                registry,
                proxy,
                "carpool.direct.memory.used",
                "Direct memory in use by buffers",
                now -> buffers.pinnedDirectMemory());
    }

    private static void loops(MeterRegistry registry, List<EventLoop> loops) {
        for (int i = 0; i < loops.size(); i++) {
            if (loops.get(i) instanceof SingleThreadEventExecutor loop) {
                Gauge.builder("carpool.event.loop.pending.tasks", loop, SingleThreadEventExecutor::pendingTasks)
                        .description("Tasks waiting for the event loop")
                        .tag("loop", Integer.toString(i))
                        .register(registry);
            }
        }
    }

    private static void gauge(
            MeterRegistry registry,
            MonitoredProxy proxy,
            String name,
            String description,
            ToDoubleFunction<MonitoredProxy> value) {
        Gauge.builder(name, proxy, value).description(description).register(registry);
    }

    private static void bytes(
            MeterRegistry registry,
            MonitoredProxy proxy,
            String name,
            String description,
            ToDoubleFunction<MonitoredProxy> value) {
        Gauge.builder(name, proxy, value)
                .description(description)
                .baseUnit("bytes")
                .register(registry);
    }

    private static void counter(
            MeterRegistry registry,
            MonitoredProxy proxy,
            String name,
            String description,
            ToDoubleFunction<MonitoredProxy> value) {
        FunctionCounter.builder(name, proxy, value).description(description).register(registry);
    }
}

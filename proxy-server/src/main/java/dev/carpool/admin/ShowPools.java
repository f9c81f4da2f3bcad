package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.metrics.DatabaseReading;
import dev.carpool.metrics.Load;
import dev.carpool.metrics.PoolReading;
import dev.carpool.metrics.ProxyReading;
import dev.carpool.pool.PoolKey;
import dev.carpool.pool.ServerPool;
import dev.carpool.server.ServerConnection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code SHOW POOLS}: one line for each database and user. */
final class ShowPools extends Show {
    private static final class Clients {
        private int active;
        private int waiting;
    }

    private record Owner(String database, String user) {}

    @Override
    public List<Column> columns() {
        return List.of(
                Column.text("database"),
                Column.text("user"),
                Column.int4("cl_active"),
                Column.int4("cl_waiting"),
                Column.int4("cl_active_cancel_req"),
                Column.int4("cl_waiting_cancel_req"),
                Column.int4("sv_active"),
                Column.int4("sv_active_cancel"),
                Column.int4("sv_being_canceled"),
                Column.int4("sv_idle"),
                Column.int4("sv_used"),
                Column.int4("sv_tested"),
                Column.int4("sv_login"),
                Column.int4("maxwait"),
                Column.int4("maxwait_us"),
                Column.text("pool_mode"),
                Column.text("load_balance_hosts"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        Map<Owner, Clients> clients = new HashMap<>();
        int onConsole = 0;
        for (ClientSession session : run.proxy().sessions().all()) {
            ServerPool pool = session.serverPool();
            if (pool != null) {
                count(clients, pool.key(), session);
            } else if (AdminConsole.isConsole(session.database())) {
                onConsole++;
            }
        }
        for (DatabaseReading database : ProxyReading.of(run.proxy()).databases()) {
            for (PoolReading pool : database.pools()) {
                Clients own = clients.getOrDefault(new Owner(pool.database(), pool.user()), new Clients());
                add(table, pool, own);
            }
        }
        String admin = AdminConsole.LISTED_NAME;
        table.row(admin, admin, onConsole, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "statement", null);
    }

    private static void count(Map<Owner, Clients> clients, PoolKey key, ClientSession session) {
        Clients own = clients.computeIfAbsent(new Owner(key.database(), key.user()), missing -> new Clients());
        if (session.waitingSince() != 0) {
            own.waiting++;
        } else {
            own.active++;
        }
    }

    private static void add(ResultTable table, PoolReading pool, Clients clients) {
        int tested = 0;
        int cancelled = 0;
        for (ServerConnection server : pool.connections()) {
            switch (SessionRows.state(server)) {
                case "tested" -> tested++;
                case "being_canceled" -> cancelled++;
                default -> {}
            }
        }
        Load load = pool.load();
        table.row(
                pool.database(),
                pool.user(),
                clients.active,
                clients.waiting,
                0,
                0,
                Math.max(0, load.inUse() - tested - cancelled),
                0,
                cancelled,
                load.idle(),
                0,
                tested,
                load.opening(),
                TimeUnit.NANOSECONDS.toSeconds(load.longestWaitNanos()),
                TimeUnit.NANOSECONDS.toMicros(load.longestWaitNanos()) % 1_000_000,
                pool.pool().mode().text(),
                null);
    }
}

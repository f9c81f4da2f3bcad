package dev.carpool.admin;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.PoolConfig;
import dev.carpool.config.PoolingMode;
import dev.carpool.pool.PoolDirectory;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** {@code SHOW DATABASES}: those that are configured, and those that clients have named under the wildcard. */
final class ShowDatabases extends Show {
    @Override
    public List<Column> columns() {
        return List.of(
                Column.text("name"),
                Column.text("host"),
                Column.int4("port"),
                Column.text("database"),
                Column.text("force_user"),
                Column.int4("pool_size"),
                Column.int4("min_pool_size"),
                Column.int4("reserve_pool_size"),
                Column.int4("server_lifetime"),
                Column.text("pool_mode"),
                Column.text("load_balance_hosts"),
                Column.int4("max_connections"),
                Column.int4("current_connections"),
                Column.int4("max_client_connections"),
                Column.int4("current_client_connections"),
                Column.int4("paused"),
                Column.int4("disabled"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        CarpoolConfig config = run.proxy().config();
        PoolDirectory pools = run.proxy().pools();
        Set<String> names = new TreeSet<>(config.databases().keySet());
        pools.pools().forEach(pool -> names.add(pool.key().database()));
        for (String name : names) {
            DatabaseConfig database = config.database(name);
            if (database != null) {
                add(table, run.proxy(), config, database);
            }
        }
        String admin = AdminConsole.LISTED_NAME;
        int port = config.listen().addresses().get(0).getPort();
        long onConsole = run.proxy().sessions().all().stream()
                .filter(session -> AdminConsole.isConsole(session.database()))
                .count();
        table.row(admin, null, port, admin, admin, 2, 0, 0, 0, "statement", null, 0, 0, 0, onConsole, 0, 0);
    }

    private static void add(ResultTable table, ProxyControl proxy, CarpoolConfig config, DatabaseConfig database) {
        String name = database.name();
        PoolConfig pool = config.pool(database, "");
        PoolingMode mode = database.pool().mode();
        table.row(
                name,
                database.host(),
                database.port(),
                database.dbname(),
                database.forcedUser(),
                pool.size(),
                pool.minSize(),
                pool.reserveSize(),
                config.serverLifetime(database).toSeconds(),
                mode == null ? null : mode.text(),
                null,
                config.maxDbConnections(database),
                proxy.pools().openOfDatabase(name),
                config.maxDbClientConnections(database),
                proxy.sessions().ofDatabase(name),
                proxy.pools().isPaused(name) ? 1 : 0,
                proxy.pools().isDisabled(name) ? 1 : 0);
    }
}

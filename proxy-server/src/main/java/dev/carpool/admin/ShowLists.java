package dev.carpool.admin;

import dev.carpool.metrics.DatabaseReading;
import dev.carpool.metrics.ProxyReading;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** {@code SHOW LISTS}: how many there are of everything. */
final class ShowLists extends Show {
    @Override
    public List<Column> columns() {
        return List.of(Column.text("list"), Column.int4("items"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        ProxyControl proxy = run.proxy();
        ProxyReading reading = ProxyReading.of(proxy);
        Set<String> users = new TreeSet<>(proxy.config().users().keySet());
        proxy.pools().pools().forEach(pool -> users.add(pool.key().user()));
        int pools = 0;
        for (DatabaseReading database : reading.databases()) {
            pools += database.pools().size();
        }
        long loggingIn = proxy.sessions().all().stream()
                .filter(session -> session.state().equals("login"))
                .count();
        int idle = reading.load().idle();
        table.row("databases", reading.databases().size() + 1);
        table.row("users", users.size());
        table.row("peers", 0);
        table.row("pools", pools);
        table.row("peer_pools", 0);
        table.row("free_clients", 0);
        table.row("used_clients", proxy.sessions().count() - loggingIn);
        table.row("login_clients", loggingIn);
        table.row("free_servers", idle);
        table.row("used_servers", reading.load().open() - idle);
        table.row("dns_names", 0);
        table.row("dns_zones", 0);
        table.row("dns_queries", 0);
        table.row("dns_pending", 0);
    }
}

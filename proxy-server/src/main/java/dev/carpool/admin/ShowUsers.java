package dev.carpool.admin;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.PoolOverrides;
import dev.carpool.config.PoolingMode;
import dev.carpool.config.UserConfig;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** {@code SHOW USERS}: those with settings of their own, and those who are there. */
final class ShowUsers extends Show {
    @Override
    public List<Column> columns() {
        return List.of(
                Column.text("name"),
                Column.text("pool_size"),
                Column.text("reserve_pool_size"),
                Column.text("pool_mode"),
                Column.int4("max_user_connections"),
                Column.int4("current_connections"),
                Column.int4("max_user_client_connections"),
                Column.int4("current_client_connections"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        ProxyControl proxy = run.proxy();
        CarpoolConfig config = proxy.config();
        Set<String> names = new TreeSet<>(config.users().keySet());
        proxy.pools().pools().forEach(pool -> names.add(pool.key().user()));
        proxy.sessions().all().forEach(session -> names.add(session.user()));
        names.remove("");
        for (String name : names) {
            UserConfig user = config.users().get(name);
            PoolOverrides own = user == null ? PoolOverrides.NONE : user.pool();
            PoolingMode mode = own.mode();
            table.row(
                    name,
                    text(own.size()),
                    text(own.reserveSize()),
                    mode == null ? null : mode.text(),
                    config.maxUserConnections(name),
                    proxy.pools().openOfUser(name),
                    config.maxUserClientConnections(name),
                    proxy.sessions().ofUser(name));
        }
    }

    private static String text(@Nullable Integer size) {
        return size == null ? "" : String.format("%9d", size);
    }
}

package dev.carpool.config;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The entries under databases and users. */
record Entries(
        Map<String, DatabaseConfig> databases, @Nullable DatabaseConfig wildcard, Map<String, UserConfig> users) {

    static Entries read(GivenSettings given, SettingValues global, Dialect dialect, Problems problems) {
        Map<String, DatabaseConfig> databases = new LinkedHashMap<>();
        Optional<Upstream> upstream = global.get(Settings.UPSTREAM);
        DatabaseConfig wildcard = upstream.map(
                        u -> DatabaseConfig.of(DatabaseConfig.WILDCARD, u, new SettingValues(dialect)))
                .orElse(null);
        for (Map.Entry<String, GivenSettings.Entry> entry : given.databases().entrySet()) {
            DatabaseConfig database = new DatabaseEntry(entry.getKey(), entry.getValue(), upstream, dialect, problems)
                    .read(given.origin(Settings.UPSTREAM));
            if (database.name().equals(DatabaseConfig.WILDCARD)) {
                wildcard = database;
            } else {
                databases.put(database.name(), database);
            }
        }
        Map<String, UserConfig> users = new LinkedHashMap<>();
        given.users().forEach((name, entry) -> {
            SettingValues values = SettingValues.parse(entry.settings(), dialect, problems);
            users.put(name, UserConfig.of(name, values));
        });
        return new Entries(databases, wildcard, users);
    }

    /** One entry under databases, and where its server is. */
    private record DatabaseEntry(
            String name, GivenSettings.Entry given, Optional<Upstream> upstream, Dialect dialect, Problems problems) {

        private static final Upstream NOWHERE = new Upstream("localhost", Upstream.POSTGRESQL_PORT, null);

        DatabaseConfig read(@Nullable Origin upstreamOrigin) {
            SettingValues values = SettingValues.parse(given.settings(), dialect, problems);
            Given host = given.settings().get(Settings.HOST);
            if (host != null && upstreamOrigin != null && name.equals(DatabaseConfig.WILDCARD)) {
                settle(values, host, upstreamOrigin);
            }
            checkHost(values.find(Settings.HOST));
            return DatabaseConfig.of(name, upstream.orElse(NOWHERE), values);
        }

        /** Upstream and the wildcard entry both name a server: the later source wins, and one source cannot say both. */
        private void settle(SettingValues values, Given host, Origin upstreamOrigin) {
            int order = upstreamOrigin.kind().compareTo(host.origin().kind());
            if (order == 0) {
                problems.add(host.origin(), path(), "says where databases are, and so does upstream: keep one of them");
            } else if (order > 0) {
                values.remove(Settings.HOST);
                values.remove(Settings.PORT);
            }
        }

        private void checkHost(@Nullable String host) {
            if (host == null) {
                if (upstream.isEmpty() && dialect == Dialect.PGBOUNCER) {
                    problems.notice(
                            given.origin(),
                            path(),
                            "has no host: PgBouncer would use a Unix socket, Carpool uses localhost");
                } else if (upstream.isEmpty()) {
                    problems.add(given.origin(), path(), "has no host, and there is no upstream");
                }
            } else if (host.isEmpty()) {
                problems.add(given.origin(), path() + ".host", "is empty");
            } else if (host.startsWith("/") || host.startsWith("@")) {
                problems.add(
                        given.origin(),
                        path() + ".host",
                        "\"%s\" is a Unix socket; Carpool connects over TCP only",
                        host);
            } else if (host.contains(",")) {
                problems.add(given.origin(), path() + ".host", "\"%s\" is more than one host; an entry has one", host);
            }
        }

        private String path() {
            return "databases." + name;
        }
    }
}

package dev.carpool.config;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes docs/config.md from the table of settings. */
final class ConfigDocument {
    private static final String HEAD = """
            # Configuration

            <!-- Made from the table in Settings.java by ConfigDocumentTest. To write it anew:
                 mvn -pl proxy-server test -Dtest=ConfigDocumentTest -Dcarpool.docs.write=true -->

            Carpool needs one thing to be told: where PostgreSQL is.

            ```
            carpool run --upstream postgresql://db:5432
            ```

            Everything else has a default. A setting can be given in a file, as an environment variable, or as a flag; a flag wins
            over the environment, the environment over the file.

            | Where | How |
            |---|---|
            | `carpool.yaml`, named on the command line | `pool_mode: session` |
            | environment | `CARPOOL_POOL_MODE=session` (settings of the whole proxy) |
            | flag | `--set pool_mode=session`, `--set databases.app.pool_size=5`, `--set users.report.pool_mode=session` |
            | `pgbouncer.ini`, named on the command line | as it is: see [below](#pgbouncerini) |

            `--upstream URL`, `--listen HOST:PORT` and `--admin HOST:PORT` are short for `upstream`, `listen_addr` with
            `listen_port`, and `admin_listen`.

            ```yaml
            listen_addr: 0.0.0.0
            auth_type: scram-sha-256
            auth_file: /etc/carpool/users.txt
            default_pool_size: 10
            query_wait_timeout: 10s

            databases:
              app:
                host: db1.example.net
                pool_size: 30
                guaranteed_connections: 10
              "*":                         # any other name
                host: db2.example.net

            users:
              report:
                pool_mode: session
                query_timeout: 5min
            ```

            * `carpool check FILE` reports everything that is wrong at once, each with file, line and setting, and starts nothing;
              the exit code is 2. It also tells which settings may surprise. `carpool run` refuses to start for the same reasons.
            * A reload (SIGHUP, RELOAD on the console) reads everything again. When something is wrong, the old configuration stays.
            * Durations take `us`, `ms`, `s`, `min`, `h` and `d`; a plain number counts seconds. Sizes take `B`, `kB`, `MB`, `GB`
              and `TB`, each 1024 times the one before; a plain number counts bytes. Fractions such as `1.5h` are fine.
            * Files are looked up from the working directory.
            * Settings that PgBouncer has too keep its name, meaning and unit; the others are marked \u2726. Those marked \u21bb take
              effect at the next start only.
            * What an entry under `users` says wins over the entry of the database, and that over the whole proxy.
            """;

    private static final String INI = """
            ## pgbouncer.ini

            `carpool run /etc/pgbouncer/pgbouncer.ini` reads the file PgBouncer reads, with all four sections, `%include`, and
            PgBouncer's rules: a comment is a line of its own, what follows `=` is the value to the end of the line, whole numbers of
            `[pgbouncer]` may be octal (`0777`) or hexadecimal (`0x10`). Units and `on`/`off` are accepted as well, and so are the
            settings marked \u2726. A file counts as pgbouncer.ini when its name ends in `.ini`, or when it begins with one of
            PgBouncer's sections.

            So that the proxy behaves as PgBouncer did, these defaults apply instead of those above:

            """;

    private static final String DIFFERENCES = """

            Three things are different: an entry without `host` means localhost, since there are no Unix sockets; a second
            `[pgbouncer]` section adds to the first instead of undoing it; and all errors are reported, not the first alone.

            PgBouncer's settings that Carpool does not have are accepted, with a notice where they ask for something. Those marked
            **refused** are problems, because the proxy would be less safe than the file means it to be.

            """;

    private ConfigDocument() {}

    static String text() {
        String sections =
                Stream.of(SettingSection.values()).map(ConfigDocument::section).collect(Collectors.joining());
        return HEAD + sections + "\n" + entries("databases", Scope.DATABASE)
                + "\n" + entries("users", Scope.USER)
                + "\n" + INI + iniDefaults() + DIFFERENCES + foreign();
    }

    private static String section(SettingSection section) {
        if (section == SettingSection.DATABASE) {
            return "";
        }
        return "\n## " + section.title() + "\n\n| Setting | Default | Values | Meaning |\n|---|---|---|---|\n"
                + Settings.all().stream()
                        .filter(setting -> setting.section() == section)
                        .map(ConfigDocument::row)
                        .collect(Collectors.joining());
    }

    private static String row(Setting<?> setting) {
        List<String> entries = Stream.of(Scope.DATABASE, Scope.USER)
                .filter(setting::isFor)
                .map(scope -> scope == Scope.DATABASE ? "databases" : "users")
                .toList();
        return "| " + name(setting) + " | " + code(setting.defaultText(Dialect.CARPOOL)) + " | "
                + setting.type().words() + " | " + setting.sentence()
                + (entries.isEmpty() ? "" : " Also for single " + String.join(" and ", entries) + ".") + " |\n";
    }

    private static String entries(String name, Scope scope) {
        String shared = Settings.all().stream()
                .filter(setting -> setting.isFor(scope) && setting.isFor(Scope.GLOBAL))
                .map(setting -> "`" + setting + "`")
                .collect(Collectors.joining(", "));
        return "## Entries under `" + name + "`\n\n| Setting | Values | Meaning |\n|---|---|---|\n"
                + Settings.all().stream()
                        .filter(setting -> setting.isFor(scope) && !setting.isFor(Scope.GLOBAL))
                        .map(setting -> "| " + name(setting) + " | "
                                + setting.type().words() + " | " + setting.sentence() + " |\n")
                        .collect(Collectors.joining())
                + "\nAnd, instead of the value for the whole proxy: " + shared + ".\n";
    }

    private static String iniDefaults() {
        return "| Setting | Default with pgbouncer.ini |\n|---|---|\n"
                + Settings.all().stream()
                        .filter(setting ->
                                !setting.defaultText(Dialect.PGBOUNCER).equals(setting.defaultText(Dialect.CARPOOL)))
                        .map(setting ->
                                "| `" + setting + "` | " + orEmpty(setting.defaultText(Dialect.PGBOUNCER)) + " |\n")
                        .collect(Collectors.joining());
    }

    private static String foreign() {
        return "| Setting | Instead |\n|---|---|\n"
                + PgBouncerOnly.all().stream()
                        .map(row -> "| `" + row.key() + "`" + (row.scope() == Scope.DATABASE ? " of a database" : "")
                                + " | " + row.sentence() + verdict(row) + " |\n")
                        .collect(Collectors.joining())
                + "| `[peers]` | cancel requests are not passed on to other processes |\n";
    }

    private static String verdict(PgBouncerOnly row) {
        return switch (row.verdict()) {
            case NOTICE -> "";
            case PROBLEM -> "; **refused**";
            case BECOME_USER -> "; **refused** when started as root";
        };
    }

    private static String name(Setting<?> setting) {
        return "`" + setting + "`" + (setting.pgBouncers() ? "" : " \u2726") + (setting.reloadable() ? "" : " \u21bb");
    }

    private static String orEmpty(String text) {
        return text.isEmpty() ? "empty" : code(text);
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + text + "`";
    }
}

package dev.carpool.admin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What drivers, pools and tools send by themselves. It is answered so that they work, and does nothing. */
final class DriverCommands {
    static final Map<String, AdminCommand> ALL = new LinkedHashMap<>();

    private static final Map<String, AdminCommands.Row> SELECTS = new LinkedHashMap<>();

    /** Settings that may be set in vain. */
    private static final List<String> IGNORED = List.of(
            "APPLICATION_NAME",
            "BYTEA_OUTPUT",
            "CLIENT_ENCODING",
            "CLIENT_MIN_MESSAGES",
            "DATESTYLE",
            "DEFAULT_TRANSACTION_ISOLATION",
            "DEFAULT_TRANSACTION_READ_ONLY",
            "EXTRA_FLOAT_DIGITS",
            "IDLE_IN_TRANSACTION_SESSION_TIMEOUT",
            "INTERVALSTYLE",
            "LOCK_TIMEOUT",
            "NAMES",
            "SEARCH_PATH",
            "SESSION",
            "STANDARD_CONFORMING_STRINGS",
            "STATEMENT_TIMEOUT",
            "TIME ZONE",
            "TIMEZONE",
            "TRANSACTION");

    static {
        value("CLIENT_ENCODING", "client_encoding", "UTF-8");
        value("DEFAULT_TRANSACTION_ISOLATION", "default_transaction_isolation", "read committed");
        value("STANDARD_CONFORMING_STRINGS", "standard_conforming_strings", "on");
        value("DATESTYLE", "datestyle", "ISO");
        value("TIMEZONE", "timezone", "GMT");
        value("TIME ZONE", "timezone", "GMT");
        value("TRANSACTION_ISOLATION", "transaction_isolation", "read committed");
        value("TRANSACTION ISOLATION LEVEL", "transaction_isolation", "read committed");
        value("TRANSACTION_READ_ONLY", "transaction_read_only", "off");
        value("SERVER_VERSION", "server_version", AdminConsole.SERVER_VERSION);
        value("SERVER_ENCODING", "server_encoding", "UTF8");
        value("SEARCH_PATH", "search_path", "");
        for (String name : IGNORED) {
            ALL.put("SET " + name, run -> {
                run.notice("SET ignored", "");
                run.done("SET");
            });
        }
        tag("BEGIN", "BEGIN");
        tag("START TRANSACTION", "BEGIN");
        tag("COMMIT", "COMMIT");
        tag("END", "COMMIT");
        tag("ROLLBACK", "ROLLBACK");
        tag("ABORT", "ROLLBACK");
        tag("DISCARD", "DISCARD ALL");
        tag("DEALLOCATE", "DEALLOCATE");
        tag("RESET", "RESET");
        tag("UNLISTEN", "UNLISTEN");
        select("1", Column.int4("?column?"), 1);
        String version = "PgBouncer " + AdminConsole.COMPATIBLE_VERSION + " (Carpool)";
        select("version()", Column.text("version"), version);
        select("pg_catalog.version()", Column.text("version"), version);
        select("current_database()", Column.text("current_database"), AdminConsole.LISTED_NAME);
        select("current_schema()", Column.text("current_schema"), null);
        select("pg_catalog.current_schema()", Column.text("current_schema"), null);
    }

    private DriverCommands() {}

    private static void value(String words, String column, String value) {
        ALL.put("SHOW " + words, new Constant(Column.text(column), value, "SHOW"));
    }

    private static void tag(String words, String tag) {
        ALL.put(words, run -> run.done(tag));
    }

    private static void select(String expression, Column column, @Nullable Object value) {
        SELECTS.put(
                "select" + expression,
                new AdminCommands.Row(
                        "SELECT",
                        AdminCommands.Takes.ANYTHING,
                        AdminRole.VIEWER,
                        new Constant(column, value, "SELECT 1"),
                        ""));
    }

    /** The answer to one of the few queries that are known; null for any other. */
    static AdminCommands.@Nullable Row select(String condensed) {
        return SELECTS.get(condensed);
    }

    /** One row with one value. */
    private record Constant(Column column, @Nullable Object value, String tag) implements AdminCommand {
        @Override
        public List<Column> columns() {
            return List.of(column);
        }

        @Override
        public void run(CommandRun run) {
            ResultTable table = new ResultTable(columns());
            table.row(value);
            run.done(table, tag);
        }
    }
}

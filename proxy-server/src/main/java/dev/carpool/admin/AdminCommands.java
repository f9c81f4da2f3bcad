package dev.carpool.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The table of commands. SHOW HELP prints it, the dispatcher takes the role from it. */
final class AdminCommands {
    /** What may follow a command's own words. */
    enum Takes {
        NOTHING(""),
        DATABASE(" [database]"),
        ONE_DATABASE(" database"),
        ID(" id"),
        ASSIGNMENT(" key = value"),
        ANYTHING("");

        private final String shown;

        Takes(String shown) {
            this.shown = shown;
        }
    }

    /**
     * One row.
     *
     * @param name its words, upper-case
     * @param sentence empty for what only drivers ask for; HELP leaves it out
     */
    record Row(String name, Takes takes, AdminRole role, AdminCommand command, String sentence) {
        /** As HELP shows it. */
        String usage() {
            return name + takes.shown;
        }
    }

    /** A command that was found, and what follows its own words. */
    record Match(Row row, List<Token> rest) {
        /** The arguments with parameters filled in; null when they do not fit the command. */
        @Nullable
        List<Token> arguments(List<String> parameters) {
            List<Token> filled = new ArrayList<>();
            for (Token token : rest) {
                if (row.takes != Takes.ANYTHING && isDecoration(token)) {
                    continue;
                }
                if (token.kind() == Token.Kind.PARAMETER && row.takes != Takes.ANYTHING) {
                    int number = Integer.parseInt(token.text());
                    if (number < 1 || number > parameters.size()) {
                        return null;
                    }
                    filled.add(new Token(Token.Kind.STRING, parameters.get(number - 1)));
                } else {
                    filled.add(token);
                }
            }
            boolean fits = switch (row.takes) {
                case NOTHING -> filled.isEmpty();
                case DATABASE, ONE_DATABASE, ID ->
                    filled.size() <= 1 && filled.stream().noneMatch(token -> token.kind() == Token.Kind.SYMBOL);
                case ASSIGNMENT, ANYTHING -> true;
            };
            return fits ? filled : null;
        }

        /** Drivers that fill in parameters themselves write {@code ('17'::int8)}. */
        private boolean isDecoration(Token token) {
            boolean cast = token.kind() == Token.Kind.WORD && token.text().startsWith("::");
            return row.takes != Takes.ASSIGNMENT && (cast || token.isSymbol("(") || token.isSymbol(")"));
        }
    }

    private static final int MOST_WORDS = 4;
    private static final String EXTENDED = " EXTENDED";
    private static final Map<String, Row> ROWS = new LinkedHashMap<>();

    static {
        show("SHOW HELP", new ShowHelp(), "this list");
        show("SHOW VERSION", new ShowVersion(), "version of the proxy");
        show("SHOW POOLS", new ShowPools(), "one line for each database and user: clients, servers, longest wait");
        show("SHOW CLIENTS", new ShowClients(false), "client sessions");
        show("SHOW CLIENTS EXTENDED", new ShowClients(true), "client sessions, with columns that PgBouncer has not");
        show("SHOW PINS", new ShowPins(), "client sessions that keep their server connection, why and since when");
        show(
                "SHOW COMPATIBILITY",
                new ShowCompatibility(),
                "what statements cost in transaction mode, counted while report is on");
        show("SHOW SERVERS", new ShowServers(), "server connections");
        show("SHOW DATABASES", new ShowDatabases(), "databases, their caps and what is open");
        show("SHOW USERS", new ShowUsers(), "users, their caps and what is open");
        show("SHOW STATS", new ShowStats(ShowStats.Part.BOTH), "totals and averages of each database");
        show("SHOW STATS_TOTALS", new ShowStats(ShowStats.Part.TOTALS), "totals of each database");
        show("SHOW STATS_AVERAGES", new ShowStats(ShowStats.Part.AVERAGES), "averages of each database");
        show("SHOW TOTALS", new ShowTotals(), "totals and averages over all databases");
        show("SHOW LISTS", new ShowLists(), "how many there are of everything");
        show("SHOW CONFIG", new ShowConfig(), "settings, their values and defaults");
        show("SHOW STATE", new ShowState(), "whether the proxy is active or paused");
        show("SHOW MEM", new ShowMem(), "memory");
        show("SHOW SOCKETS", new ShowSockets(), "client sessions and server connections");
        show("SHOW ACTIVE_SOCKETS", new ShowSockets(), "the same");
        show("SHOW FDS", Nothing.FDS, "always empty: it would give secrets away");
        show("SHOW PEERS", Nothing.PEERS, "always empty");
        show("SHOW PEER_POOLS", Nothing.PEER_POOLS, "always empty");
        show("SHOW DNS_HOSTS", Nothing.DNS_HOSTS, "always empty: names are looked up by the operating system");
        show("SHOW DNS_ZONES", Nothing.DNS_ZONES, "always empty");

        operate("PAUSE", Takes.DATABASE, new Pause(), "hand out no server connection; answers when all are closed");
        operate("RESUME", Takes.DATABASE, new Resume(), "end PAUSE or KILL");
        operate("RECONNECT", Takes.DATABASE, new Reconnect(), "close server connections as they become free");
        operate("WAIT_CLOSE", Takes.DATABASE, new WaitClose(), "answer when RECONNECT is done");
        operate("DISABLE", Takes.ONE_DATABASE, new Disable(), "take no new clients");
        operate("ENABLE", Takes.ONE_DATABASE, new Enable(), "end DISABLE");
        operate("KILL", Takes.DATABASE, new Kill(), "drop clients and servers at once and PAUSE");
        operate("KILL_CLIENT", Takes.ID, new KillClient(), "end one client session by its id in SHOW CLIENTS");
        operate("RELOAD", Takes.NOTHING, new Reload(), "read the configuration again");
        operate("SET", Takes.ASSIGNMENT, new Change(), "change a setting until the next start");
        operate("SHUTDOWN", Takes.NOTHING, new Shutdown(ShutdownMode.NOW), "end the proxy at once");
        operate(
                "SHUTDOWN WAIT_FOR_SERVERS",
                Takes.NOTHING,
                new Shutdown(ShutdownMode.WAIT_FOR_SERVERS),
                "end the proxy when transactions have ended");
        operate(
                "SHUTDOWN WAIT_FOR_CLIENTS",
                Takes.NOTHING,
                new Shutdown(ShutdownMode.WAIT_FOR_CLIENTS),
                "end the proxy when the last client has left");

        hidden(
                "SUSPEND",
                AdminRole.OPERATOR,
                new Unsupported(
                        "SUSPEND is not supported",
                        "use PAUSE to let go of all server connections, SHUTDOWN WAIT_FOR_CLIENTS to let the last client"
                                + " leave"));
        listed().stream()
                .filter(row -> row.name.startsWith("SHOW ") && !row.name.endsWith(EXTENDED))
                .map(Row::name)
                .forEach(AdminCommands::withoutExtendedForm);
        DriverCommands.ALL.forEach(
                (name, command) -> row(new Row(name, Takes.ANYTHING, AdminRole.VIEWER, command, "")));
    }

    private AdminCommands() {}

    private static void show(String name, AdminCommand command, String sentence) {
        row(new Row(name, Takes.NOTHING, AdminRole.VIEWER, command, sentence));
    }

    private static void operate(String name, Takes takes, AdminCommand command, String sentence) {
        row(new Row(name, takes, AdminRole.OPERATOR, command, sentence));
    }

    /** HELP leaves it out. */
    private static void hidden(String name, AdminRole role, AdminCommand command) {
        row(new Row(name, Takes.ANYTHING, role, command, ""));
    }

    private static void withoutExtendedForm(String show) {
        if (!ROWS.containsKey(show + EXTENDED)) {
            hidden(
                    show + EXTENDED,
                    AdminRole.VIEWER,
                    new Unsupported(show + " has no extended form", "use " + show + "; SHOW CLIENTS EXTENDED has one"));
        }
    }

    private static void row(Row row) {
        ROWS.put(row.name, row);
    }

    /** The rows that HELP shows. */
    static List<Row> listed() {
        return ROWS.values().stream().filter(row -> !row.sentence.isEmpty()).toList();
    }

    /** The command with the most words in front of the statement; null when there is none. */
    static @Nullable Match find(ConsoleStatement statement) {
        Row query = DriverCommands.select(statement.condensed());
        if (query != null) {
            return new Match(query, List.of());
        }
        for (int count = MOST_WORDS; count > 0; count--) {
            String words = statement.words(count);
            Match match = words.isEmpty() ? null : match(statement, words, count);
            if (match != null) {
                return match;
            }
        }
        return null;
    }

    private static @Nullable Match match(ConsoleStatement statement, String words, int count) {
        Row row = ROWS.get(words);
        if (row == null && words.startsWith("SELECT ")) {
            row = ROWS.get("SHOW " + words.substring("SELECT ".length()));
        }
        List<Token> rest = statement.tokens().subList(count, statement.tokens().size());
        return row == null ? null : new Match(row, rest);
    }
}

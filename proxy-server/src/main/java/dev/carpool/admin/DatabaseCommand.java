package dev.carpool.admin;

import org.jspecify.annotations.Nullable;

/** A command about one database or, without an argument, about all. */
abstract class DatabaseCommand implements AdminCommand {
    private final String verb;
    private final boolean required;

    /** @param required whether it cannot be about all databases */
    DatabaseCommand(String verb, boolean required) {
        this.verb = verb;
        this.required = required;
    }

    /** @param database one that exists, but for the console's own; null for all */
    abstract void run(CommandRun run, @Nullable String database);

    @Override
    public final void run(CommandRun run) {
        String database = run.argument();
        if (database == null && required) {
            run.fail("a database is required");
        } else if (database != null && AdminConsole.isConsole(database)) {
            run.fail("cannot " + verb + " admin db: " + database);
        } else if (database != null && run.proxy().config().database(database) == null) {
            run.fail("no such database: " + database);
        } else {
            run(run, database);
        }
    }
}

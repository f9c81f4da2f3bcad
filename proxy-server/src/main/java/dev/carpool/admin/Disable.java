package dev.carpool.admin;

import org.jspecify.annotations.Nullable;

/** {@code DISABLE}: takes no new clients for a database; those that are there may stay. */
final class Disable extends DatabaseCommand {
    Disable() {
        super("disable", true);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        if (database != null) {
            run.proxy().pools().disable(database, true);
        }
        run.done("DISABLE");
    }
}

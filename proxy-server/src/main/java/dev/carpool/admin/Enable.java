package dev.carpool.admin;

import org.jspecify.annotations.Nullable;

/** {@code ENABLE}: ends DISABLE. */
final class Enable extends DatabaseCommand {
    Enable() {
        super("enable", true);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        if (database != null) {
            run.proxy().pools().disable(database, false);
        }
        run.done("ENABLE");
    }
}

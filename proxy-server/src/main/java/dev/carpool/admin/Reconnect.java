package dev.carpool.admin;

import org.jspecify.annotations.Nullable;

/** {@code RECONNECT}: closes server connections, those in use when they are released. */
final class Reconnect extends DatabaseCommand {
    Reconnect() {
        super("reconnect", false);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        run.proxy().pools().reconnect(database);
        run.done("RECONNECT");
    }
}

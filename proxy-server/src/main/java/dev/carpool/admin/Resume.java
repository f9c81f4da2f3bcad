package dev.carpool.admin;

import dev.carpool.pool.PoolDirectory;
import org.jspecify.annotations.Nullable;

/** {@code RESUME}: ends PAUSE and KILL. */
final class Resume extends DatabaseCommand {
    Resume() {
        super("resume", false);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        PoolDirectory pools = run.proxy().pools();
        if (database == null && !pools.isAnyPaused()) {
            run.fail("pooler is not paused/suspended");
        } else if (database != null && pools.isAllPaused()) {
            run.fail("all databases are paused: RESUME without a name");
        } else if (database != null && !pools.isPaused(database)) {
            run.fail("database " + database + " is not paused");
        } else {
            pools.resume(database);
            run.done("RESUME");
        }
    }
}

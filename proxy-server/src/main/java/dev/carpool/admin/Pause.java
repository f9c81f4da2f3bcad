package dev.carpool.admin;

import dev.carpool.pool.PoolDirectory;
import org.jspecify.annotations.Nullable;

/** {@code PAUSE}: hands out no server connection, and answers when the last one has been closed. */
final class Pause extends DatabaseCommand {
    Pause() {
        super("pause", false);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        PoolDirectory pools = run.proxy().pools();
        if (database == null ? pools.isAllPaused() : pools.isPaused(database)) {
            run.fail("already suspended/paused");
            return;
        }
        pools.pause(database);
        run.doneWhen(() -> pools.isQuiet(database), "PAUSE", () -> pools.resume(database));
    }
}

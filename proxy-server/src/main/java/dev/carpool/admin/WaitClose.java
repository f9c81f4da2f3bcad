package dev.carpool.admin;

import dev.carpool.pool.PoolDirectory;
import org.jspecify.annotations.Nullable;

/** {@code WAIT_CLOSE}: answers when no server connection waits to be closed any more. */
final class WaitClose extends DatabaseCommand {
    WaitClose() {
        super("wait_close", false);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        PoolDirectory pools = run.proxy().pools();
        run.doneWhen(() -> !pools.isClosing(database), "WAIT_CLOSE", () -> {});
    }
}

package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import org.jspecify.annotations.Nullable;

/** {@code KILL}: pauses, and drops clients and server connections at once. */
final class Kill extends DatabaseCommand {
    Kill() {
        super("kill", false);
    }

    @Override
    void run(CommandRun run, @Nullable String database) {
        run.proxy().pools().pause(database);
        ErrorReply farewell = CarpoolError.KILLED.reply();
        for (ClientSession session : run.proxy().sessions().all()) {
            boolean meant = database == null || session.database().equals(database);
            if (meant && !AdminConsole.isConsole(session.database())) {
                session.kill(farewell);
            }
        }
        run.proxy().pools().kill(database);
        run.done("KILL");
    }
}

package dev.carpool.admin;

import dev.carpool.client.ClientSession;
import dev.carpool.error.CarpoolError;
import org.jspecify.annotations.Nullable;

/** {@code KILL_CLIENT}: ends one client session, named by its id or as log lines name it. */
final class KillClient implements AdminCommand {
    @Override
    public void run(CommandRun run) {
        long id = id(run.argument());
        ClientSession session = id < 0 ? null : run.proxy().sessions().find(id);
        if (id < 0) {
            run.fail("invalid client pointer supplied");
        } else if (session == null) {
            run.fail("client not found");
        } else {
            session.kill(CarpoolError.KILLED.reply());
            run.done("KILL_CLIENT");
        }
    }

    private static long id(@Nullable String text) {
        if (text == null) {
            return -1;
        }
        try {
            return Long.parseLong(text.startsWith(SessionRows.CLIENT_LABEL) ? text.substring(2) : text);
        } catch (NumberFormatException noNumber) {
            return -1;
        }
    }
}

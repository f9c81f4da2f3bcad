package dev.carpool.admin;

import dev.carpool.error.CarpoolError;
import dev.carpool.error.ErrorReply;
import dev.carpool.error.SqlState;

/** A command that PgBouncer or somebody's habit has and this proxy has not: the error tells what to use instead. */
record Unsupported(String message, String hint) implements AdminCommand {
    @Override
    public void run(CommandRun run) {
        run.fail(new ErrorReply(CarpoolError.Severity.ERROR, SqlState.FEATURE_NOT_SUPPORTED, message, hint));
    }
}

package dev.carpool.admin;

import java.util.List;

/** One command of the console. Stateless; the dispatcher has checked the role. */
interface AdminCommand {
    /** The columns of the rows it returns; empty for a command that returns none. */
    default List<Column> columns() {
        return List.of();
    }

    /** Does it, now or later, and ends with exactly one of {@link CommandRun}'s answers. On the client's event loop. */
    void run(CommandRun run);
}

package dev.carpool.admin;

/** A command that returns rows and changes nothing. They are gathered off the event loop: there may be many. */
abstract class Show implements AdminCommand {
    /** Adds the rows. Not on an event loop. */
    abstract void fill(CommandRun run, ResultTable table);

    @Override
    public final void run(CommandRun run) {
        run.elsewhere(() -> {
            ResultTable table = new ResultTable(columns());
            fill(run, table);
            return () -> run.done(table, "SHOW");
        });
    }
}

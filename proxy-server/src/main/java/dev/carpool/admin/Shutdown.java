package dev.carpool.admin;

/** {@code SHUTDOWN}: ends the proxy. */
final class Shutdown implements AdminCommand {
    private final ShutdownMode mode;

    Shutdown(ShutdownMode mode) {
        this.mode = mode;
    }

    @Override
    public void run(CommandRun run) {
        run.done("SHUTDOWN");
        run.proxy().shutDown(mode);
    }
}

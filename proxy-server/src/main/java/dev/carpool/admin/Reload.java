package dev.carpool.admin;

import java.util.List;

/** {@code RELOAD}: reads the configuration again. */
final class Reload implements AdminCommand {
    @Override
    public void run(CommandRun run) {
        run.elsewhere(() -> {
            List<String> problems = run.proxy().reload();
            return () -> {
                if (problems.isEmpty()) {
                    run.done("RELOAD");
                } else {
                    run.fail("RELOAD failed, see logs for additional details: " + String.join("; ", problems));
                }
            };
        });
    }
}

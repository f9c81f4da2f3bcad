package dev.carpool.admin;

import java.util.stream.Collectors;

/** {@code SHOW HELP}: the table of commands, as a notice. */
final class ShowHelp implements AdminCommand {
    @Override
    public void run(CommandRun run) {
        String list = AdminCommands.listed().stream()
                .map(row -> String.format(
                        "\n\t%-28s %s%s",
                        row.usage(), row.sentence(), row.role() == AdminRole.OPERATOR ? " (operator)" : ""))
                .collect(Collectors.joining());
        run.notice("Console usage", list);
        run.done("SHOW");
    }
}

package dev.carpool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code carpool demo} as the list of commands has it. The demo itself comes with a PostgreSQL, hence in a jar of its own,
 * which the script {@code carpool} starts.
 */
@Command(
        name = "demo",
        description = {
            "Start an embedded PostgreSQL 18 with Carpool in front of it.",
            "Only by the script of the sources: ./carpool demo"
        })
final class DemoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Unmatched
    private List<String> ignored = new ArrayList<>();

    @Override
    public Integer call() {
        spec.commandLine()
                .getErr()
                .println("the demo is not in this jar: use ./carpool demo in a clone of the sources");
        return 2;
    }
}

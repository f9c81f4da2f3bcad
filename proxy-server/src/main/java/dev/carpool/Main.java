package dev.carpool;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. */
@Command(
        name = "carpool",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "A PostgreSQL connection proxy: many sessions, few connections.",
        subcommands = {
            RunCommand.class,
            CheckCommand.class,
            ReportCommand.class,
            DemoCommand.class,
            CommandLine.HelpCommand.class
        })
public final class Main implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.@org.jspecify.annotations.Nullable CommandSpec spec;

    /** Netty's checks of every buffer access cost a tenth of the relay's time; switch them on for hunting a bug. */
    private static final List<String> NETTY_DEFAULTS =
            List.of("io.netty.buffer.checkBounds", "io.netty.buffer.checkAccessible");

    public static void main(String... arguments) {
        System.exit(execute(arguments));
    }

    /** Runs one command to its end; returns the exit code: 0, 1 for a failure, 2 for bad arguments or configuration. */
    public static int execute(String... arguments) {
        if (System.getProperty("io.netty.leakDetection.level") == null) {
            System.setProperty("io.netty.leakDetection.level", "disabled");
        }
        for (String property : NETTY_DEFAULTS) {
            if (System.getProperty(property) == null) {
                System.setProperty(property, "false");
            }
        }
        Logging.configure();
        return new CommandLine(new Main()).execute(arguments);
    }

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }
}

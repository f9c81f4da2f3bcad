package dev.carpool;

import dev.carpool.config.CarpoolConfig;
import dev.carpool.config.ConfigReading;
import dev.carpool.config.DatabaseConfig;
import dev.carpool.config.LimitsConfig;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code carpool check}: reads a configuration as {@code run} would, and starts nothing. All problems go to standard
 * error and the exit code is 2; without problems a summary and what may surprise go to standard output.
 */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Validate a configuration without starting anything.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:valid", "2:there are problems; each is a line on standard error"})
public final class CheckCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Mixin
    private ConfigOptions options = new ConfigOptions();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    public CheckCommand() {
        this(System.getenv());
    }

    CheckCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        ConfigReading reading = options.reader(environment).read();
        CarpoolConfig config = reading.config();
        if (config == null) {
            return fail(ConfigReading.lines(reading.problems()));
        }
        List<String> files = ConfigFiles.problems(config);
        if (!files.isEmpty()) {
            return fail(lines(files));
        }
        PrintWriter out = spec.commandLine().getOut();
        summarize(config, out);
        if (!reading.notices().isEmpty()) {
            out.println();
            out.println("Good to know:");
            out.print(ConfigReading.lines(reading.notices()));
        }
        out.flush();
        return 0;
    }

    private int fail(String problems) {
        PrintWriter err = spec.commandLine().getErr();
        err.print(problems);
        err.flush();
        return 2;
    }

    private static String lines(List<String> problems) {
        return problems.stream()
                .map(problem -> problem + System.lineSeparator())
                .collect(Collectors.joining());
    }

    private static void summarize(CarpoolConfig config, PrintWriter out) {
        LimitsConfig limits = config.limits();
        InetSocketAddress http = config.admin().http();
        out.println("The configuration is valid.");
        out.printf(
                "  clients:   %s, %s, at most %s%n",
                config.listen().addresses().stream().map(CheckCommand::show).collect(Collectors.joining(", ")),
                "auth_type "
                        + config.auth().type().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                unlimited(limits.maxClientConnections()));
        out.printf("  HTTP port: %s%n", http == null ? "none" : show(http));
        out.printf("  databases: %s%n", databases(config));
        out.printf(
                "  pools:     %s mode, %s server connections each, at most %s per host%n",
                config.pool().mode().name().toLowerCase(Locale.ROOT),
                unlimited(config.pool().size()),
                unlimited(limits.maxServerConnections()));
    }

    private static String databases(CarpoolConfig config) {
        int count = config.databases().size();
        DatabaseConfig any = config.wildcard();
        String named = count == 1 ? "1 by name" : count + " by name";
        return any == null ? named : named + ", all others on " + any.host() + ":" + any.port();
    }

    private static String show(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }

    private static String unlimited(int limit) {
        return limit == 0 ? "unlimited" : Integer.toString(limit);
    }
}

package dev.carpool;

import dev.carpool.config.ConfigReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The part of a command line that says what the configuration is; a picocli mixin of {@code run} and {@code check}. */
public final class ConfigOptions {

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FILE",
            description = "carpool.yaml or pgbouncer.ini; without it defaults, environment and flags apply")
    private @Nullable Path file;

    @Option(
            names = "--upstream",
            paramLabel = "postgresql://HOST:PORT[/DB]",
            description = "the PostgreSQL server of any database a client names")
    private @Nullable String upstream;

    @Option(names = "--listen", paramLabel = "HOST:PORT", description = "where clients connect")
    private @Nullable String listen;

    @Option(names = "--admin", paramLabel = "HOST:PORT", description = "where the HTTP port listens; \"\" for nowhere")
    private @Nullable String admin;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "a setting, such as pool_mode=session or databases.app.pool_size=5; may be repeated")
    private List<String> assignments = new ArrayList<>();

    /** Reads what the command line and these variables say. {@code --set} wins over the other flags. */
    public ConfigReader reader(Map<String, String> environment) {
        ConfigReader reader = ConfigReader.create().withEnvironment(environment);
        reader = file == null ? reader : reader.withFile(file);
        reader = upstream == null ? reader : reader.with("--upstream", "upstream=" + upstream);
        reader = listen == null ? reader : reader.with("--listen", "listen=" + listen);
        reader = admin == null ? reader : reader.with("--admin", "admin_listen=" + admin);
        for (String assignment : assignments) {
            reader = reader.with(assignment);
        }
        return reader;
    }
}

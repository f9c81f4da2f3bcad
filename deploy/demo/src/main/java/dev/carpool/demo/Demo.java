package dev.carpool.demo;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code carpool demo}: an embedded PostgreSQL and Carpool in front of it, in one JVM, until Ctrl-C. */
@Command(
        name = "carpool demo",
        mixinStandardHelpOptions = true,
        description = {
            "Starts an embedded PostgreSQL 18 and Carpool in front of it.",
            "Prints lines to connect with. Ctrl-C stops both and deletes the data."
        })
public final class Demo implements Callable<Integer> {
    static final String DATABASE = "app";
    static final String ROLE = "app";
    static final String PASSWORD = "carpool";
    private static final Duration READY_WITHIN = Duration.ofSeconds(30);
    private static final Duration PROXY_STOPS_WITHIN = Duration.ofSeconds(10);

    @Option(names = "--listen", paramLabel = "HOST:PORT", description = "Carpool's address (default: ${DEFAULT-VALUE})")
    private String listen = "127.0.0.1:6432";

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            description = "Carpool's admin address (default: ${DEFAULT-VALUE})")
    private String admin = "127.0.0.1:9432";

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "a setting for Carpool; can be repeated")
    private List<String> settings = new ArrayList<>();

    private final Proxy proxy;
    private final PrintStream out;

    /** Carpool as the demo sees it. */
    interface Proxy {
        /** Runs Carpool with these command line arguments until it is stopped; the exit code. */
        int run(String... arguments);
    }

    Demo(Proxy proxy, PrintStream out) {
        this.proxy = proxy;
        this.out = out;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.exit(new CommandLine(new Demo(dev.carpool.Main::execute, out))
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    line.getErr().println("carpool demo: " + failure.getMessage());
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws SQLException, InterruptedException {
        if (isReady()) {
            throw new IllegalStateException("a demo is already running at " + listen + "; choose another --listen");
        }
        out.println("Starting PostgreSQL 18 ...");
        CompletableFuture<Integer> carpool = new CompletableFuture<>();
        try (EmbeddedPostgres postgres =
                EmbeddedPostgres.builder().beforeExit(() -> awaitEnd(carpool)).start()) {
            postgres.execute(
                    "create role " + ROLE + " login password '" + PASSWORD + "'",
                    "create database " + DATABASE + " owner " + ROLE);
            out.println("Starting Carpool ...");
            startCarpool(postgres, carpool);
            if (awaitReady(carpool)) {
                greet(postgres);
            }
            return carpool.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Carpool failed", e.getCause());
        } finally {
            carpool.complete(1); // nobody waits for it any more
        }
    }

    private void startCarpool(EmbeddedPostgres postgres, CompletableFuture<Integer> ended) {
        List<String> arguments = new ArrayList<>(List.of(
                "run",
                "--upstream",
                "postgresql://" + postgres.host() + ":" + postgres.port(),
                "--listen",
                listen,
                "--admin",
                admin));
        settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
        new Thread(
                        () -> {
                            try {
                                ended.complete(proxy.run(arguments.toArray(String[]::new)));
                            } catch (RuntimeException | Error e) {
                                ended.completeExceptionally(e);
                            }
                        },
                        "demo-carpool")
                .start();
    }

    /** False when Carpool ended instead. */
    private boolean awaitReady(CompletableFuture<Integer> carpool) throws InterruptedException, ExecutionException {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        while (!carpool.isDone()) {
            if (isReady()) {
                return true;
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("Carpool is not ready after " + READY_WITHIN.toSeconds() + " s");
            }
            try {
                carpool.get(50, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // it runs: ask again, since only a login tells that it is ready
            }
        }
        return false;
    }

    /** The line that will be printed works. */
    private boolean isReady() {
        try (Connection connection = DriverManager.getConnection(
                "jdbc:postgresql://" + reachable(listen) + "/" + DATABASE + "?connectTimeout=1&loginTimeout=5",
                ROLE,
                PASSWORD)) {
            return connection.isValid(1);
        } catch (SQLException e) {
            return false; // not listening yet
        }
    }

    private void greet(EmbeddedPostgres postgres) {
        String address = reachable(listen);
        out.println();
        out.println("Carpool is ready. Connect with");
        out.println();
        out.println("  psql   psql 'postgresql://" + ROLE + ":" + PASSWORD + "@" + address + "/" + DATABASE + "'");
        out.println(
                "  JDBC   jdbc:postgresql://" + address + "/" + DATABASE + "?user=" + ROLE + "&password=" + PASSWORD);
        out.println("  admin  http://" + reachable(admin) + "/");
        out.println();
        out.println("PostgreSQL itself listens on " + postgres.host() + ":" + postgres.port() + " (superuser "
                + postgres.superuser() + ", password " + postgres.superuserPassword() + ").");
        out.println("Ctrl-C stops both and deletes the data.");
    }

    /** An address to connect to, for one that is listened on. */
    private static String reachable(String listened) {
        return listened.replaceFirst("^(0\\.0\\.0\\.0|\\*|\\[::])?:", "127.0.0.1:");
    }

    /** On Ctrl-C Carpool drains by itself, and PostgreSQL must outlive that. */
    private static void awaitEnd(CompletableFuture<Integer> carpool) {
        try {
            carpool.get(PROXY_STOPS_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // PostgreSQL is stopped in any case
        }
    }
}

package dev.carpool.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of its own in a temporary directory, on a free port of 127.0.0.1, for tests and the demo. It keeps
 * nothing: {@link #close} deletes its data, and nothing is flushed to disk. Root runs it under an unprivileged account.
 *
 * <p>Thread-safe; its methods block.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final String SUPERUSER = "postgres";
    private static final String SUPERUSER_PASSWORD = "postgres";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long SECONDS = PATIENCE.toSeconds();
    private static final int START_ATTEMPTS = 5;

    private final Path binaries;
    private final ServerAccount account;
    private final Path home;
    private final Path data;
    private final Thread exitHook;
    private int port;
    private boolean portIsSettled;

    private EmbeddedPostgres(Builder builder) throws IOException {
        this.binaries = PostgresBinaries.directory();
        this.account = ServerAccount.choose();
        this.portIsSettled = builder.port != 0;
        this.port = builder.port;
        this.home = Files.createTempDirectory("carpool-pg-");
        this.data = home.resolve("data");
        Runnable beforeExit = builder.beforeExit;
        this.exitHook = new Thread(
                () -> {
                    beforeExit.run();
                    destroy();
                },
                "embedded-postgres-exit");
        Runtime.getRuntime().addShutdownHook(exitHook);
    }

    /** What can be chosen before the first start. */
    public static final class Builder {
        private final Map<String, String> settings = new LinkedHashMap<>();
        private final List<String> hba = new ArrayList<>();
        private final Map<String, byte[]> files = new LinkedHashMap<>();
        private int port;
        private Runnable beforeExit = () -> {};

        private Builder() {
            settings.put("listen_addresses", "127.0.0.1");
            settings.put("unix_socket_directories", "");
            settings.put("fsync", "off");
            settings.put("synchronous_commit", "off");
            settings.put("full_page_writes", "off");
            settings.put("shared_buffers", "64MB");
            settings.put("log_line_prefix", "%m [%p] %u@%d ");
        }

        /** A line of postgresql.conf; the value is quoted here. */
        public Builder setting(String name, String value) {
            settings.put(name, value);
            return this;
        }

        /** A line of pg_hba.conf in front of the standard ones, which ask everybody for SCRAM. */
        public Builder hba(String line) {
            hba.add(line);
            return this;
        }

        /** A file in the data directory, readable by the server alone: certificates and keys. */
        public Builder file(String name, byte[] content) {
            files.put(name, content.clone());
            return this;
        }

        /** The port; 0, the default, means any free one. */
        public Builder port(int chosen) {
            this.port = chosen;
            return this;
        }

        /**
         * The end of the JVM stops the server and deletes its data, after this has run: for whoever has to leave the
         * server first.
         */
        public Builder beforeExit(Runnable chosen) {
            this.beforeExit = chosen;
            return this;
        }

        /**
         * Makes the cluster and starts it.
         *
         * @throws IllegalStateException when PostgreSQL does not start; the message has the end of its log
         */
        public EmbeddedPostgres start() {
            try {
                EmbeddedPostgres postgres = new EmbeddedPostgres(this);
                try {
                    postgres.startNew(this);
                    return postgres;
                } catch (IOException | RuntimeException | Error e) {
                    postgres.close();
                    throw e;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Starts a server with nothing special about it. */
    public static EmbeddedPostgres startNew() {
        return builder().start();
    }

    public String host() {
        return "127.0.0.1";
    }

    /** Stays the same over {@link #stop}, {@link #kill} and {@link #start}. */
    public synchronized int port() {
        return port;
    }

    public String superuser() {
        return SUPERUSER;
    }

    public String superuserPassword() {
        return SUPERUSER_PASSWORD;
    }

    /** Without user and password. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://" + host() + ":" + port() + "/" + database;
    }

    /** A direct connection as superuser; the caller closes it. */
    public Connection connect(String database) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", SUPERUSER);
        properties.setProperty("password", SUPERUSER_PASSWORD);
        return DriverManager.getConnection(jdbcUrl(database), properties);
    }

    /** Runs each statement as superuser in the database {@code postgres}, outside a transaction. */
    public void execute(String... statements) throws SQLException {
        executeIn("postgres", statements);
    }

    /** Runs each statement as superuser in {@code database}, outside a transaction. */
    public void executeIn(String database, String... statements) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Starts a server that was stopped or killed; does nothing while it runs. */
    public synchronized void start() {
        if (isRunning()) {
            return;
        }
        for (int attempt = 1; ; attempt++) {
            if (port == 0) {
                port = freePort();
            }
            try {
                run("pg_ctl", "start", "--wait", "--timeout=" + SECONDS, "--log=" + log(), "-o", "-p " + port);
                portIsSettled = true;
                return;
            } catch (Command.Failed e) {
                if (attempt == START_ATTEMPTS || !isWorthRetrying(logTail())) {
                    throw new IllegalStateException(e.getMessage() + "\n" + logTail(), e);
                }
            }
        }
    }

    private boolean isWorthRetrying(String log) {
        if (log.contains("Address already in use") && !portIsSettled) {
            port = 0; // somebody else was faster
            return true;
        }
        return log.contains("pre-existing shared memory block"); // the last process of a killed server is still going
    }

    /** Stops it as an operator does (fast shutdown): sessions end with 57P01, the data stay. */
    public synchronized void stop() {
        if (isRunning()) {
            run("pg_ctl", "stop", "--mode=fast", "--wait", "--timeout=" + SECONDS);
        }
    }

    /** {@link #stop}, then {@link #start}. */
    public synchronized void restart() {
        stop();
        start();
    }

    /** Makes it read postgresql.conf and pg_hba.conf again. */
    public synchronized void reload() {
        run("pg_ctl", "reload");
    }

    /** Kills all its processes at once, as {@code kill -9} and power cuts do; sockets close without a word. */
    public synchronized void kill() {
        long postmaster = postmaster();
        List<ProcessHandle> processes = Stream.concat(
                        ProcessHandle.of(postmaster).stream(),
                        ProcessHandle.of(postmaster).stream().flatMap(ProcessHandle::descendants))
                .toList();
        processes.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(processes);
        try {
            Files.delete(data.resolve("postmaster.pid")); // or a zombie nobody collects would block the next start
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills one backend; PostgreSQL then ends all other sessions and recovers by itself. */
    public void killBackend(long processId) {
        ProcessHandle.of(processId).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** Stops all its processes in their tracks (SIGSTOP): connections stay open, nothing answers. */
    public synchronized void freeze() {
        signal("STOP");
    }

    /** Lets a frozen server go on. */
    public synchronized void thaw() {
        signal("CONT");
    }

    public synchronized boolean isRunning() {
        return Files.exists(data.resolve("postmaster.pid"))
                && ProcessHandle.of(postmaster()).map(EmbeddedPostgres::lives).orElse(false);
    }

    /** The data directory. */
    public Path data() {
        return data;
    }

    /** The server's log. */
    public Path log() {
        return home.resolve("postgres.log");
    }

    /** Stops the server and deletes its data. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException e) {
            // this JVM is on its way out, and the hook may run as well
        }
        destroy();
    }

    private synchronized void destroy() {
        try {
            if (isRunning()) {
                signal("CONT"); // it may be frozen
                run("pg_ctl", "stop", "--mode=immediate", "--wait", "--timeout=" + SECONDS);
            }
        } finally {
            if (Files.exists(home)) {
                Directories.delete(home);
            }
        }
    }

    private synchronized void startNew(Builder builder) throws IOException {
        initialise(builder);
        start();
    }

    private void initialise(Builder builder) throws IOException {
        account.give(home);
        Path password = home.resolve("password");
        Files.writeString(password, SUPERUSER_PASSWORD);
        account.give(password);
        run(
                "initdb",
                "--username=" + SUPERUSER,
                "--pwfile=" + password,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-sync",
                "--no-instructions");
        Files.delete(password);
        StringBuilder settings = new StringBuilder();
        builder.settings.forEach((name, value) -> settings.append(name)
                .append(" = '")
                .append(value.replace("'", "''"))
                .append("'\n"));
        writeOwn("postgresql.conf", settings.toString().getBytes(StandardCharsets.UTF_8));
        List<String> hba = new ArrayList<>(builder.hba);
        hba.add("host all all all scram-sha-256");
        hba.add("host replication all all scram-sha-256");
        writeOwn("pg_hba.conf", (String.join("\n", hba) + "\n").getBytes(StandardCharsets.UTF_8));
        for (Map.Entry<String, byte[]> file : builder.files.entrySet()) {
            writeOwn(file.getKey(), file.getValue());
        }
    }

    private void writeOwn(String name, byte[] content) throws IOException {
        Path file = data.resolve(name);
        Files.write(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        account.give(file);
    }

    private void signal(String name) {
        long postmaster = postmaster();
        List<String> command = new ArrayList<>(
                List.of("sh", "-c", "for process; do kill -" + name + " $process || :; done", "signal"));
        command.add(Long.toString(postmaster));
        ProcessHandle.of(postmaster).stream()
                .flatMap(ProcessHandle::descendants)
                .map(process -> Long.toString(process.pid()))
                .forEach(command::add);
        Command.run(command, home, PATIENCE);
    }

    /** First line of postmaster.pid (PostgreSQL manual, "Database File Layout"). */
    private long postmaster() {
        try (Stream<String> lines = Files.lines(data.resolve("postmaster.pid"))) {
            return lines.findFirst().map(line -> Long.parseLong(line.strip())).orElseThrow();
        } catch (IOException e) {
            throw new IllegalStateException("PostgreSQL is not running", e);
        }
    }

    private void run(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(binaries.resolve("bin").resolve(program).toString());
        command.add("--pgdata=" + data);
        command.addAll(List.of(arguments));
        Command.run(account.running(command), home, PATIENCE.plusSeconds(5));
    }

    private String logTail() {
        try {
            List<String> lines = Files.readAllLines(log());
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return "(no log)";
        }
    }

    /** Looks again and again: {@link ProcessHandle#onExit} does not end for a zombie. */
    private static void awaitEnd(List<ProcessHandle> processes) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            while (processes.stream().anyMatch(EmbeddedPostgres::lives)) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("killed processes are still there: " + processes);
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for killed processes", e);
        }
    }

    /** A zombie is dead: in a container there may be nobody who collects it. */
    private static boolean lives(ProcessHandle process) {
        if (!process.isAlive()) {
            return false;
        }
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            return process.isAlive(); // gone meanwhile, or no /proc here
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("no free port", e);
        }
    }
}

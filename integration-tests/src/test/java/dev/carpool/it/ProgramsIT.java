package dev.carpool.it;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** PostgreSQL's own programs, unmodified. Skipped, with a word, where they are not installed. */
class ProgramsIT {
    private final PostgresUnderTest postgres = PostgresUnderTest.shared();

    @TempDir
    private Path directory;

    private ProxyUnderTest proxy;
    private String database;

    @BeforeEach
    void start() throws Exception {
        proxy = ProxyUnderTest.start("default_pool_size=3");
        database = postgres.newDatabase("programs");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    /** Where a program is: the newest PostgreSQL installed, else the PATH. */
    private static Path program(String name) throws Exception {
        List<Path> found = new ArrayList<>();
        Path versions = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(versions)) {
            try (Stream<Path> directories = Files.list(versions)) {
                directories.map(version -> version.resolve("bin").resolve(name)).forEach(found::add);
            }
        }
        for (String part : System.getenv("PATH").split(":", -1)) {
            found.add(Path.of(part, name));
        }
        Path program = found.stream().filter(Files::isExecutable).findFirst().orElse(null);
        assumeTrue(program != null, () -> name + " is not installed (Debian: postgresql, postgresql-client)");
        return program;
    }

    private record Outcome(int code, String output) {
        void assertSuccess() {
            assertEquals(0, code, output);
        }
    }

    private Outcome run(String name, List<String> arguments) throws Exception {
        return run(name, arguments, "");
    }

    private Outcome run(String name, List<String> arguments, String input) throws Exception {
        List<String> command = new ArrayList<>(List.of(program(name).toString()));
        command.addAll(arguments);
        Path in = Files.writeString(directory.resolve("in"), input);
        Path out = directory.resolve("out");
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile());
        builder.environment()
                .putAll(Map.of(
                        "PGHOST",
                        proxy.host(),
                        "PGPORT",
                        Integer.toString(proxy.port()),
                        "PGUSER",
                        PostgresUnderTest.APP,
                        "PGPASSWORD",
                        PostgresUnderTest.APP_PASSWORD,
                        "PGDATABASE",
                        database,
                        "PGOPTIONS",
                        "-c statement_timeout=60s",
                        "LC_ALL",
                        "C.UTF-8"));
        Process process = builder.start();
        assertTrue(process.waitFor(100, TimeUnit.SECONDS), () -> name + " goes on");
        return new Outcome(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8));
    }

    @Test
    void psql() throws Exception {
        Outcome outcome = run("psql", List.of("-X", "-v", "ON_ERROR_STOP=1", "-At"), """
                create table words (w text);
                \\copy words from stdin
                one
                two
                \\.
                begin;
                insert into words values ('three');
                \\d words
                commit;
                \\copy (select * from words order by w) to stdout
                select 'ünïcode', current_setting('statement_timeout');
                \\set FETCH_COUNT 10
                select count(*) from (select generate_series(1, 100)) s;
                select * from generate_series(1, 25);
                \\conninfo
                """);
        outcome.assertSuccess();
        assertTrue(outcome.output().contains("one\nthree\ntwo\nünïcode|1min\n100\n1\n2\n"), outcome::output);
    }

    @Test
    void psqlReportsErrorsAsItDoesDirectly() throws Exception {
        Outcome outcome = run("psql", List.of("-X"), "select 1/0;\nselect nonsense;\nselect 'after';\n");
        assertTrue(outcome.output().contains("ERROR:  division by zero"), outcome::output);
        assertTrue(outcome.output().contains("LINE 1: select nonsense;"), outcome::output);
        assertTrue(outcome.output().contains("after"), outcome::output);
    }

    @Test
    void psqlWithTheDatabaseOfAnotherUser() throws Exception {
        Outcome outcome = run("psql", List.of("-X", "-U", "app", "-d", "no_such_database", "-c", "select 1"));
        assertEquals(2, outcome.code());
        assertTrue(outcome.output().contains("database \"no_such_database\" does not exist"), outcome::output);
    }

    /** One thread for each client: pgbench prepares synchronously, so clients of one thread could wait for each other. */
    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended", "prepared"})
    void pgbench(String mode) throws Exception {
        run("pgbench", List.of("-i", "-q", "-s", "1")).assertSuccess();
        Outcome outcome = run("pgbench", List.of("-n", "-M", mode, "-c", "8", "-j", "8", "-t", "50"));
        outcome.assertSuccess();
        assertTrue(outcome.output().contains("number of transactions actually processed: 400/400"), outcome::output);
        run("pgbench", List.of("-n", "-S", "-C", "-M", mode, "-c", "4", "-j", "4", "-t", "10"))
                .assertSuccess();
        try (ScriptedClient client = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
            assertEquals("400", client.value("select count(*) from pgbench_history"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"extended", "prepared"})
    void pgbenchWithPipelines(String mode) throws Exception {
        Path script = Files.writeString(directory.resolve("pipeline.sql"), """
                \\set n random(1, 1000)
                \\startpipeline
                select :n;
                begin;
                select :n + 1;
                select * from generate_series(1, 20);
                end;
                select :n + 2;
                \\endpipeline
                """);
        Outcome outcome =
                run("pgbench", List.of("-n", "-M", mode, "-c", "8", "-j", "8", "-t", "50", "-f", script.toString()));
        outcome.assertSuccess();
        assertTrue(outcome.output().contains("400/400"), outcome::output);
    }

    @ParameterizedTest
    @ValueSource(strings = {"custom", "directory"})
    void pgDumpAndRestore(String format) throws Exception {
        assumeTrue(servesDumps(), "pg_dump is older than the server and refuses");
        try (ScriptedClient client = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, database)) {
            client.query("create table t (i int primary key, t text)");
            client.query("insert into t select i, repeat('text ', i % 50) from generate_series(1, 5000) i");
            client.query("create view v as select count(*) as c from t");
            client.query("select lo_from_bytea(4711, 'large object')");
        }
        String copy = postgres.newDatabase("restored");
        Path dump = directory.resolve("dump");
        List<String> jobs = format.equals("directory") ? List.of("-j", "2") : List.of();
        List<String> arguments = new ArrayList<>(List.of("-F", format, "-f", dump.toString()));
        arguments.addAll(jobs);
        run("pg_dump", arguments).assertSuccess();
        arguments = new ArrayList<>(List.of("-d", copy, "--no-owner", "-e", dump.toString()));
        arguments.addAll(jobs);
        run("pg_restore", arguments).assertSuccess();
        try (ScriptedClient client = proxy.loginAs("app", PostgresUnderTest.APP_PASSWORD, copy)) {
            assertEquals("5000", client.value("select c from v"));
            assertEquals("large object", client.value("select convert_from(lo_get(4711), 'UTF8')"));
        }
    }

    private boolean servesDumps() throws Exception {
        String version = run("pg_dump", List.of("--version")).output().replaceAll("\\D*(\\d+).*\\s*", "$1");
        return Integer.parseInt(version) >= Integer.parseInt(postgres.ask("show server_version_num")) / 10_000;
    }
}

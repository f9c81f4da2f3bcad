package dev.carpool;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class CheckCommandTest {
    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(String... arguments) {
        return new CommandLine(new CheckCommand(Map.of()))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    @Test
    void printsEveryProblemWithFileAndLineAndExitsWithTwo() throws Exception {
        Path file = Files.writeString(
                directory.resolve("carpool.yaml"), "upstream: db:5432\npool_mod: session\nverbose: high\n");
        assertEquals(2, check(file.toString()));
        assertEquals("", out.toString());
        assertEquals(
                String.format(
                        "%s:2: pool_mod: unknown setting; did you mean pool_mode?%n"
                                + "%s:3: verbose: \"high\" is not a whole number%n",
                        file, file),
                err.toString());
    }

    @Test
    void summarizesAValidConfigurationAndExitsWithZero() {
        assertEquals(0, check("--upstream", "postgresql://db:5433", "--set", "databases.app.pool_size=3"));
        assertEquals("", err.toString());
        assertEquals(String.format("""
                        The configuration is valid.
                          clients:   127.0.0.1:6432, auth_type passthrough, at most 10000
                          HTTP port: 127.0.0.1:9432
                          databases: 1 by name, all others on db:5433
                          pools:     transaction mode, 20 server connections each, at most 100 per host
                        """.replace("\n", "%n")), out.toString());
    }

    @Test
    void addsWhatMaySurprise() {
        assertEquals(0, check("--upstream", "db:5433", "--set", "query_wait_timeout=0"));
        assertTrue(out.toString().contains("Good to know:"), out.toString());
        assertTrue(out.toString().contains("--set: query_wait_timeout: 0:"), out.toString());
    }

    @Test
    void looksIntoTheFilesForTls() throws Exception {
        Path pem = Files.writeString(directory.resolve("x.pem"), "no certificate");
        assertEquals(
                2,
                check(
                        "--upstream=db:5433",
                        "--set=client_tls_sslmode=require",
                        "--set=client_tls_key_file=" + pem,
                        "--set=client_tls_cert_file=" + pem));
        assertTrue(err.toString().contains("client_tls_cert_file " + pem + ": "), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void looksIntoUserListAndRules() throws Exception {
        Path users = Files.writeString(directory.resolve("users.txt"), "\"joe\" \"hush\"\nann hush\n");
        Path rules = Files.writeString(directory.resolve("hba.conf"), "\nhost all everybody\n");
        assertEquals(
                2,
                check(
                        "--upstream=db:5433",
                        "--set=auth_type=hba",
                        "--set=auth_file=" + users,
                        "--set=auth_hba_file=" + rules));
        assertTrue(err.toString().contains(users + ":2: auth_file: "), err.toString());
        assertTrue(err.toString().contains(rules + ":2: auth_hba_file: "), err.toString());
        assertTrue(!err.toString().contains("hush"), err.toString());
    }

    @Test
    void explainsItself() {
        assertEquals(0, check("--help"));
        assertTrue(out.toString().contains("--upstream"), out.toString());
    }
}

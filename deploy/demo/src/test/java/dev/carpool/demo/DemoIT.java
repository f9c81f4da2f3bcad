package dev.carpool.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

@Timeout(120)
class DemoIT {
    @TempDir
    Path temporary;

    @Test
    void servesThePrintedLineAndLeavesNothingBehind() throws Exception {
        Process demo = start("--listen", "127.0.0.1:" + freePort(), "--admin", "127.0.0.1:" + freePort());
        try {
            String jdbcUrl = untilReady(demo.inputReader());
            try (Connection connection = DriverManager.getConnection(jdbcUrl);
                    ResultSet row = connection.createStatement().executeQuery("select current_user")) {
                assertTrue(row.next());
                assertEquals("app", row.getString(1));
            }
            demo.destroy();
            assertEquals(0, demo.waitFor());
            assertThrows(SQLException.class, () -> DriverManager.getConnection(jdbcUrl));
        } finally {
            demo.destroyForcibly();
        }
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(
                    List.of(),
                    left.map(path -> path.getFileName().toString())
                            .filter(name -> name.startsWith("carpool-pg-"))
                            .toList());
        }
    }

    @Test
    void endsWhenItsAddressIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Process demo = start("--listen", "127.0.0.1:" + taken.getLocalPort(), "--admin", "127.0.0.1:" + freePort());
            try {
                demo.inputReader().lines().forEach(line -> assertFalse(line.contains("Carpool is ready"), line));
                assertEquals(1, demo.waitFor());
            } finally {
                demo.destroyForcibly();
            }
        }
    }

    /** In a temporary directory of its own, which root's PostgreSQL must be able to enter. */
    private Process start(String... arguments) throws IOException {
        Files.setPosixFilePermissions(temporary, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                System.getProperty("java.class.path"),
                Demo.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Reads until the demo is ready; the JDBC URL it printed. */
    private static String untilReady(BufferedReader lines) throws IOException {
        StringBuilder all = new StringBuilder();
        String jdbcUrl = "";
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            all.append(line).append('\n');
            if (line.contains("jdbc:postgresql:")) {
                jdbcUrl = line.substring(line.indexOf("jdbc:"));
            }
            if (line.startsWith("Ctrl-C")) {
                return jdbcUrl;
            }
        }
        throw new AssertionError("the demo ended:\n" + all);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}

package dev.carpool.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of the operating system, run to its end. */
final class Command {
    private Command() {}

    /** It ended with another exit code than 0, or not in time. */
    static final class Failed extends IllegalStateException {
        private static final long serialVersionUID = 1L;

        private Failed(List<String> command, String why, String output) {
            super(String.join(" ", command) + " " + why + "\n" + output);
        }
    }

    /**
     * Runs {@code command} in {@code directory}, without the PG* variables of the environment.
     *
     * @throws Failed with what the command printed
     */
    static void run(List<String> command, Path directory, Duration patience) {
        try {
            Path output = Files.createTempFile("carpool-command-", "");
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
                builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
                builder.environment().put("LC_ALL", "C");
                Process process = builder.start();
                process.getOutputStream().close();
                if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                    throw new Failed(command, "did not end within " + patience, text(output));
                }
                if (process.exitValue() != 0) {
                    throw new Failed(command, "failed with exit code " + process.exitValue(), text(output));
                }
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command.get(0), e);
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}

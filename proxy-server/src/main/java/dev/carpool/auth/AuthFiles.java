package dev.carpool.auth;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads the lines of a file that an operator has written. */
final class AuthFiles {
    private AuthFiles() {}

    /** The lines, one character for each byte, because passwords need not be UTF-8; empty after a problem. */
    static Optional<List<String>> lines(Path file, AuthFileProblems.Collector problems) {
        try {
            String content = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
            return Optional.of(content.lines().toList());
        } catch (NoSuchFileException e) {
            problems.add(file.toString(), 0, "does not exist");
        } catch (AccessDeniedException e) {
            problems.add(file.toString(), 0, "may not be read by this process");
        } catch (IOException e) {
            problems.add(file.toString(), 0, "cannot be read (" + e.getMessage() + ")");
        }
        return Optional.empty();
    }

    /** The text that such characters stand for. */
    static String utf8(String bytes) {
        return new String(bytes(bytes), StandardCharsets.UTF_8);
    }

    static byte[] bytes(String bytes) {
        return bytes.getBytes(StandardCharsets.ISO_8859_1);
    }
}

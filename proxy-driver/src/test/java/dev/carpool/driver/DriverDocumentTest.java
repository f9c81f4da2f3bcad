package dev.carpool.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Keeps docs/driver.md true. */
final class DriverDocumentTest {
    private final List<String> lines;

    DriverDocumentTest() throws IOException {
        lines = Files.readAllLines(Path.of("..", "docs", "driver.md"));
    }

    @Test
    void listsExactlyOurProperties() {
        List<String> expected = Arrays.stream(CarpoolProperty.values())
                .map(property -> "| `" + property.key() + "` | `" + property.defaultValue() + "` | "
                        + property.description() + " |")
                .toList();
        assertEquals(
                expected,
                lines.stream().filter(line -> line.startsWith("| `carpool.")).toList());
    }

    @Test
    void listsExactlyTheDefaultsThatDiffer() {
        TreeSet<String> expected = new TreeSet<>();
        PgDefaults.VALUES.forEach((name, value) -> expected.add("| `" + name + "` | `" + value + "` |"));
        TreeSet<String> found = new TreeSet<>();
        lines.stream()
                .filter(line -> line.startsWith("| `") && !line.startsWith("| `carpool."))
                .forEach(line -> found.add(line.substring(0, line.lastIndexOf(" | ") + 2)));
        assertEquals(expected, found);
    }

    @Test
    void namesDefaultTimeoutAndRetriedStates() {
        String text = String.join("\n", lines);
        assertTrue(text.contains("else **" + LoginTimeout.DEFAULT.toSeconds() + " s**"));
        for (String state : List.of(
                SqlStates.ADMIN_SHUTDOWN,
                SqlStates.CRASH_SHUTDOWN,
                SqlStates.CANNOT_CONNECT_NOW,
                SqlStates.CANNOT_CONNECT,
                SqlStates.CONNECTION_FAILURE,
                SqlStates.INVALID_PARAMETER_VALUE)) {
            assertTrue(text.contains(state), state);
        }
    }
}

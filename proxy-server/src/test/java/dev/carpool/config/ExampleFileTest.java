package dev.carpool.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** deploy/carpool.yaml is right as it stands, and stays right when an operator takes the {@code #} from a setting. */
final class ExampleFileTest {
    private static final Path FILE = Path.of("..", "deploy", "carpool.yaml");

    @TempDir
    private Path directory;

    @Test
    void isValidAsItStands() {
        ConfigReading reading = ConfigReader.create().withFile(FILE).read();
        assertEquals(List.of(), reading.problems());
        assertEquals(List.of(), reading.notices());
    }

    @Test
    void staysValidWithEverySettingSwitchedOn() throws IOException {
        Path file = Files.writeString(directory.resolve("file.pem"), "");
        String all = Files.readString(FILE)
                .replaceAll("(?m)^#(?=[a-z ])(?! )", "")
                .replaceAll("(?m)^#(?=  +\\S)", "")
                .replaceAll("/etc/carpool/\\S+", file.toString());
        ConfigReading reading = new ConfigFixture(directory).yaml(all).read();
        assertEquals(List.of(), reading.problems());
        assertTrue(reading.configOrThrow().databases().size() > 1);
    }
}

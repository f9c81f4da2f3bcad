package dev.carpool.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertNotNull;

/** Configuration files of a test, in its own directory. */
record ConfigFixture(Path directory) {

    static final String UPSTREAM = "upstream=postgresql://db:5432";

    /** A file with this text. */
    Path file(String name, String text) {
        try {
            return Files.writeString(directory.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ConfigReader yaml(String text) {
        return ConfigReader.create().withFile(file("carpool.yaml", text));
    }

    ConfigReader ini(String text) {
        return ConfigReader.create().withFile(file("pgbouncer.ini", text));
    }

    /** The problems, without the directory. */
    List<String> problems(ConfigReader reader) {
        return lines(reader.read().problems());
    }

    /** The notices of a configuration without problems, without the directory. */
    List<String> notices(ConfigReader reader) {
        ConfigReading reading = reader.read();
        assertNotNull(reading.config(), () -> ConfigReading.lines(reading.problems()));
        return lines(reading.notices());
    }

    /** A configuration from flags alone, over one upstream. */
    static CarpoolConfig config(String... assignments) {
        return reader(assignments).read().configOrThrow();
    }

    static ConfigReader reader(String... assignments) {
        ConfigReader reader = ConfigReader.create().with(UPSTREAM);
        for (String assignment : assignments) {
            reader = reader.with(assignment);
        }
        return reader;
    }

    private List<String> lines(List<ConfigProblem> list) {
        return list.stream()
                .map(problem -> problem.toString().replace(directory + "/", ""))
                .toList();
    }
}

package dev.carpool.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ConfigDocumentTest {
    private static final Path FILE = Path.of("..", "docs", "config.md");

    @Test
    void manualMatchesTheTable() throws IOException {
        String text = ConfigDocument.text();
        if (Boolean.getBoolean("carpool.docs.write")) {
            Files.writeString(FILE, text);
        }
        assertEquals(text, Files.readString(FILE), "write it anew with -Dcarpool.docs.write=true");
    }

    @Test
    void everySentenceIsOne() {
        for (Setting<?> setting : Settings.all()) {
            String sentence = setting.sentence();
            assertTrue(sentence.endsWith("."), setting.key());
            assertTrue(!sentence.contains("|"), setting.key());
            String first = sentence.substring(0, 1);
            assertTrue(first.equals("`") || first.equals(first.toUpperCase(Locale.ROOT)), setting.key());
        }
    }
}

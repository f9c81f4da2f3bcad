package dev.carpool.admin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class AdminDocumentTest {
    private static final Path FILE = Path.of("..", "docs", "admin.md");
    private static final String BEGIN = "| Command | Role | What it does |\n|---|---|---|\n";
    private static final String END = "<!-- end -->";

    @Test
    void documentMatchesTheTableOfCommands() throws IOException {
        String document = Files.readString(FILE);
        int begin = document.indexOf(BEGIN) + BEGIN.length();
        int end = document.indexOf(END);
        assertTrue(begin >= BEGIN.length() && end >= begin, "no place for the table");
        String wanted = document.substring(0, begin) + table() + document.substring(end);
        if (Boolean.getBoolean("carpool.docs.write")) {
            Files.writeString(FILE, wanted);
        }
        assertEquals(wanted, Files.readString(FILE), "write it anew with -Dcarpool.docs.write=true");
    }

    private static String table() {
        StringBuilder table = new StringBuilder();
        for (AdminCommands.Row row : AdminCommands.listed()) {
            table.append("| `")
                    .append(row.usage())
                    .append("` | ")
                    .append(row.role().name().toLowerCase(Locale.ROOT))
                    .append(" | ")
                    .append(row.sentence())
                    .append(" |\n");
        }
        return table.toString();
    }
}

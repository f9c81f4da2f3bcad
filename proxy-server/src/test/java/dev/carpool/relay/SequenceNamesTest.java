package dev.carpool.relay;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SequenceNamesTest {
    @Test
    void findsNamesWhereverTheyAre() {
        assertTrue(areIn("select currval('s')"));
        assertTrue(areIn("SELECT LASTVAL()"));
        assertTrue(areIn("lastval"));
    }

    @Test
    void findsWhatAPlainSearchFinds() {
        Random random = new Random(1);
        String[] pieces = {"c", "u", "r", "R", "v", "a", "L", "l", "s", "t", "val", "currva", "lastva", "x", " "};
        int found = 0;
        for (int run = 0; run < 50_000; run++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(12); i > 0; i--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            String lower = text.toString().toLowerCase(Locale.ROOT);
            boolean expected = lower.contains("currval") || lower.contains("lastval");
            found += expected ? 1 : 0;
            assertEquals(expected, areIn(text.toString()), text.toString());
        }
        assertTrue(found > 100, "the test looks for something");
    }

    private static boolean areIn(String text) {
        return SequenceNames.areIn(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }
}

package dev.carpool.params;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

final class StartupOptionsTest {
    @Test
    void readsSettingsInAllSpellings() {
        assertEquals(Map.of("search_path", "a,b"), settings("-c search_path=a,b"));
        assertEquals(Map.of("search_path", "a"), settings("-csearch_path=a"));
        assertEquals(Map.of("search_path", "a"), settings("--search-path=a"));
        assertEquals(Map.of("search_path", "a"), settings("-c search-path=a"));
        assertEquals(Map.of("TimeZone", "UTC", "app.x", "a-b=c"), settings(" --timezone=UTC\t\n-c  App.x=a-b=c "));
        assertEquals(Map.of("work_mem", "2"), settings("-c work_mem=1 --work_mem=2"));
        assertEquals(Map.of("x", ""), settings("-c x="));
        assertEquals(Map.of(), settings(""));
        assertEquals(Map.of(), settings("  "));
    }

    @Test
    void readsBackslashes() {
        assertEquals(List.of("-c", "a=b c\\d", "e"), StartupOptions.split("-c a=b\\ c\\\\d \\e"));
        assertEquals(List.of("a"), StartupOptions.split("a\\"));
        assertEquals(Map.of("search_path", "\"a b\", c"), settings("-c search_path=\"a\\ b\",\\ c"));
    }

    @Test
    void keepsOtherSwitches() {
        StartupOptions options = StartupOptions.parse("-e -c a=1 -fs -S 64 -sO -t\\ x -- ");
        assertEquals(Map.of("a", "1"), options.settings());
        assertEquals("-e -f s -S 64 -s -O -t \\ x", options.remainder());
        assertEquals("", options.problem());
        assertEquals(Map.of("a", "1"), StartupOptions.parse("-ec a=1").settings());
        assertEquals(
                options.remainder(), StartupOptions.parse(options.remainder()).remainder());
    }

    @Test
    void complainsInPostgresWords() {
        assertEquals("-c a requires a value", StartupOptions.parse("-c a").problem());
        assertEquals("--a requires a value", StartupOptions.parse("--a").problem());
        assertEquals(
                "invalid command-line argument for server process: x",
                StartupOptions.parse("x").problem());
        assertEquals(
                "invalid command-line argument for server process: -z",
                StartupOptions.parse("-z").problem());
        assertEquals(
                "invalid command-line argument for server process: -c",
                StartupOptions.parse("-c").problem());
        assertEquals(
                "invalid command-line argument for server process: -",
                StartupOptions.parse("-").problem());
        assertEquals(
                "unrecognized configuration parameter \"\"",
                StartupOptions.parse("-c =x").problem());
    }

    private static Map<String, String> settings(String options) {
        StartupOptions parsed = StartupOptions.parse(options);
        assertEquals("", parsed.problem());
        assertEquals("", parsed.remainder());
        return parsed.settings();
    }
}

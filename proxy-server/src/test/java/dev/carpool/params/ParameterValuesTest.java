package dev.carpool.params;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ParameterValuesTest {
    private static final ParameterValues EMPTY = ParameterValues.empty();

    @Test
    void sameContentIsTheSameObject() {
        ParameterValues one = EMPTY.with("a", "1").with("b", "2").with("c", "3");
        ParameterValues other =
                EMPTY.with("c", "0").with("b", "2").with("a", "1").with("c", "3");
        assertSame(one, other);
        assertSame(one, one.with("a", "1"));
        assertSame(one, one.without("x"));
        assertSame(EMPTY.with("a", "1").with("b", "2"), one.without("c"));
        assertSame(EMPTY, EMPTY.with("a", "1").without("a"));
        assertSame(EMPTY, ParameterValues.of(Map.of()));
        assertSame(one, EMPTY.withAll(one));
        assertSame(
                EMPTY.with("a", "1").with("b", "3"),
                EMPTY.with("a", "1").with("b", "2").withAll(EMPTY.with("b", "3")));
    }

    @Test
    void namesDifferInLettersOnly() {
        ParameterValues values =
                EMPTY.with("TIMEZONE", "UTC").with("App.User", "x").with("datestyle", "ISO");
        assertSame(values, EMPTY.with("TimeZone", "UTC").with("app.user", "x").with("DateStyle", "ISO"));
        assertEquals("UTC", values.value("timeZone"));
        assertNull(values.value("time_zone"));
        assertTrue(values.contains("APP.USER"));
        assertEquals("[DateStyle, TimeZone, app.user]", values.toString());
    }

    @Test
    void tellsTheDifferenceInOrder() {
        ParameterValues from = EMPTY.with("a", "1").with("b", "2").with("d", "4");
        ParameterValues to = EMPTY.with("b", "3").with("c", "4").with("d", "4").with("e", "5");
        assertEquals(List.of("a=null", "b=3", "c=4", "e=5"), difference(from, to));
        assertEquals(List.of("a=1", "b=2", "c=null", "e=null"), difference(to, from));
        assertEquals(List.of(), difference(from, from));
        assertEquals(List.of("a=1", "b=2", "d=4"), difference(EMPTY, from));
    }

    @Test
    void refusesWhatNoSettingCanBe() {
        assertThrows(IllegalArgumentException.class, () -> EMPTY.with("", "x"));
        assertThrows(IllegalArgumentException.class, () -> EMPTY.with("a\0b", "x"));
        assertThrows(IllegalArgumentException.class, () -> EMPTY.with("a", "x\0"));
    }

    @Test
    void showsNoValues() {
        assertFalse(EMPTY.with("app.token", "secret").toString().contains("secret"));
    }

    @Test
    void behavesLikeAMap() {
        Random random = new Random(5);
        ParameterValues tested = EMPTY;
        Map<String, String> model = new TreeMap<>();
        for (int step = 0; step < 20_000; step++) {
            String name = "n" + random.nextInt(8);
            if (random.nextInt(3) == 0) {
                tested = tested.without(name);
                model.remove(name);
            } else {
                String value = "v" + random.nextInt(3);
                tested = tested.with(name, value);
                model.put(name, value);
            }
            Map<String, String> content = new TreeMap<>();
            tested.forEach(content::put);
            assertEquals(model, content);
            assertSame(ParameterValues.of(model), tested);
            assertEquals(model.size(), tested.size());
        }
    }

    @Test
    void keepsNothingAlive() {
        int before = InternedValues.count();
        ParameterValues kept = EMPTY.with("keeps.nothing", "kept");
        for (int i = 0; i < 10_000; i++) {
            EMPTY.with("keeps.nothing", "x" + i).size();
        }
        while (InternedValues.count() > before + 5_000) {
            System.gc();
        }
        assertSame(kept, EMPTY.with("keeps.nothing", "kept"));
    }

    private static List<String> difference(ParameterValues from, ParameterValues to) {
        List<String> changes = new ArrayList<>();
        ParameterValues.difference(from, to, (name, value) -> changes.add(name + "=" + value));
        return changes;
    }
}

package dev.carpool.prepared;

import java.util.List;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

class NamedStatementsTest {
    private final NamedStatements named = new NamedStatements();

    @Test
    void keepsThemInOrder() {
        named.put("b", "first");
        named.put("a", "second");
        assertEquals(List.of("b", "a"), named.names());
        assertEquals("second", named.get("a"));
        named.remove("b");
        assertEquals(List.of("a"), named.names());
    }

    @Test
    void whatHasBeenReplacedIsNotTakenBack() {
        named.put("a", "first");
        named.put("a", "second");
        named.remove("a", "first");
        assertEquals("second", named.get("a"));
        named.remove("a", "second");
        assertTrue(named.isEmpty());
    }

    @Test
    void whatTheServerHasRefusedIsKnownByItsNameUntilItIsThere() {
        byte[] error = {'E'};
        named.user(this);
        named.refused("caf\u00c3\u00a9", error);
        assertEquals(error, named.whyMissing("prepared statement \"caf\u00e9\" does not exist"));
        assertNull(named.whyMissing("prepared statement \"other\" does not exist"));
        named.user(this);
        assertEquals(error, named.whyMissing("caf\u00e9"));
        named.put("caf\u00c3\u00a9", "there");
        assertNull(named.whyMissing("caf\u00e9"));
        named.refused("b", error);
        named.user("somebody else");
        assertNull(named.whyMissing("b"));
    }

    @Test
    void cleared() {
        named.put("a", "first");
        named.user(this);
        named.clear();
        named.remove("a");
        assertTrue(named.isEmpty());
        assertNull(named.user());
    }
}

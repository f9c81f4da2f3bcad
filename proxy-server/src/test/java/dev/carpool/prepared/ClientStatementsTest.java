package dev.carpool.prepared;

import dev.carpool.prepared.ClientStatements.Mapping;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ClientStatementsTest {
    private final StatementCatalog catalog = new StatementCatalog("0");
    private final ClientStatements statements = new ClientStatements(1 << 20);
    private final SharedStatement one = statement("select 1");
    private final SharedStatement two = statement("select 2");

    @Test
    void findsStatementsByName() {
        assertNull(lookup("a"));
        Mapping mapping = put("a", one);
        put("", two);
        assertSame(one, lookup("a"));
        assertSame(two, lookup(""));
        assertNull(lookup("A"));
        assertEquals("a", new String(mapping.name(), StandardCharsets.US_ASCII));
        assertEquals(2, statements.size());
        assertSame(mapping, remove("a"));
        assertNull(remove("a"));
        assertNull(lookup("a"));
        put("", one);
        assertSame(one, lookup(""));
        assertEquals(1, statements.size());
    }

    @Test
    void staysWithinItsMemory() {
        ClientStatements small = new ClientStatements(one.size() * 2L);
        ByteBuf name = Unpooled.copiedBuffer("ab", StandardCharsets.US_ASCII);
        assertNotNull(small.put(name, 0, 1, one));
        long bytes = small.bytes();
        assertNull(small.put(name, 1, 2, two));
        assertEquals(1, small.size());
        assertEquals(bytes, small.bytes());
        assertNotNull(small.put(name, 0, 1, two), "replacing needs no more room");
        assertEquals(bytes, small.bytes());
        small.clear();
        assertEquals(0, small.bytes());
        assertNotNull(small.put(name, 1, 2, two));
    }

    @Test
    void takesBackInBothOrders() {
        Mapping before = put("a", one);
        before.settle(1);
        for (boolean oldestFirst : List.of(true, false)) {
            Mapping removed = remove("a");
            assertSame(before, removed);
            Mapping added = put("a", two);
            if (oldestFirst) {
                statements.undoRemove(removed);
                assertSame(two, lookup("a"));
                statements.undoPut(added);
            } else {
                statements.undoPut(added);
                assertNull(lookup("a"));
                statements.undoRemove(removed);
            }
            assertSame(one, lookup("a"));
            assertEquals(1, statements.size());
        }
    }

    @Test
    void takesBackWhatWasRemovedAgain() {
        Mapping added = put("a", one);
        Mapping removed = remove("a");
        assertSame(added, removed);
        statements.undoPut(added);
        statements.undoRemove(removed);
        assertNull(lookup("a"));
        assertEquals(0, statements.size());
        assertEquals(0, statements.bytes());
    }

    @Test
    void takesBackAnyRunOfChanges() {
        Random random = new Random(3);
        String[] names = {"", "a", "b"};
        for (int run = 0; run < 20_000; run++) {
            ClientStatements tested = new ClientStatements(1 << 20);
            Map<String, SharedStatement> before = new HashMap<>();
            for (String name : names) {
                if (random.nextBoolean()) {
                    ByteBuf bytes = bytes(name);
                    Mapping mapping = tested.put(bytes, 0, bytes.writerIndex(), one);
                    assertNotNull(mapping);
                    mapping.settle(1);
                    before.put(name, one);
                }
            }
            long bytesBefore = tested.bytes();
            List<Runnable> undo = new ArrayList<>();
            for (int i = random.nextInt(8); i > 0; i--) {
                ByteBuf name = bytes(names[random.nextInt(names.length)]);
                if (random.nextBoolean()) {
                    Mapping mapping = tested.put(name, 0, name.writerIndex(), two);
                    undo.add(() -> tested.undoPut(mapping));
                } else {
                    Mapping mapping = tested.remove(name, 0, name.writerIndex());
                    if (mapping != null) {
                        undo.add(() -> tested.undoRemove(mapping));
                    }
                }
            }
            if (random.nextBoolean()) {
                Collections.reverse(undo);
            }
            undo.forEach(Runnable::run);
            for (String name : names) {
                ByteBuf bytes = bytes(name);
                assertSame(before.get(name), tested.lookup(bytes, 0, bytes.writerIndex()));
            }
            assertEquals(before.size(), tested.size());
            assertEquals(bytesBefore, tested.bytes());
        }
    }

    @Test
    void acceptsWhatIsAsYoungAsItsOwnParse() {
        Mapping mapping = put("a", one);
        mapping.sent(5);
        assertTrue(mapping.accepts(5));
        assertFalse(mapping.accepts(6), "sent before the own one was answered");
        mapping.settle(8);
        assertTrue(mapping.accepts(5));
        assertFalse(mapping.accepts(7));
        assertTrue(mapping.accepts(8));
        assertFalse(mapping.accepts(ServerStatements.UNSURE));
        assertFalse(mapping.accepts(ServerStatements.ABSENT));
    }

    @Test
    void countsWhatIsNotKept() {
        ClientStatements none = new ClientStatements(0);
        ByteBuf name = bytes("a");
        assertNull(none.put(name, 0, 1, one));
        Mapping unkept = none.put(name, 0, 1, catalog.unkept("scope"));
        assertNotNull(unkept);
        assertTrue(none.hasUnkept());
        none.remove(name, 0, 1);
        assertFalse(none.hasUnkept());
        none.undoRemove(unkept);
        assertTrue(none.hasUnkept());
        none.clear();
        assertFalse(none.hasUnkept());
    }

    @Test
    void holdsManyAndForgetsAll() {
        for (int i = 0; i < 1000; i++) {
            put("s" + i, i % 2 == 0 ? one : two);
        }
        for (int i = 0; i < 1000; i++) {
            assertSame(i % 2 == 0 ? one : two, lookup("s" + i));
        }
        List<Mapping> all = new ArrayList<>();
        statements.forEach(all::add);
        assertEquals(1000, all.size());
        statements.clear();
        assertEquals(0, statements.size());
        assertNull(lookup("s1"));
    }

    private Mapping put(String name, SharedStatement statement) {
        ByteBuf bytes = bytes(name);
        Mapping mapping = statements.put(bytes, 0, bytes.writerIndex(), statement);
        assertNotNull(mapping);
        return mapping;
    }

    private @Nullable Mapping remove(String name) {
        ByteBuf bytes = bytes(name);
        return statements.remove(bytes, 0, bytes.writerIndex());
    }

    private @Nullable SharedStatement lookup(String name) {
        ByteBuf bytes = bytes(name);
        return statements.lookup(bytes, 0, bytes.writerIndex());
    }

    private static ByteBuf bytes(String name) {
        return Unpooled.copiedBuffer(name, StandardCharsets.UTF_8);
    }

    private SharedStatement statement(String text) {
        ByteBuf body = StatementCatalogTest.parse(text);
        return catalog.intern("scope", true, body, 0, body.writerIndex());
    }
}

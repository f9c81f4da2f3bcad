package dev.carpool.prepared;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class ServerStatementsTest {
    private final StatementCatalog catalog = new StatementCatalog("0");
    private final ServerStatements statements = new ServerStatements(2);

    @Test
    void evictsTheOneUsedLongestAgo() {
        SharedStatement a = statement("a");
        SharedStatement b = statement("b");
        statements.add(a, 11, 1);
        assertNull(statements.evictionCandidate(2), "there is room");
        statements.add(b, 12, 1);
        assertSame(a, statements.evictionCandidate(2));
        assertEquals(11, statements.touch(a, 2));
        assertSame(b, statements.evictionCandidate(3));
        assertTrue(statements.remove(b));
        assertFalse(statements.remove(b));
        assertEquals(ServerStatements.ABSENT, statements.touch(b, 3));
        assertNull(statements.evictionCandidate(3));
        assertEquals(1, statements.size());
    }

    @Test
    void evictsNothingTheTransactionUses() {
        SharedStatement a = statement("a");
        SharedStatement b = statement("b");
        statements.add(a, 11, 7);
        statements.add(b, 12, 7);
        assertNull(statements.evictionCandidate(7));
        statements.add(statement("c"), 13, 7);
        assertEquals(3, statements.size());
        assertSame(a, statements.evictionCandidate(8));
    }

    @Test
    void forgetsAllAtOnce() {
        SharedStatement a = statement("a");
        statements.add(a, 11, 1);
        statements.clear();
        assertEquals(0, statements.size());
        assertFalse(statements.contains(a));
        assertEquals(ServerStatements.ABSENT, statements.touch(a, 1));
        assertNull(statements.evictionCandidate(2));
        statements.add(a, 11, 1);
        assertTrue(statements.contains(a));
    }

    @Test
    void knowsWhichParseMadeThem() {
        SharedStatement a = statement("a");
        statements.add(a, 11, 1);
        statements.add(a, 12, 1);
        assertEquals(12, statements.parseOf(a));
        statements.restore(a, 11);
        assertEquals(11, statements.parseOf(a));
        statements.distrust(statement("b").serverName());
        assertEquals(11, statements.parseOf(a));
        statements.distrust(a.serverName());
        assertEquals(ServerStatements.UNSURE, statements.parseOf(a));
        assertEquals(1, statements.size());
    }

    @Test
    void behavesLikeALinkedHashMap() {
        Random random = new Random(1);
        SharedStatement[] all = new SharedStatement[60];
        for (int i = 0; i < all.length; i++) {
            all[i] = statement("s" + i);
        }
        ServerStatements tested = new ServerStatements(20);
        Map<SharedStatement, Long> model = new LinkedHashMap<>(64, 0.75f, true);
        for (int step = 0; step < 50_000; step++) {
            SharedStatement statement = all[random.nextInt(all.length)];
            long transaction = step / 5;
            switch (random.nextInt(4)) {
                case 0 -> assertEquals(model.remove(statement) != null, tested.remove(statement));
                case 1 -> {
                    tested.add(statement, step, transaction);
                    model.put(statement, transaction);
                }
                default -> {
                    assertEquals(
                            model.containsKey(statement),
                            tested.touch(statement, transaction) != ServerStatements.ABSENT);
                    if (model.get(statement) != null) {
                        model.put(statement, transaction);
                    }
                }
            }
            SharedStatement oldest = null;
            if (model.size() >= 20) {
                Map.Entry<SharedStatement, Long> entry =
                        model.entrySet().iterator().next();
                oldest = entry.getValue() == transaction ? null : entry.getKey();
            }
            assertSame(oldest, tested.evictionCandidate(transaction));
            assertEquals(model.size(), tested.size());
        }
    }

    private SharedStatement statement(String text) {
        var body = StatementCatalogTest.parse(text);
        return catalog.intern("scope", true, body, 0, body.writerIndex());
    }
}

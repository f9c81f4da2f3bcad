package dev.carpool.prepared;

import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.suspicion.Suspicion;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

final class StatementCatalogTest {
    private final StatementCatalog catalog = new StatementCatalog("1f");

    @Test
    void sharesSameTextAndTypesWithinAScope() {
        SharedStatement first = intern("a", "select $1", 23);
        assertSame(first, intern(new String("a"), "select $1", 23));
        assertNotSame(first, intern("a", "select $1"));
        assertNotSame(first, intern("a", "select $1", 25));
        assertNotSame(first, intern("a", "select $2", 23));
        assertNotSame(first, intern("b", "select $1", 23));
        assertEquals(5, catalog.size());
    }

    @Test
    void readsHeapAndDirectBuffersAlike() {
        for (int length = 0; length < 40; length++) {
            String text = "x".repeat(length);
            ByteBuf heap = parse(text);
            ByteBuf direct = Unpooled.directBuffer().writeByte(1).writeBytes(parse(text));
            SharedStatement statement = catalog.intern("a", true, heap, 0, heap.writerIndex());
            assertSame(statement, catalog.intern("a", true, direct, 1, direct.writerIndex()));
            direct.release();
        }
    }

    @Test
    void makesTheWholeParseMessage() {
        SharedStatement statement = intern("a", "select 1", 23);
        assertEquals("cp1f_1", new String(statement.serverName(), StandardCharsets.US_ASCII));
        ByteBuf expected = Unpooled.buffer().writeByte('P').writeInt(4 + 7 + 9 + 2 + 4);
        expected.writeBytes("cp1f_1\0".getBytes(StandardCharsets.US_ASCII)).writeBytes(parse("select 1", 23));
        assertEquals(ByteBufUtil.hexDump(expected), ByteBufUtil.hexDump(statement.parseMessage()));
        assertEquals("select 1", statement.text());
        assertEquals("cp1f_1", statement.toString());
    }

    @Test
    void knowsWhatTheTextMayDo() {
        assertEquals(Suspicion.NONE, intern("a", "select 1").suspicion());
        assertEquals(Suspicion.SET, intern("a", "set x = 1").suspicion());
    }

    @Test
    void knowsTheSameTextInOtherScopes() {
        SharedStatement a = intern("a", "select 1", 23);
        SharedStatement b = catalog.inScope("b", true, a);
        assertNotSame(a, b);
        assertSame(b, intern("b", "select 1", 23));
        assertSame(a, catalog.inScope("a", true, b));
    }

    @Test
    void tellsItsNamesFromOthers() {
        SharedStatement unkept = catalog.unkept("a");
        assertTrue(unkept.isUnkept());
        assertEquals("", unkept.text());
        assertNotEquals(unkept.toString(), intern("a", "select 1").toString());
        assertEquals(1, catalog.size());
        for (byte[] ours : List.of(unkept.serverName(), catalog.takenName(), catalog.unknownName())) {
            assertTrue(catalog.isOurs(Unpooled.wrappedBuffer(ours), 0, ours.length));
            assertFalse(catalog.isOurs(Unpooled.wrappedBuffer(ours), 0, 3));
            assertFalse(catalog.isOurs(Unpooled.wrappedBuffer(ours), 1, ours.length));
        }
    }

    @Test
    void refusesWhatIsNoParseMessage() {
        assertThrows(ProtocolViolation.class, () -> intern(parse("select 1").writeByte(0)));
        assertThrows(
                ProtocolViolation.class, () -> intern(Unpooled.copiedBuffer("select 1", StandardCharsets.US_ASCII)));
        assertThrows(ProtocolViolation.class, () -> intern(Unpooled.wrappedBuffer(new byte[] {'a', 0, 0})));
        assertThrows(ProtocolViolation.class, () -> intern(Unpooled.wrappedBuffer(new byte[] {'a', 0, 0, 1, 0, 0, 0})));
        assertThrows(ProtocolViolation.class, () -> intern(Unpooled.EMPTY_BUFFER));
        assertEquals(0, catalog.size());
    }

    @Test
    void forgetsWhatNobodyRefersTo() {
        List<SharedStatement> kept = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            SharedStatement statement = intern("a", "select " + i);
            if (i % 100 == 0) {
                kept.add(statement);
            }
        }
        while (catalog.size() > kept.size()) {
            System.gc();
        }
        assertEquals(kept.stream().mapToLong(SharedStatement::size).sum(), catalog.bytes());
        for (SharedStatement statement : kept) {
            assertSame(statement, intern("a", statement.text()));
        }
    }

    @Test
    void threadsAgree() throws Exception {
        int threads = 4;
        int statements = 500;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<SharedStatement[]>> found = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                Random random = new Random(thread);
                Callable<SharedStatement[]> task = () -> {
                    SharedStatement[] mine = new SharedStatement[statements];
                    for (int i = 0; i < statements * 20; i++) {
                        int number = random.nextInt(statements);
                        SharedStatement statement = intern("a", "select " + number);
                        if (mine[number] != null && mine[number] != statement) {
                            throw new AssertionError("another statement for the same text");
                        }
                        mine[number] = statement;
                    }
                    return mine;
                };
                found.add(executor.submit(task));
            }
            SharedStatement[] first = found.get(0).get();
            for (Future<SharedStatement[]> other : found) {
                for (int i = 0; i < statements; i++) {
                    SharedStatement statement = other.get().clone()[i];
                    if (statement != null && first[i] != null) {
                        assertSame(first[i], statement);
                    }
                }
            }
        } finally {
            executor.shutdownNow();
        }
    }

    private SharedStatement intern(ByteBuf body) {
        return catalog.intern("a", true, body, 0, body.writerIndex());
    }

    private SharedStatement intern(Object scope, String text, int... types) {
        ByteBuf body = parse(text, types);
        return catalog.intern(scope, true, body, 0, body.writerIndex());
    }

    /** The body of a Parse message behind the name. */
    static ByteBuf parse(String text, int... types) {
        ByteBuf body = Unpooled.buffer().writeBytes(text.getBytes(StandardCharsets.UTF_8));
        body.writeByte(0).writeShort(types.length);
        for (int type : types) {
            body.writeInt(type);
        }
        return body;
    }
}

package dev.carpool.prepared;

import dev.carpool.protocol.ProtocolViolation;
import dev.carpool.suspicion.SqlLexer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * All {@link SharedStatement}s of the process: the same text with the same parameter types in the same scope is the same
 * object. Keeps none of them alive: memory is bounded by what client sessions and server connections may hold. Safe for
 * use by any thread; finding a statement that is there takes no lock and allocates nothing.
 */
public final class StatementCatalog {
    /*
     * A hash table with chains of weak references. Readers walk a chain without a lock. Writers hold the lock; they
     * put new nodes in front, unlink dead ones and split chains into a larger table. A reader that meets a writer may
     * miss a node, never see a wrong one nor walk for ever: every link leads to a node that was linked earlier. Who
     * misses looks again under the lock.
     */

    private static final class Node extends WeakReference<SharedStatement> {
        final int hash;
        final int size;
        volatile @Nullable Node next;

        Node(SharedStatement statement, ReferenceQueue<SharedStatement> dead) {
            super(statement, dead);
            this.hash = statement.hash();
            this.size = statement.size();
        }
    }

    private static final byte[] NOTHING = {};

    private final Object lock = new Object();
    private final ReferenceQueue<SharedStatement> dead = new ReferenceQueue<>();
    private final String namePrefix;
    private final byte[] takenName;
    private final byte[] unknownName;
    private volatile AtomicReferenceArray<@Nullable Node> table = new AtomicReferenceArray<>(64);

    /** Guarded by {@link #lock}, as are the next two. */
    private int count;

    private long bytes;
    private long lastId;

    /**
     * @param instance tells this process from others that use the same server connections' names, in hexadecimal digits
     */
    public StatementCatalog(String instance) {
        this.namePrefix = "cp" + instance + "_";
        this.takenName = ascii(namePrefix + "taken");
        this.unknownName = ascii(namePrefix + "unknown");
    }

    /**
     * The statement for {@code in[from, to)}, absolute indexes: the body of a Parse message behind the statement's name,
     * that is the text, a zero, the number of types and the types.
     *
     * @param scope what statements are shared within, a database and user perhaps; compared with {@code equals}
     * @param asciiBytes whether a byte of the text below 0x80 is ASCII wherever it stands; the same within a scope
     * @throws ProtocolViolation if that is not the end of a Parse message
     */
    public SharedStatement intern(Object scope, boolean asciiBytes, ByteBuf in, int from, int to) {
        int hash = StatementBytes.hash(in, from, to) * 31 + scope.hashCode();
        SharedStatement found = find(table, hash, scope, in, from, to);
        return found != null ? found : add(scope, asciiBytes, hash, in, from, to);
    }

    /** The statement with the same text and types in another scope. */
    public SharedStatement inScope(Object scope, boolean asciiBytes, SharedStatement statement) {
        byte[] message = statement.parseMessage();
        return intern(scope, asciiBytes, Unpooled.wrappedBuffer(message), statement.bodyOffset(), message.length);
    }

    /** A statement of its own with a name of its own, whose text is too long to be kept. */
    public SharedStatement unkept(Object scope) {
        synchronized (lock) {
            long id = ++lastId;
            return new SharedStatement(id, scope, ascii(namePrefix + Long.toHexString(id)), NOTHING, 0, 0);
        }
    }

    /** The name of a statement that exists on a server connection only to show that a name is taken. */
    public byte[] takenName() {
        return takenName;
    }

    /** A name that no statement on any server connection ever has. */
    public byte[] unknownName() {
        return unknownName;
    }

    /** Whether the name in {@code in[from, to)}, absolute indexes, might be one that this catalog gives to servers. */
    public boolean isOurs(ByteBuf in, int from, int to) {
        if (to - from < namePrefix.length()) {
            return false;
        }
        for (int i = 0; i < namePrefix.length(); i++) {
            if (in.getByte(from + i) != namePrefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** How many statements there are; those nobody refers to may be among them for a while. */
    public int size() {
        synchronized (lock) {
            purge();
            return count;
        }
    }

    /** Memory the statements take, bytes. */
    public long bytes() {
        synchronized (lock) {
            purge();
            return bytes;
        }
    }

    private static @Nullable SharedStatement find(
            AtomicReferenceArray<@Nullable Node> table, int hash, Object scope, ByteBuf in, int from, int to) {
        for (Node node = table.get(slot(table, hash)); node != null; node = node.next) {
            if (node.hash == hash) {
                SharedStatement statement = node.get();
                if (statement != null && statement.is(scope, in, from, to)) {
                    return statement;
                }
            }
        }
        return null;
    }

    private SharedStatement add(Object scope, boolean asciiBytes, int hash, ByteBuf in, int from, int to) {
        int suspicion = suspicionOfText(asciiBytes, in, from, to);
        synchronized (lock) {
            SharedStatement other = find(table, hash, scope, in, from, to);
            if (other != null) {
                return other;
            }
            purge();
            long id = ++lastId;
            byte[] name = ascii(namePrefix + Long.toHexString(id));
            SharedStatement statement =
                    new SharedStatement(id, scope, name, parseMessage(name, in, from, to), hash, suspicion);
            if (count >= table.length()) {
                grow();
            }
            Node node = new Node(statement, dead);
            link(table, node);
            count++;
            bytes += node.size;
            return statement;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static int suspicionOfText(boolean asciiBytes, ByteBuf in, int from, int to) {
        int end = from;
        while (end < to && in.getByte(end) != 0) {
            end++;
        }
        boolean hasTypes = to - end >= 3 && to - end == 3 + Integer.BYTES * in.getUnsignedShort(end + 1);
        if (!hasTypes) {
            throw new ProtocolViolation("invalid Parse message");
        }
        SqlLexer lexer = new SqlLexer();
        lexer.begin(SqlLexer.Backslash.UNKNOWN, asciiBytes);
        lexer.feed(in, from, end);
        return lexer.end();
    }

    private static byte[] parseMessage(byte[] name, ByteBuf in, int from, int to) {
        byte[] message = new byte[1 + Integer.BYTES + name.length + 1 + to - from];
        Unpooled.wrappedBuffer(message)
                .writerIndex(0)
                .writeByte('P')
                .writeInt(message.length - 1)
                .writeBytes(name)
                .writeByte(0)
                .writeBytes(in, from, to - from);
        return message;
    }

    private static int slot(AtomicReferenceArray<@Nullable Node> table, int hash) {
        return hash & (table.length() - 1);
    }

    private static void link(AtomicReferenceArray<@Nullable Node> table, Node node) {
        int slot = slot(table, node.hash);
        node.next = table.get(slot);
        table.set(slot, node);
    }

    private void grow() {
        AtomicReferenceArray<@Nullable Node> old = table;
        AtomicReferenceArray<@Nullable Node> larger = new AtomicReferenceArray<>(old.length() * 2);
        for (int slot = 0; slot < old.length(); slot++) {
            Node node = old.get(slot);
            while (node != null) {
                Node next = node.next;
                link(larger, node);
                node = next;
            }
        }
        table = larger;
    }

    private void purge() {
        for (Reference<?> node = dead.poll(); node != null; node = dead.poll()) {
            unlink((Node) node);
        }
    }

    /** Does nothing if the node has been unlinked before. */
    private void unlink(Node node) {
        int slot = slot(table, node.hash);
        Node previous = null;
        for (Node candidate = table.get(slot); candidate != null; candidate = candidate.next) {
            if (candidate == node) {
                if (previous == null) {
                    table.set(slot, node.next);
                } else {
                    previous.next = node.next;
                }
                count--;
                bytes -= node.size;
                return;
            }
            previous = candidate;
        }
    }
}

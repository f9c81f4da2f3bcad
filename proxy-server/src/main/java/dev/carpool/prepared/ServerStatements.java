package dev.carpool.prepared;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which {@link SharedStatement}s one server connection has, by which Parse, and which of them was used longest ago.
 * Confined to the connection's event loop. Takes memory only for what is there; {@link #touch} allocates nothing.
 */
public final class ServerStatements {
    /*
     * An open-addressing table by statement id, whose entries are also linked by use, most recent first.
     */

    private static final class Entry {
        final SharedStatement statement;
        long parse;
        long shape = ResultShape.UNKNOWN;
        long lastUsed;

        @Nullable
        Entry newer;

        @Nullable
        Entry older;

        Entry(SharedStatement statement) {
            this.statement = statement;
        }
    }

    /** In place of a Parse's number: the connection does not have the statement. */
    public static final long ABSENT = -1;

    /** In place of a Parse's number: it may have the statement or not, or a useless one. */
    public static final long UNSURE = 0;

    private static final @Nullable Entry[] NOTHING = {};
    private static final int FIRST_SLOTS = 16;

    private final int capacity;

    /** A power of two in length, never more than half full; empty until the first statement. */
    private @Nullable Entry[] slots = NOTHING;

    private int size;
    private @Nullable Entry newest;
    private @Nullable Entry oldest;

    /**
     * @param capacity how many statements the connection should have at most (max_prepared_statements), at least one; a
     *     transaction that uses more exceeds it
     */
    public ServerStatements(int capacity) {
        this.capacity = Math.max(capacity, 1);
    }

    public int size() {
        return size;
    }

    public boolean contains(SharedStatement statement) {
        return find(statement) != null;
    }

    /**
     * Notes a use in the transaction of that number. Returns the number of the Parse that has made the statement, {@link
     * #UNSURE} or {@link #ABSENT}.
     */
    public long touch(SharedStatement statement, long transaction) {
        Entry entry = find(statement);
        if (entry == null) {
            return ABSENT;
        }
        entry.lastUsed = transaction;
        if (entry != newest) {
            unlink(entry);
            linkNewest(entry);
        }
        return entry.parse;
    }

    /** Like {@link #touch}, without noting a use. */
    public long parseOf(SharedStatement statement) {
        Entry entry = find(statement);
        return entry == null ? ABSENT : entry.parse;
    }

    /** Notes that the connection has the statement from now on, by the Parse of that number or {@link #UNSURE}. */
    public void add(SharedStatement statement, long parse, long transaction) {
        if (touch(statement, transaction) == ABSENT) {
            if (size * 2 >= slots.length) {
                grow();
            }
            Entry entry = new Entry(statement);
            entry.lastUsed = transaction;
            slots[emptySlot(statement)] = entry;
            linkNewest(entry);
            size++;
        }
        Entry there = find(statement);
        if (there != null) {
            there.parse = parse;
            there.shape = ResultShape.UNKNOWN;
        }
    }

    /** Takes back an {@link #add} of a statement that was there before: it is again that of the earlier Parse. */
    public void restore(SharedStatement statement, long parse) {
        Entry entry = find(statement);
        if (entry != null) {
            entry.parse = parse;
            entry.shape = ResultShape.UNKNOWN;
        }
    }

    /** The {@link ResultShape} of the statement there, as far as it is known. */
    public long shapeOf(SharedStatement statement) {
        Entry entry = find(statement);
        return entry == null ? ResultShape.UNKNOWN : entry.shape;
    }

    /** Notes the {@link ResultShape} of the statement that the Parse of that number has made, if it is still that. */
    public void described(SharedStatement statement, long parse, long shape) {
        Entry entry = find(statement);
        if (entry != null && entry.parse == parse) {
            entry.shape = shape;
        }
    }

    /** Notes that the statement of that name on the server is useless: it is parsed again before its next use. */
    public void distrust(byte[] serverName) {
        for (Entry entry = newest; entry != null; entry = entry.older) {
            if (Arrays.equals(entry.statement.serverName(), serverName)) {
                entry.parse = UNSURE;
                entry.shape = ResultShape.UNKNOWN;
            }
        }
    }

    /** Notes that the connection does not have the statement any more; false if it had not. */
    public boolean remove(SharedStatement statement) {
        Entry entry = find(statement);
        if (entry == null) {
            return false;
        }
        unlink(entry);
        close(slotOf(entry));
        size--;
        return true;
    }

    /**
     * The statement to close before another is added: the one used longest ago, if the connection is full. Null if it is
     * not, or if all its statements were used in the current transaction.
     */
    public @Nullable SharedStatement evictionCandidate(long currentTransaction) {
        Entry entry = oldest;
        if (entry == null || size < capacity || entry.lastUsed == currentTransaction) {
            return null;
        }
        return entry.statement;
    }

    /** All statements there are. */
    public List<SharedStatement> all() {
        List<SharedStatement> all = new ArrayList<>(size);
        for (Entry entry = oldest; entry != null; entry = entry.newer) {
            all.add(entry.statement);
        }
        return all;
    }

    /** Notes that all statements are gone: DISCARD ALL, DEALLOCATE ALL. */
    public void clear() {
        slots = NOTHING;
        size = 0;
        newest = null;
        oldest = null;
    }

    private @Nullable Entry find(SharedStatement statement) {
        if (size == 0) {
            return null;
        }
        int slot = firstSlot(statement);
        Entry entry;
        while ((entry = slots[slot]) != null && entry.statement != statement) {
            slot = next(slot);
        }
        return entry;
    }

    private int firstSlot(SharedStatement statement) {
        return (int) ((statement.id() * 0x9E3779B97F4A7C15L) >>> 32) & (slots.length - 1);
    }

    private int next(int slot) {
        return (slot + 1) & (slots.length - 1);
    }

    private int slotOf(Entry entry) {
        int slot = firstSlot(entry.statement);
        while (slots[slot] != entry) {
            slot = next(slot);
        }
        return slot;
    }

    private int emptySlot(SharedStatement statement) {
        int slot = firstSlot(statement);
        while (slots[slot] != null) {
            slot = next(slot);
        }
        return slot;
    }

    /** Empties a slot and moves those behind it up that would not be found any more. */
    private void close(int slot) {
        int gap = slot;
        slots[gap] = null;
        Entry entry;
        for (int i = next(gap); (entry = slots[i]) != null; i = next(i)) {
            int wantedDistance = (i - firstSlot(entry.statement)) & (slots.length - 1);
            int gapDistance = (i - gap) & (slots.length - 1);
            if (wantedDistance >= gapDistance) {
                slots[gap] = entry;
                slots[i] = null;
                gap = i;
            }
        }
    }

    private void grow() {
        slots = new @Nullable Entry[Math.max(FIRST_SLOTS, slots.length * 2)];
        for (Entry entry = oldest; entry != null; entry = entry.newer) {
            slots[emptySlot(entry.statement)] = entry;
        }
    }

    private void linkNewest(Entry entry) {
        Entry second = newest;
        entry.newer = null;
        entry.older = second;
        if (second == null) {
            oldest = entry;
        } else {
            second.newer = entry;
        }
        newest = entry;
    }

    private void unlink(Entry entry) {
        Entry newer = entry.newer;
        Entry older = entry.older;
        if (newer == null) {
            newest = older;
        } else {
            newer.older = older;
        }
        if (older == null) {
            oldest = newer;
        } else {
            older.newer = newer;
        }
    }
}

package dev.carpool.prepared;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The prepared statements of one client session by the client's own names; the empty name is the unnamed statement.
 * Confined to the session's event loop. Finding allocates nothing, and a session without statements costs this object.
 *
 * <p>Changes are made when a request is sent and taken back when the server skips it after an error, in whatever order:
 * {@link #undoPut}, {@link #undoRemove}. A change that can no longer be taken back is {@link Mapping#settle settled}.
 */
public final class ClientStatements {
    /** One name and the statement it stands for. */
    public static final class Mapping {
        private final byte[] name;
        private final int hash;
        private final int size;
        private final SharedStatement statement;
        private @Nullable Mapping nextInSlot;
        private @Nullable StatementName names;

        /** The number of the client's own Parse. */
        private long parse;

        /** Every Parse with at least this number was sent when the client's own had been answered. */
        private long answeredBefore = Long.MAX_VALUE;

        /** The {@link ResultShape} that the client has been told. */
        private long told = ResultShape.UNKNOWN;

        /** What the name stood for before, while that may come back. */
        private @Nullable Mapping previous;

        private boolean undone;

        private Mapping(byte[] name, int hash, SharedStatement statement) {
            this.name = name;
            this.hash = hash;
            this.size = OVERHEAD + name.length + statement.size();
            this.statement = statement;
        }

        /** The client's name for it. Not to be changed. */
        public byte[] name() {
            return name;
        }

        public SharedStatement statement() {
            return statement;
        }

        /** Whether that is its name; absolute indexes. */
        public boolean isNamed(ByteBuf in, int from, int to) {
            return StatementBytes.same(name, 0, in, from, to);
        }

        /** Its names on a server connection where the client's own Parse has made the given statement. */
        public StatementName names(SharedStatement used) {
            return names(used, parse);
        }

        /** Its names on a server connection where it is the given statement, made by the Parse of that number. */
        public StatementName names(SharedStatement used, long number) {
            StatementName known = names;
            boolean substitute = number != parse;
            if (known == null || known.server() != used.serverName() || known.isSubstitute() != substitute) {
                known = new StatementName(name, used.serverName(), substitute);
                names = known;
            }
            return known;
        }

        /** The client's Parse is sent, with this number of {@link PrepareNumbers}. */
        public void sent(long number) {
            parse = number;
        }

        /** The number of the client's Parse. */
        public long number() {
            return parse;
        }

        /**
         * The server has accepted the client's Parse: what its name stood for before is forgotten.
         *
         * @param next the number that the next Parse of the process has at least
         */
        public void settle(long next) {
            previous = null;
            answeredBefore = next;
        }

        /**
         * Whether a statement that a Parse of that number has made on a server is at least as young as the client's own:
         * then the tables are to it what the client has met, or newer.
         */
        public boolean accepts(long number) {
            return number == parse || number >= answeredBefore;
        }

        /** The {@link ResultShape} that the client has been told last, and goes by perhaps. */
        public long told() {
            return told;
        }

        /** The client is told a {@link ResultShape}. */
        public void tell(long shape) {
            told = shape;
        }

        /** What it replaced and what was not taken back itself. */
        private @Nullable Mapping standingPrevious() {
            Mapping mapping = previous;
            while (mapping != null && mapping.undone) {
                mapping = mapping.previous;
            }
            return mapping;
        }
    }

    /** What a mapping costs beside its name and statement, about. */
    private static final int OVERHEAD = 80;

    private static final @Nullable Mapping[] NOTHING = {};
    private static final int FIRST_SLOTS = 8;

    private final long maxBytes;

    /** Chains of mappings, a power of two in number; empty until the first statement. */
    private @Nullable Mapping[] slots = NOTHING;

    private int size;
    private long bytes;

    /** How many of them have a text that is not kept. */
    private int unkept;

    /**
     * @param maxBytes how much memory the session's statements may take (max_client_prepared_bytes), shared ones counted
     *     in full
     */
    public ClientStatements(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    public int size() {
        return size;
    }

    /** How much memory the session's statements may take, bytes. */
    public long maxBytes() {
        return maxBytes;
    }

    /** Memory the statements take, shared ones counted in full; bytes. */
    public long bytes() {
        return bytes;
    }

    /** Whether a statement is among them that only one server connection has. */
    public boolean hasUnkept() {
        return unkept > 0;
    }

    /** What the name in {@code in[from, to)} stands for, absolute indexes, or null. */
    public @Nullable Mapping find(ByteBuf in, int from, int to) {
        if (size == 0) {
            return null;
        }
        int hash = StatementBytes.hash(in, from, to);
        Mapping mapping = slots[slot(hash)];
        while (mapping != null && !(mapping.hash == hash && StatementBytes.same(mapping.name, 0, in, from, to))) {
            mapping = mapping.nextInSlot;
        }
        return mapping;
    }

    /** Like {@link #find}, the statement alone. */
    public @Nullable SharedStatement lookup(ByteBuf in, int from, int to) {
        Mapping mapping = find(in, from, to);
        return mapping == null ? null : mapping.statement;
    }

    /**
     * Lets the name in {@code in[from, to)} stand for a statement. Returns null, and changes nothing, if the session's
     * statements would take more memory than they may; those that are not kept always find room.
     */
    public @Nullable Mapping put(ByteBuf in, int from, int to, SharedStatement statement) {
        Mapping previous = find(in, from, to);
        byte[] name;
        if (previous == null) {
            name = new byte[to - from];
            in.getBytes(from, name);
        } else {
            name = previous.name;
        }
        Mapping mapping = new Mapping(name, StatementBytes.hash(name, 0, name.length), statement);
        long freed = previous == null ? 0 : previous.size;
        if (bytes - freed + mapping.size > maxBytes && !statement.isUnkept()) {
            return null;
        }
        mapping.previous = previous;
        replace(previous, mapping);
        return mapping;
    }

    /** Lets the name in {@code in[from, to)} stand for nothing; returns what it stood for, or null. */
    public @Nullable Mapping remove(ByteBuf in, int from, int to) {
        Mapping mapping = find(in, from, to);
        if (mapping != null) {
            replace(mapping, null);
        }
        return mapping;
    }

    /** Takes back a {@link #put} that the server skipped: the name stands for what it stood for before. */
    public void undoPut(Mapping put) {
        put.undone = true;
        Mapping current = current(put);
        if (current == put) {
            replace(put, put.standingPrevious());
        }
    }

    /** Takes back a {@link #remove} that the server skipped. */
    public void undoRemove(Mapping removed) {
        Mapping standing = removed.undone ? removed.standingPrevious() : removed;
        if (standing == null) {
            return;
        }
        Mapping oldest = current(removed);
        if (oldest == null) {
            replace(null, standing);
            return;
        }
        // A later change of the same name has not been taken back yet; it will bring this one up.
        while (oldest.previous != null) {
            oldest = oldest.previous;
        }
        if (oldest != standing) {
            oldest.previous = standing;
        }
    }

    /** Forgets all statements: DISCARD ALL, DEALLOCATE ALL, the end of the session. */
    public void clear() {
        slots = NOTHING;
        size = 0;
        bytes = 0;
        unkept = 0;
    }

    /** For SHOW and for closing; in no particular order. */
    public void forEach(Consumer<Mapping> action) {
        for (Mapping first : slots) {
            for (Mapping mapping = first; mapping != null; mapping = mapping.nextInSlot) {
                action.accept(mapping);
            }
        }
    }

    private int slot(int hash) {
        return hash & (slots.length - 1);
    }

    private @Nullable Mapping current(Mapping sameName) {
        if (size == 0) {
            return null;
        }
        Mapping mapping = slots[slot(sameName.hash)];
        while (mapping != null && !(mapping.hash == sameName.hash && Arrays.equals(mapping.name, sameName.name))) {
            mapping = mapping.nextInSlot;
        }
        return mapping;
    }

    /** Unlinks one and links the other, if there are. */
    private void replace(@Nullable Mapping old, @Nullable Mapping mapping) {
        if (old != null) {
            unlink(old);
            size--;
            bytes -= old.size;
            unkept -= old.statement.isUnkept() ? 1 : 0;
        }
        if (mapping != null) {
            if (size >= slots.length) {
                grow();
            }
            link(mapping);
            size++;
            bytes += mapping.size;
            unkept += mapping.statement.isUnkept() ? 1 : 0;
        }
    }

    private void link(Mapping mapping) {
        int slot = slot(mapping.hash);
        mapping.nextInSlot = slots[slot];
        slots[slot] = mapping;
    }

    private void unlink(Mapping mapping) {
        int slot = slot(mapping.hash);
        Mapping before = null;
        Mapping candidate = slots[slot];
        while (candidate != null && candidate != mapping) {
            before = candidate;
            candidate = candidate.nextInSlot;
        }
        if (before == null) {
            slots[slot] = mapping.nextInSlot;
        } else {
            before.nextInSlot = mapping.nextInSlot;
        }
        mapping.nextInSlot = null;
    }

    private void grow() {
        @Nullable Mapping[] old = slots;
        slots = new @Nullable Mapping[Math.max(FIRST_SLOTS, old.length * 2)];
        for (Mapping first : old) {
            Mapping mapping = first;
            while (mapping != null) {
                Mapping next = mapping.nextInSlot;
                link(mapping);
                mapping = next;
            }
        }
    }
}

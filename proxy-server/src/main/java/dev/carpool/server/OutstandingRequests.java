package dev.carpool.server;

import dev.carpool.prepared.StatementName;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

import static dev.carpool.protocol.BackendMessageType.*;

/**
 * The requests a server connection has not yet answered in full, oldest first. Each backend message must belong to the
 * oldest entry; that is the proof that replies cannot shift between clients (PostgreSQL manual, "Message Flow").
 *
 * <p>An entry is a kind, perhaps with {@link #SWALLOW} (the proxy asked, the client sees nothing) or {@link
 * #REPLACE_ERROR}. The kind {@link #FAKE_CLOSE} was never sent: the proxy answers it itself when everything before it is
 * answered. Entries that change what the proxy believes about prepared statements carry an {@link Effect}, undone when the
 * server skips them after an error; until they are answered, what they change can be relied on in their own batch alone,
 * because the rest of that is skipped too. Entries that use a statement under another name than the client's carry a
 * {@link StatementName}.
 *
 * <p>Confined to the server connection's event loop.
 */
public final class OutstandingRequests {
    public static final int QUERY = 1;
    public static final int PARSE = 2;
    public static final int BIND = 3;
    public static final int DESCRIBE_STATEMENT = 4;
    public static final int DESCRIBE_PORTAL = 5;
    public static final int EXECUTE = 6;
    public static final int CLOSE = 7;
    public static final int SYNC = 8;
    public static final int FUNCTION_CALL = 9;
    public static final int COPY_END = 10;
    public static final int FAKE_CLOSE = 11;

    /** The proxy's own request: its replies do not reach the client, except errors of extended requests. */
    public static final int SWALLOW = 0x10;

    /** An ErrorResponse to this entry is replaced by the entry's {@link Replacement}. */
    public static final int REPLACE_ERROR = 0x20;

    /** With {@link #SWALLOW}: the proxy reads the rows of the answer; nothing of it reaches the client, errors neither. */
    public static final int READ = 0x40;

    /** With {@link #SWALLOW}: the client is told of settings that change (ParameterStatus). */
    public static final int TELL = 0x80;

    private static final int KIND = 0x0f;

    /** What the proxy believed when it queued an entry, and how to take it back. */
    @FunctionalInterface
    public interface Effect {
        void undo();

        /** The server has not looked at the request, for an error in front of it. */
        default void skipped() {
            undo();
        }

        /** The entry has been answered as it should. */
        default void done() {}

        /** The statement that the entry is about, if the client has another name for it. */
        default @Nullable StatementName names() {
            return null;
        }
    }

    /** A made-up ErrorResponse, whole message. */
    public static final class Replacement {
        final byte[] message;

        public Replacement(byte[] message) {
            this.message = message;
        }
    }

    /**
     * Marks a request of the proxy's own that may fail without anybody being told: a simple query, or an extended request
     * with a Sync of its own behind it.
     */
    public static final class Attempt {
        final Runnable failed;
        final Consumer<byte[]> why;
        final boolean isForClient;

        /** @param failed called when it has failed */
        public Attempt(Runnable failed) {
            this(failed, error -> {});
        }

        /**
         * @param failed called when it has failed
         * @param why gets the whole ErrorResponse before
         */
        public Attempt(Runnable failed, Consumer<byte[]> why) {
            this(failed, why, false);
        }

        private Attempt(Runnable failed, Consumer<byte[]> why, boolean isForClient) {
            this.failed = failed;
            this.why = why;
            this.isForClient = isForClient;
        }

        /** What the client's next request would do: settings change as by a request of the client. */
        public static Attempt forClient() {
            return new Attempt(() -> {}, error -> {}, true);
        }
    }

    /** Goes with a Describe, and learns what has been described. */
    public static final class Description {
        private final @Nullable StatementName names;
        private final LongConsumer shape;

        /**
         * @param names of the statement, if the client has another name for it; null for a portal
         * @param shape gets a {@link dev.carpool.prepared.ResultShape}
         */
        public Description(@Nullable StatementName names, LongConsumer shape) {
            this.names = names;
            this.shape = shape;
        }

        void described(long found) {
            shape.accept(found);
        }
    }

    private byte[] entries = new byte[16];

    /** What belongs to an entry, as {@link Effect}, {@link Replacement}, {@link Description} and the like, if it has something. */
    private @Nullable Object @Nullable [] notes;

    private int head;
    private int size;

    /** After an error of an extended request the server discards everything up to the next Sync. */
    private boolean skipping;

    /** The server reads COPY data and ignores Sync and Flush. */
    private boolean copyIn;

    /** Extended requests have been sent since the last request that ends a batch. */
    private boolean unsynced;

    /** The client's own have. */
    private boolean begun;

    /** Extended requests have been sent since the last Sync. */
    private boolean extended;

    /** Entries with an {@link Effect} in front of the last Sync. */
    private int earlierChanges;

    /** Entries with an {@link Effect} behind it. */
    private int changes;

    public boolean isEmpty() {
        return head() == 0;
    }

    public int size() {
        return size;
    }

    public boolean isCopyIn() {
        return copyIn;
    }

    /** Whether the server discards everything up to the next Sync. */
    public boolean isSkipping() {
        return skipping;
    }

    /**
     * Whether the server waits for a Sync: behind extended requests, answered or not, or to end its skipping. What they
     * have done is neither committed nor rolled back before.
     */
    public boolean isUnsynced() {
        return unsynced || skipping;
    }

    /**
     * Whether anything that the client has asked for has been sent and is not answered in full, or belongs to a batch whose
     * Sync has not been sent. What is made up for it ({@link #owedMadeUp}) does not count.
     */
    public boolean hasClients() {
        if (begun || skipping || copyIn) {
            return true;
        }
        for (int i = 0; i < size; i++) {
            int entry = entries[(head + i) & (entries.length - 1)];
            if ((entry & SWALLOW) == 0 && (entry & KIND) < COPY_END) {
                return true;
            }
        }
        return false;
    }

    /** How many answers the client still waits for to what was never sent ({@link #FAKE_CLOSE}). */
    public int owedMadeUp() {
        int owed = 0;
        for (int i = 0; i < size; i++) {
            owed += kind(entries[(head + i) & (entries.length - 1)]) == FAKE_CLOSE ? 1 : 0;
        }
        return owed;
    }

    /** Whether the server may ignore a request that is sent next: for an error in front of it, or in place of COPY data. */
    public boolean mayIgnoreNext() {
        return skipping || copyIn || (extended && size > 0);
    }

    private static boolean isExtended(int kind) {
        return kind >= PARSE && kind <= CLOSE;
    }

    private static boolean endsBatch(int kind) {
        return kind == QUERY || kind == SYNC || kind == FUNCTION_CALL;
    }

    /** Queues a request that is sent next. */
    public void push(int entry) {
        add(entry, null);
    }

    /** Queues a request that is sent next, with what must be taken back should the server skip it. */
    public void push(int entry, Effect effect) {
        add(entry, effect);
    }

    /** Queues a request that is sent next, and names a statement for the server that the client names otherwise. */
    public void push(int entry, StatementName names) {
        add(entry, names);
    }

    /** Queues a Describe that is sent next. */
    public void push(int entry, Description description) {
        add(entry, description);
    }

    /** Queues a request that is sent next and must fail, with the error that the client gets. */
    public void push(int entry, Replacement replacement) {
        add(entry | REPLACE_ERROR, replacement);
    }

    /** Queues a request of the proxy's own that is sent next and may fail. */
    public void push(int entry, Attempt attempt) {
        add(entry | SWALLOW, attempt);
    }

    /** Whether the oldest entry may fail. */
    boolean isAttempt() {
        return note() instanceof Attempt;
    }

    /** Whether settings that the oldest entry changes are the client's affair. */
    boolean isForClient() {
        return note() instanceof Attempt attempt && attempt.isForClient;
    }

    /** Gives the oldest entry, which may fail, the error that has come for it. */
    void explain(byte[] error) {
        if (note() instanceof Attempt attempt) {
            attempt.why.accept(error);
        }
    }

    private void add(int entry, @Nullable Object note) {
        int kind = entry & KIND;
        if (skipping) {
            if (kind != SYNC) {
                skip(note);
                return;
            }
            skipping = false;
        } else if (copyIn) {
            if (kind == SYNC) {
                return;
            }
            copyIn = false;
            if (kind != COPY_END) {
                skip(note);
            }
            // Anything but data, its end, Sync and Flush makes the server give up the COPY and eat the message.
            return;
        } else if (kind == COPY_END && size == 0) {
            return;
        }
        unsynced = isExtended(kind) || (unsynced && !endsBatch(kind));
        begun = (isExtended(kind) && (entry & SWALLOW) == 0) || (begun && !endsBatch(kind));
        extended = isExtended(kind) || (extended && kind != SYNC);
        if (size == entries.length) {
            grow();
        }
        int at = (head + size) & (entries.length - 1);
        entries[at] = (byte) entry;
        if (note != null) {
            if (notes == null) {
                notes = new Object[entries.length];
            }
            notes[at] = note;
            changes += note instanceof Effect ? 1 : 0;
        }
        size++;
        if (kind == SYNC) {
            earlierChanges += changes;
            changes = 0;
        }
    }

    private static void skip(@Nullable Object note) {
        if (note instanceof Effect effect) {
            effect.skipped();
        }
    }

    /** Whether an effect of an earlier batch is neither certain nor taken back yet. */
    public boolean hasEarlierChanges() {
        return earlierChanges > 0;
    }

    /** Whether an effect of an earlier batch that is neither certain nor taken back yet is such a one. */
    public boolean hasEarlierChange(Predicate<Effect> such) {
        int left = earlierChanges;
        for (int i = 0; notes != null && left > 0; i++) {
            if (notes[(head + i) & (entries.length - 1)] instanceof Effect effect) {
                if (such.test(effect)) {
                    return true;
                }
                left--;
            }
        }
        return false;
    }

    private void grow() {
        int capacity = entries.length;
        byte[] larger = new byte[capacity * 2];
        for (int i = 0; i < size; i++) {
            larger[i] = entries[(head + i) & (capacity - 1)];
        }
        if (notes != null) {
            @Nullable Object[] moved = new Object[capacity * 2];
            for (int i = 0; i < size; i++) {
                moved[i] = notes[(head + i) & (capacity - 1)];
            }
            notes = moved;
        }
        entries = larger;
        head = 0;
    }

    /** The oldest entry with its flags, or 0. Entries that get no reply outside COPY are dropped on the way. */
    int head() {
        while (size > 0 && (entries[head] & KIND) == COPY_END) {
            pop();
        }
        return size == 0 ? 0 : entries[head] & 0xff;
    }

    public int headKind() {
        return head() & KIND;
    }

    static int kind(int entry) {
        return entry & KIND;
    }

    /** What the oldest entry would be replaced by on error, or null. */
    @Nullable
    Replacement replacement() {
        return note() instanceof Replacement made ? made : null;
    }

    /** The statement that the oldest entry is about, if the client has another name for it. */
    @Nullable
    StatementName names() {
        Object note = note();
        if (note instanceof Effect effect) {
            return effect.names();
        }
        if (note instanceof Description description) {
            return description.names;
        }
        return note instanceof StatementName names ? names : null;
    }

    /** Who learns what the oldest entry describes; null for nobody. */
    @Nullable
    Description description() {
        return note() instanceof Description description ? description : null;
    }

    private @Nullable Object note() {
        return size > 0 && notes != null ? notes[head] : null;
    }

    /** Removes the oldest entry. */
    private void pop() {
        if (notes != null) {
            if (notes[head] instanceof Effect) {
                if (earlierChanges > 0) {
                    earlierChanges--;
                } else {
                    changes--;
                }
            }
            notes[head] = null;
        }
        head = (head + 1) & (entries.length - 1);
        size--;
    }

    /** Removes the oldest entry: it has been answered as it should. */
    void answered() {
        Object note = note();
        pop();
        if (note instanceof Effect effect) {
            effect.done();
        }
    }

    /** A ParameterDescription has come: what is still owed is as for a portal. */
    void describedParameters() {
        entries[head] = (byte) ((entries[head] & ~KIND) | DESCRIBE_PORTAL);
    }

    /**
     * A CopyInResponse to the oldest entry has come: every Sync sent before the end of the data is ignored by the
     * server, and any other request makes it give up the COPY and eat that request (PostgreSQL manual, "COPY
     * Operations").
     */
    void enterCopyIn() {
        copyIn = true;
        unsynced = headKind() == EXECUTE;
        int sent = size;
        int kept = 1;
        for (int i = 1; i < sent; i++) {
            int from = (head + i) & (entries.length - 1);
            int kind = entries[from] & KIND;
            Object note = notes == null ? null : notes[from];
            if (copyIn && kind == SYNC) {
                continue;
            }
            if (copyIn && kind < FAKE_CLOSE) {
                copyIn = false;
                skip(note);
                continue;
            }
            unsynced = isExtended(kind) || (unsynced && !endsBatch(kind));
            int to = (head + kept) & (entries.length - 1);
            entries[to] = entries[from];
            if (notes != null) {
                notes[to] = note;
            }
            kept++;
        }
        for (int i = kept; notes != null && i < sent; i++) {
            notes[(head + i) & (entries.length - 1)] = null;
        }
        size = kept;
        begun = unsynced;
        countChanges();
    }

    private void countChanges() {
        earlierChanges = 0;
        changes = 0;
        for (int i = 0; notes != null && i < size; i++) {
            int at = (head + i) & (entries.length - 1);
            changes += notes[at] instanceof Effect ? 1 : 0;
            if ((entries[at] & KIND) == SYNC) {
                earlierChanges += changes;
                changes = 0;
            }
        }
    }

    /**
     * The server has reported an error for the oldest entry: everything up to the next Sync will not be answered, and
     * what it would have changed is taken back, newest first. A simple query or function call stays until its
     * ReadyForQuery. Of an {@link Attempt} nobody else learns.
     */
    void failed() {
        copyIn = false;
        if (notes != null && note() instanceof Attempt attempt) {
            notes[head] = null;
            attempt.failed.run();
        }
        int kind = headKind();
        if (kind == QUERY || kind == FUNCTION_CALL || kind == SYNC || kind == 0) {
            return;
        }
        Object failed = note();
        pop();
        ArrayDeque<Effect> skipped = new ArrayDeque<>();
        while (size > 0 && (entries[head] & KIND) != SYNC) {
            if (note() instanceof Effect effect) {
                skipped.push(effect);
            }
            pop();
        }
        skipping = size == 0;
        skipped.forEach(Effect::skipped);
        if (failed instanceof Effect effect) {
            effect.undo();
        }
    }

    /** Whether the server is to do something for the proxy alone before it goes on with what the client has asked for. */
    public boolean areOursFirst() {
        for (int i = 0; i < size; i++) {
            int entry = entries[(head + i) & (entries.length - 1)];
            if ((entry & SWALLOW) == 0) {
                return false;
            }
            if (endsBatch(entry & KIND)) {
                return true;
            }
        }
        return false;
    }

    /** How many ReadyForQuery messages the client still waits for. */
    public int owedReadyForQuery() {
        int owed = 0;
        for (int i = 0; i < size; i++) {
            int entry = entries[(head + i) & (entries.length - 1)];
            int kind = entry & KIND;
            if ((entry & SWALLOW) == 0 && (kind == QUERY || kind == SYNC || kind == FUNCTION_CALL)) {
                owed++;
            }
        }
        return owed;
    }

    /** The message belongs to the oldest entry and goes to the client. */
    static final int FORWARD = 0;

    /** The message belongs to the oldest entry, and the proxy keeps it. */
    static final int KEEP = 1;

    /** The message belongs to no request. */
    static final int MISMATCH = 2;

    /**
     * Matches one backend message, ErrorResponse and the asynchronous ones excepted, against the oldest entry and
     * removes the entry when this message ends it.
     */
    int match(byte type) {
        int entry = head();
        int kind = entry & KIND;
        boolean belongs;
        boolean ends;
        switch (type) {
            case PARSE_COMPLETE -> {
                belongs = kind == PARSE;
                ends = true;
            }
            case BIND_COMPLETE -> {
                belongs = kind == BIND;
                ends = true;
            }
            case CLOSE_COMPLETE -> {
                belongs = kind == CLOSE;
                ends = true;
            }
            case PARAMETER_DESCRIPTION -> {
                belongs = kind == DESCRIBE_STATEMENT;
                ends = false;
                if (belongs) {
                    describedParameters();
                }
            }
            case ROW_DESCRIPTION -> {
                belongs = kind == QUERY || kind == DESCRIBE_PORTAL;
                ends = kind == DESCRIBE_PORTAL;
            }
            case NO_DATA -> {
                belongs = kind == DESCRIBE_PORTAL;
                ends = true;
            }
            case DATA_ROW -> {
                belongs = kind == EXECUTE || kind == QUERY;
                ends = false;
            }
            case COMMAND_COMPLETE, EMPTY_QUERY_RESPONSE -> {
                belongs = kind == EXECUTE || kind == QUERY;
                ends = kind == EXECUTE;
                copyIn = false;
            }
            case PORTAL_SUSPENDED -> {
                belongs = kind == EXECUTE;
                ends = true;
            }
            case COPY_IN_RESPONSE -> {
                belongs = kind == EXECUTE || kind == QUERY;
                ends = false;
                if (belongs) {
                    enterCopyIn();
                }
            }
            case COPY_OUT_RESPONSE, COPY_DATA, COPY_DONE -> {
                belongs = kind == EXECUTE || kind == QUERY;
                ends = false;
            }
            case FUNCTION_CALL_RESPONSE -> {
                belongs = kind == FUNCTION_CALL;
                ends = false;
            }
            case READY_FOR_QUERY -> {
                belongs = kind == QUERY || kind == SYNC || kind == FUNCTION_CALL;
                ends = true;
                copyIn = false;
            }
            default -> {
                belongs = false;
                ends = false;
            }
        }
        if (!belongs) {
            return MISMATCH;
        }
        if (ends) {
            answered();
        }
        return (entry & SWALLOW) == 0 ? FORWARD : KEEP;
    }

    /** The connection is lost: what the requests would have changed that it owes is taken back, newest first. */
    public void lost() {
        for (int i = size - 1; notes != null && i >= 0; i--) {
            if (notes[(head + i) & (entries.length - 1)] instanceof Effect effect) {
                effect.undo();
            }
        }
        clear();
    }

    /** Forgets everything: the connection is gone. */
    void clear() {
        head = 0;
        size = 0;
        skipping = false;
        copyIn = false;
        unsynced = false;
        begun = false;
        extended = false;
        notes = null;
        earlierChanges = 0;
        changes = 0;
    }
}

package dev.carpool.params;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/** All {@link ParameterValues} in use, each content once, weakly held. Safe for use by any thread. */
final class InternedValues {
    /*
     * Hash tables with chains of weak references, one lock each. Event loops meet here when their clients set something,
     * hence several.
     */

    private static final class Node extends WeakReference<ParameterValues> {
        final int hash;

        @Nullable
        Node next;

        Node(ParameterValues values, ReferenceQueue<ParameterValues> dead) {
            super(values, dead);
            this.hash = values.contentHash();
        }
    }

    /** A power of two. */
    private static final int STRIPES = 16;

    private static final InternedValues[] TABLES = new InternedValues[STRIPES];

    static {
        for (int i = 0; i < STRIPES; i++) {
            TABLES[i] = new InternedValues();
        }
    }

    private final ReferenceQueue<ParameterValues> dead = new ReferenceQueue<>();
    private @Nullable Node[] slots = new @Nullable Node[16];
    private int count;

    private InternedValues() {}

    /** The one object with the same content as {@code values}. */
    static ParameterValues intern(ParameterValues values) {
        InternedValues stripe = TABLES[values.contentHash() >>> 28];
        synchronized (stripe) {
            return stripe.findOrAdd(values);
        }
    }

    /** How many there are; those nobody refers to may be among them for a while. */
    static int count() {
        int count = 0;
        for (InternedValues stripe : TABLES) {
            synchronized (stripe) {
                stripe.purge();
                count += stripe.count;
            }
        }
        return count;
    }

    private ParameterValues findOrAdd(ParameterValues values) {
        purge();
        int hash = values.contentHash();
        for (Node node = slots[slot(hash)]; node != null; node = node.next) {
            ParameterValues known = node.hash == hash ? node.get() : null;
            if (known != null && known.sameAs(values)) {
                return known;
            }
        }
        if (count >= slots.length) {
            grow();
        }
        link(new Node(values, dead));
        count++;
        return values;
    }

    private int slot(int hash) {
        return hash & (slots.length - 1);
    }

    private void link(Node node) {
        int slot = slot(node.hash);
        node.next = slots[slot];
        slots[slot] = node;
    }

    private void grow() {
        @Nullable Node[] old = slots;
        slots = new @Nullable Node[old.length * 2];
        for (Node first : old) {
            Node node = first;
            while (node != null) {
                Node next = node.next;
                link(node);
                node = next;
            }
        }
    }

    private void purge() {
        for (Reference<?> node = dead.poll(); node != null; node = dead.poll()) {
            unlink((Node) node);
        }
    }

    private void unlink(Node node) {
        int slot = slot(node.hash);
        Node before = null;
        for (Node candidate = slots[slot]; candidate != null; candidate = candidate.next) {
            if (candidate == node) {
                if (before == null) {
                    slots[slot] = node.next;
                } else {
                    before.next = node.next;
                }
                count--;
                return;
            }
            before = candidate;
        }
    }
}

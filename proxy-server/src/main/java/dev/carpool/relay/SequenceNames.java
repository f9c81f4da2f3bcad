package dev.carpool.relay;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Finds {@code currval} and {@code lastval} in bytes, whatever they belong to (after Boyer, Moore and Horspool). */
final class SequenceNames {
    private static final byte[] CURRVAL = {'c', 'u', 'r', 'r', 'v', 'a', 'l'};
    private static final byte[] LASTVAL = {'l', 'a', 's', 't', 'v', 'a', 'l'};
    private static final int LENGTH = 7;

    /** How far the end of the name may move when it lies on this byte. */
    private static final byte[] STEP = new byte[256];

    static {
        Arrays.fill(STEP, (byte) LENGTH);
        for (int i = 0; i < LENGTH - 1; i++) {
            for (byte[] name : new byte[][] {CURRVAL, LASTVAL}) {
                byte step = (byte) (LENGTH - 1 - i);
                int upper = name[i] - 'a' + 'A';
                STEP[name[i]] = (byte) Math.min(STEP[name[i]], step);
                STEP[upper] = (byte) Math.min(STEP[upper], step);
            }
        }
    }

    private SequenceNames() {}

    /** Whether one of the names is in the readable bytes, in upper or lower case. */
    static boolean areIn(ByteBuf in) {
        int from = in.readerIndex();
        int to = in.writerIndex();
        int last = from + LENGTH - 1;
        while (last < to) {
            int at = in.getByte(last) & 0xff;
            if ((at | 0x20) == 'l' && (is(CURRVAL, in, last) || is(LASTVAL, in, last))) {
                return true;
            }
            last += STEP[at];
        }
        return false;
    }

    private static boolean is(byte[] name, ByteBuf in, int last) {
        for (int i = LENGTH - 2; i >= 0; i--) {
            if ((in.getByte(last - LENGTH + 1 + i) | 0x20) != name[i]) {
                return false;
            }
        }
        return true;
    }
}

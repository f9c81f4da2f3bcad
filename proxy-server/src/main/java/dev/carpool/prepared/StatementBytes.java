package dev.carpool.prepared;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.ThreadLocalRandom;

/** Hashing and comparing byte ranges of buffers, eight bytes at a time. */
final class StatementBytes {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** Differs between processes, so that nobody can prepare texts that collide. */
    private static final long SEED = ThreadLocalRandom.current().nextLong();

    private static final long FACTOR = 0x9E3779B97F4A7C15L;

    private StatementBytes() {}

    static int hash(ByteBuf in, int from, int to) {
        long hash = SEED + to - from;
        int i = from;
        for (; to - i >= 8; i += 8) {
            hash = mix(hash, in.getLong(i));
        }
        long rest = 0;
        for (; i < to; i++) {
            rest = rest << 8 | (in.getByte(i) & 0xff);
        }
        return finish(mix(hash, rest));
    }

    /** The same as {@link #hash(ByteBuf, int, int)} for the same bytes. */
    static int hash(byte[] in, int from, int to) {
        long hash = SEED + to - from;
        int i = from;
        for (; to - i >= 8; i += 8) {
            hash = mix(hash, (long) LONG.get(in, i));
        }
        long rest = 0;
        for (; i < to; i++) {
            rest = rest << 8 | (in[i] & 0xff);
        }
        return finish(mix(hash, rest));
    }

    private static long mix(long hash, long next) {
        long mixed = (hash ^ next) * FACTOR;
        return mixed ^ (mixed >>> 29);
    }

    private static int finish(long hash) {
        long mixed = hash * FACTOR;
        return (int) (mixed ^ (mixed >>> 32));
    }

    /** Whether {@code bytes[offset, bytes.length)} is what stands in {@code in[from, to)}. */
    static boolean same(byte[] bytes, int offset, ByteBuf in, int from, int to) {
        int length = to - from;
        if (bytes.length - offset != length) {
            return false;
        }
        int i = 0;
        for (; length - i >= 8; i += 8) {
            if ((long) LONG.get(bytes, offset + i) != in.getLong(from + i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (bytes[offset + i] != in.getByte(from + i)) {
                return false;
            }
        }
        return true;
    }
}

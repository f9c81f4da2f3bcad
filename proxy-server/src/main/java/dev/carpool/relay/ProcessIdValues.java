package dev.carpool.relay;

import io.netty.buffer.ByteBuf;

/**
 * The process ids in a parameter of a Bind or FunctionCall message: an int, or an array of them, in either format (PostgreSQL
 * sources, {@code int4recv}, {@code array_recv}).
 */
final class ProcessIdValues {
    private static final int INT4 = 23;

    /** In front of the elements of an array: dimensions, flags, type, and of the one dimension length and bound; bytes. */
    private static final int ARRAY_HEADER = 20;

    private static final int MOST_DIGITS = 10;

    interface Visitor {
        /**
         * An id.
         *
         * @param at where it stands
         * @param digits how many it has, 0 if it is a binary int
         */
        void id(int at, int digits, int processId);
    }

    private ProcessIdValues() {}

    /**
     * @param from where the number of format codes stands
     * @param to the end of what is here
     * @param parameter number of the parameter, from 0
     */
    static void each(ByteBuf in, int from, int to, int parameter, Visitor visitor) {
        int at = BindParameters.value(in, from, to, parameter);
        if (at < 0) {
            return;
        }
        int length = in.getInt(at - 4);
        if (BindParameters.isBinary(in, from, parameter)) {
            binary(in, at, length, visitor);
        } else {
            text(in, at, at + length, visitor);
        }
    }

    private static void binary(ByteBuf in, int at, int length, Visitor visitor) {
        if (length == Integer.BYTES) {
            visitor.id(at, 0, in.getInt(at));
        } else if (length == Long.BYTES && in.getInt(at) == 0) {
            visitor.id(at + 4, 0, in.getInt(at + 4));
        } else if (length > ARRAY_HEADER && in.getInt(at) == 1 && in.getInt(at + 8) == INT4) {
            int end = at + length;
            for (int element = at + ARRAY_HEADER; element + 8 <= end && in.getInt(element) == 4; element += 8) {
                visitor.id(element + 4, 0, in.getInt(element + 4));
            }
        }
    }

    private static void text(ByteBuf in, int from, int to, Visitor visitor) {
        for (int i = from; i < to; i++) {
            byte c = in.getByte(i);
            if (!isDigit(c) && " \",{}".indexOf(c) < 0) {
                return;
            }
        }
        int begin = from;
        for (int i = from; i <= to; i++) {
            if (i < to && isDigit(in.getByte(i))) {
                continue;
            }
            if (i > begin && i - begin <= MOST_DIGITS) {
                long number = 0;
                for (int j = begin; j < i; j++) {
                    number = number * 10 + in.getByte(j) - '0';
                }
                visitor.id(begin, i - begin, (int) Math.min(Integer.MAX_VALUE, number));
            }
            begin = i + 1;
        }
    }

    private static boolean isDigit(byte c) {
        return c >= '0' && c <= '9';
    }
}

package dev.carpool.admin;

import dev.carpool.protocol.ProtocolViolation;
import io.netty.buffer.ByteBuf;

/** The formats a Bind message asks for: none for all text, one for all columns, or one for each. */
record ResultFormats(short[] codes) {
    static final ResultFormats TEXT = new ResultFormats(new short[0]);

    static ResultFormats read(ByteBuf in) {
        int count = in.readUnsignedShort();
        if (in.readableBytes() < 2 * count) {
            throw new ProtocolViolation("invalid Bind message");
        }
        short[] codes = new short[count];
        for (int i = 0; i < count; i++) {
            codes[i] = in.readShort();
            if (codes[i] != 0 && codes[i] != 1) {
                throw new ProtocolViolation("unsupported format code: " + codes[i]);
            }
        }
        return count == 0 ? TEXT : new ResultFormats(codes);
    }

    boolean isBinary(int column) {
        if (codes.length == 0) {
            return false;
        }
        return codes[codes.length == 1 ? 0 : column] == 1;
    }

    /** Whether there are as many as a result with this many columns needs. */
    boolean fits(int columns) {
        return codes.length <= 1 || codes.length == columns || columns == 0;
    }
}

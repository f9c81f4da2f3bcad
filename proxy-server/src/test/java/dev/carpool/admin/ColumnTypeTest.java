package dev.carpool.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

class ColumnTypeTest {
    private static String binary(ColumnType type, long value) {
        ByteBuf out = Unpooled.buffer();
        type.write(out, value, true);
        String hex = ByteBufUtil.hexDump(out);
        out.release();
        return hex;
    }

    @Test
    void writesIntegersInBinary() {
        assertEquals("00000004" + "0000002a", binary(ColumnType.INT4, 42));
        assertEquals("00000008" + "ffffffffffffffff", binary(ColumnType.INT8, -1));
    }

    /** As numeric_send does: count, weight, sign, scale, then groups of four digits. */
    @Test
    void writesNumericInBinary() {
        assertEquals("00000008" + "0000" + "0000" + "0000" + "0000", binary(ColumnType.NUMERIC, 0));
        assertEquals("0000000a" + "0001" + "0000" + "0000" + "0000" + "002a", binary(ColumnType.NUMERIC, 42));
        assertEquals(
                "0000000e" + "0003" + "0002" + "4000" + "0000" + "0001" + "0929" + "1a85",
                binary(ColumnType.NUMERIC, -123_456_789));
        assertEquals(
                "00000012" + "0005" + "0004" + "0000" + "0000" + "039a" + "0d2c" + "0170" + "1565" + "16af",
                binary(ColumnType.NUMERIC, Long.MAX_VALUE));
    }

    @Test
    void readsIntegerParametersInBinary() {
        ByteBuf in = Unpooled.buffer().writeLong(77).writeInt(5);
        assertEquals("77", ColumnType.parameter(in, 8, true));
        assertEquals("5", ColumnType.parameter(in, 4, true));
        in.release();
    }
}

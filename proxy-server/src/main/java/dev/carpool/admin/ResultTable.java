package dev.carpool.admin;

import dev.carpool.protocol.BackendMessageType;
import dev.carpool.protocol.WireWriter;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows a command returns, and how they are written (RowDescription and DataRow in the PostgreSQL manual). */
final class ResultTable {
    private final List<Column> columns;
    private final List<@Nullable Object[]> rows = new ArrayList<>();

    ResultTable(List<Column> columns) {
        this.columns = columns;
    }

    /** Adds a row: text for text columns, any Number for the others, null for NULL. */
    void row(@Nullable Object... values) {
        if (values.length != columns.size()) {
            throw new IllegalArgumentException(values.length + " values for " + columns.size() + " columns");
        }
        @Nullable Object[] row = new @Nullable Object[values.length];
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            row[i] = value instanceof Number number ? clipped(columns.get(i).type(), number.longValue()) : value;
        }
        rows.add(row);
    }

    /** PgBouncer's int columns are narrow; a number that does not fit is shown as the largest that does. */
    private static Long clipped(ColumnType type, long value) {
        return type == ColumnType.INT4 ? Math.min(Integer.MAX_VALUE, Math.max(Integer.MIN_VALUE, value)) : value;
    }

    List<Column> columns() {
        return columns;
    }

    int size() {
        return rows.size();
    }

    @Nullable
    Object value(int row, int column) {
        return rows.get(row)[column];
    }

    static void writeDescription(ByteBuf out, List<Column> columns, ResultFormats formats) {
        int at = WireWriter.begin(out, BackendMessageType.ROW_DESCRIPTION);
        out.writeShort(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            WireWriter.cstring(out, column.name());
            out.writeInt(0);
            out.writeShort(0);
            out.writeInt(column.type().oid);
            out.writeShort(column.type().size);
            out.writeInt(-1);
            out.writeShort(formats.isBinary(i) ? 1 : 0);
        }
        WireWriter.end(out, at);
    }

    void writeRow(ByteBuf out, int row, ResultFormats formats) {
        @Nullable Object[] values = rows.get(row);
        int at = WireWriter.begin(out, BackendMessageType.DATA_ROW);
        out.writeShort(values.length);
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value == null) {
                out.writeInt(-1);
            } else {
                columns.get(i).type().write(out, value, formats.isBinary(i));
            }
        }
        WireWriter.end(out, at);
    }
}

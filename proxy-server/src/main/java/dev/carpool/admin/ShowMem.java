package dev.carpool.admin;

import io.netty.buffer.PooledByteBufAllocator;
import java.util.List;

/** {@code SHOW MEM}: the heap and the buffers, in bytes; PgBouncer's caches do not exist here. */
final class ShowMem extends Show {
    @Override
    public List<Column> columns() {
        return List.of(
                Column.text("name"),
                Column.int4("size"),
                Column.int4("used"),
                Column.int4("free"),
                Column.int4("memtotal"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        Runtime runtime = Runtime.getRuntime();
        long free = runtime.freeMemory();
        table.row("heap", 1, runtime.totalMemory() - free, free, runtime.totalMemory());
        long pooled = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
        long used = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        table.row("direct_buffers", 1, used, pooled - used, pooled);
    }
}

package dev.carpool.admin;

import java.util.List;

/** A SHOW of something that this proxy has not: columns as in PgBouncer, no rows. */
final class Nothing extends Show {
    static final Nothing PEERS =
            new Nothing(Column.int4("peer_id"), Column.text("host"), Column.int4("port"), Column.int4("pool_size"));

    static final Nothing PEER_POOLS = new Nothing(
            Column.int4("peer_id"),
            Column.int4("cl_active_cancel_req"),
            Column.int4("cl_waiting_cancel_req"),
            Column.int4("sv_active_cancel"),
            Column.int4("sv_login"));

    static final Nothing DNS_HOSTS = new Nothing(Column.text("hostname"), Column.int8("ttl"), Column.text("addrs"));

    static final Nothing DNS_ZONES = new Nothing(Column.text("zonename"), Column.int8("serial"), Column.int4("count"));

    static final Nothing FDS = new Nothing(
            Column.int4("fd"),
            Column.text("task"),
            Column.text("user"),
            Column.text("database"),
            Column.text("addr"),
            Column.int4("port"),
            Column.int8("cancel"),
            Column.int4("link"));

    private final List<Column> columns;

    private Nothing(Column... columns) {
        this.columns = List.of(columns);
    }

    @Override
    public List<Column> columns() {
        return columns;
    }

    @Override
    void fill(CommandRun run, ResultTable table) {}
}

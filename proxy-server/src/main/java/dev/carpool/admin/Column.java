package dev.carpool.admin;

/** One column of a result. */
record Column(String name, ColumnType type) {
    static Column text(String name) {
        return new Column(name, ColumnType.TEXT);
    }

    static Column int4(String name) {
        return new Column(name, ColumnType.INT4);
    }

    static Column int8(String name) {
        return new Column(name, ColumnType.INT8);
    }

    static Column numeric(String name) {
        return new Column(name, ColumnType.NUMERIC);
    }
}

package dev.carpool.server;

import java.util.Collection;

/** LISTEN and UNLISTEN for channels of any name. */
public final class ListenSql {
    private ListenSql() {}

    /** The statements that listen on these channels. */
    public static String listen(Collection<String> channels) {
        StringBuilder sql = new StringBuilder();
        channels.forEach(channel -> append(sql, "LISTEN", channel));
        return sql.toString();
    }

    /** Appends a statement for one channel. */
    public static void append(StringBuilder sql, String command, String channel) {
        sql.append(command).append(" \"").append(channel.replace("\"", "\"\"")).append("\";");
    }
}

package dev.carpool.it;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a client sends at once: the bytes, how many ReadyForQuery they ask for, and words for people. */
final class TwinRequest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final StringBuilder text = new StringBuilder();
    private int readies;

    private TwinRequest add(String words, byte[] message) {
        bytes.writeBytes(message);
        text.append(text.isEmpty() ? "" : " | ").append(words);
        return this;
    }

    TwinRequest query(String sql) {
        readies++;
        return add("Query: " + sql, Wire.query(sql));
    }

    TwinRequest parse(String name, String sql) {
        return add("Parse " + quoted(name) + ": " + sql, Wire.parse(name, sql));
    }

    TwinRequest bind(String portal, String statement, @Nullable String... parameters) {
        return add(
                "Bind " + quoted(portal) + " of " + quoted(statement) + " (" + constants(parameters) + ")",
                Wire.bind(portal, statement, parameters));
    }

    TwinRequest describe(char what, String name) {
        return add("Describe " + what + " " + quoted(name), Wire.describe(what, name));
    }

    TwinRequest execute(String portal, int rows) {
        return add("Execute " + quoted(portal) + (rows == 0 ? "" : " max " + rows), Wire.execute(portal, rows));
    }

    TwinRequest close(char what, String name) {
        return add("Close " + what + " " + quoted(name), Wire.close(what, name));
    }

    TwinRequest sync() {
        readies++;
        return add("Sync", Wire.sync());
    }

    TwinRequest copyData(String rows) {
        return add("CopyData: " + rows.replace("\n", "\\n"), Wire.copyData(rows));
    }

    TwinRequest copyDone() {
        return add("CopyDone", Wire.copyDone());
    }

    TwinRequest copyFail(String why) {
        return add("CopyFail: " + why, Wire.copyFail(why));
    }

    private static String quoted(String name) {
        return name.isEmpty() ? "''" : name;
    }

    private static String constants(@Nullable String... parameters) {
        return Arrays.stream(parameters)
                .map(value -> value == null ? "null" : "'" + value.replace("'", "''") + "'")
                .collect(Collectors.joining(", "));
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    int readies() {
        return readies;
    }

    String text() {
        return text.toString();
    }
}

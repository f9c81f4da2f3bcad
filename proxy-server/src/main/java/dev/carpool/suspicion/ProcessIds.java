package dev.carpool.suspicion;

import java.util.List;

/**
 * Where a text names server processes by their ids: as arguments of the functions that take one, and where {@code pid} of
 * PostgreSQL's views is compared with one. What it computes is not found, and what stands in a text that is kept (PREPARE,
 * CREATE, ALTER) is not looked for: it runs when the id may be another process's.
 *
 * @param constants ids that stand in the text
 * @param parameters bind parameters that are ids, or arrays of them
 */
public record ProcessIds(List<Constant> constants, List<Parameter> parameters) {
    public static final ProcessIds NONE = new ProcessIds(List.of(), List.of());

    /**
     * An id whose digits are {@code [from, to)} of the text.
     *
     * @param signalled whether the process is signalled, not only looked at
     */
    public record Constant(int from, int to, int processId, boolean signalled) {}

    /**
     * A bind parameter.
     *
     * @param number from 0
     * @param signalled as in {@link Constant}
     */
    public record Parameter(int number, boolean signalled) {}

    /**
     * Reads a text.
     *
     * @param sql every byte a character (ISO 8859-1)
     * @param standardStrings whether a backslash in a plain string is an ordinary character
     */
    public static ProcessIds read(String sql, boolean standardStrings) {
        return new ProcessIdReader(sql, standardStrings).read();
    }
}

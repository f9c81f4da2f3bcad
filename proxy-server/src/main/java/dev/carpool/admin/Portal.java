package dev.carpool.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command with its parameters and result formats, and how far its rows have been fetched. */
final class Portal {
    /**
     * A command made ready.
     *
     * @param statement null for an empty text
     */
    record Prepared(@Nullable ConsoleStatement statement, int[] parameterTypes) {}

    final @Nullable ConsoleStatement statement;
    final List<String> parameters;
    final ResultFormats formats;

    /** Once the command has been executed. */
    @Nullable
    ResultTable table;

    String tag = "";
    boolean executed;
    int next;

    Portal(@Nullable ConsoleStatement statement, List<String> parameters, ResultFormats formats) {
        this.statement = statement;
        this.parameters = parameters;
        this.formats = formats;
    }
}
